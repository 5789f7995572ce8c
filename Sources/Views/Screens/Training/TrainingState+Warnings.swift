import TerminalKit

/// What goes wrong in a run, as its numbers tell it.
extension TrainingState {
    /// What is wrong with the run as its numbers tell it, in a sentence each.
    package var warnings: [String] {
        var found: [String] = []
        if isCollapsing {
            found.append(
                "the embeddings collapse: their spread is \(Text.fixed(latest?.embedding_sd ?? 0, 4)), and keys are not told apart")
        }
        if let reading = latestProbe, probeFindsNothing {
            found.append(
                "the probe finds nothing of \(reading.column): the last \(Self.watchedProbes) readings are no better than guessing")
        }
        if learnsNothing { found.append("the run learns nothing: after \(total.count) steps loss and accuracy are where they began") }
        return found
    }

    private static let watched = 20
    private static let leastSpread = 0.01
    private static let leastAccuracy = 0.1

    /// The embeddings of the last steps lie together, and nothing is told apart by what is left of their spread. A batch is of one landmark,
    /// so that a small spread alone is no fault.
    package var isCollapsing: Bool {
        guard spread.count >= Self.watched else { return false }
        func mean(_ series: Series) -> Double { series.summary(max(0, series.count - Self.watched)..<series.count)?.mean ?? 1 }
        return mean(spread) < Self.leastSpread && mean(accuracy) < Self.leastAccuracy
    }

    private static let watchedProbes = 4

    private var probeFindsNothing: Bool {
        guard let latestProbe, probe.count > Self.watchedProbes else { return false }
        return probe.values.suffix(Self.watchedProbes).allSatisfy { Double($0) <= latestProbe.baseline }
    }

    /// After an epoch and 200 steps neither the loss has fallen nor the accuracy risen, first tenth against last tenth.
    private var learnsNothing: Bool {
        let count = total.count
        guard count >= max(200, started?.stepsPerEpoch ?? 0), !isOver else { return false }
        let part = count / 10
        guard let before = total.summary(0..<part)?.mean, let now = total.summary(count - part..<count)?.mean,
            let accuracyBefore = accuracy.summary(0..<min(part, accuracy.count))?.mean,
            let accuracyNow = accuracy.summary(max(0, accuracy.count - part)..<accuracy.count)?.mean
        else { return false }
        return now > before - 0.01 * abs(before) && accuracyNow < accuracyBefore + 0.005
    }
}
