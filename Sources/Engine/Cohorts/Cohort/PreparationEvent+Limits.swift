/// Numbers that a preparation's files tell, brought into ranges in which they can be rounded and shown: a file can hold anything.
extension SubjectOutcome {
    package func limited() -> SubjectOutcome {
        var outcome = self
        outcome.quality = quality.limited()
        for stage in StageTimes.all { outcome.times[keyPath: stage] = Limits.measure(times[keyPath: stage]) }
        return outcome
    }
}

extension SubjectQuality {
    func limited() -> SubjectQuality {
        var quality = self
        for number in [\SubjectQuality.rightMillilitres, \.leftMillilitres, \.diceBefore, \.diceAfter, \.determinant] {
            quality[keyPath: number] = Limits.measure(self[keyPath: number])
        }
        quality.patchesBeyond = max(0, min(Limits.mostCounted, patchesBeyond))
        return quality
    }
}

private enum Limits {
    static let mostCounted = 1_000_000_000
    static func measure(_ number: Double) -> Double { number.isFinite ? max(-1e9, min(1e9, number)) : 0 }
}
