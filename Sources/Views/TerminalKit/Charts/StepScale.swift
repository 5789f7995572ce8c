import Foundations

/// A chart's horizontal axis: which steps lie where, and how they are labelled. Distances on it are steps, or seconds.
package struct StepScale: Sendable {
    package enum Unit: Sendable {
        case step
        /// The steps of an epoch.
        case epoch(Int)
        /// Seconds since the session began, by step.
        case time(Series)
    }

    package let steps: ClosedRange<Int>
    package let unit: Unit

    package init(_ steps: ClosedRange<Int>, unit: Unit = .step) {
        self.steps = steps.lowerBound < steps.upperBound ? steps : steps.lowerBound...steps.lowerBound + 1
        if case .time(let times) = unit, (times.value(at: self.steps.upperBound) ?? 0) <= (times.value(at: self.steps.lowerBound) ?? 0) {
            self.unit = .step
        } else {
            self.unit = unit
        }
    }

    private var seconds: ClosedRange<Double>? {
        guard case .time(let times) = unit else { return nil }
        // A step's time is its end; the first one shown has the plot's left edge.
        let first = Double(times.value(at: steps.lowerBound) ?? times.values.first ?? 0)
        return first...max(first + 1e-6, Double(times.value(at: steps.upperBound) ?? 0))
    }

    /// The first step at or right of a place in 0…1.
    package func step(at place: Double) -> Int {
        guard case .time(let times) = unit, let seconds else {
            return steps.lowerBound + Int(Double(steps.upperBound - steps.lowerBound + 1) * place)
        }
        let wanted = seconds.lowerBound + place * (seconds.upperBound - seconds.lowerBound)
        return max(steps.lowerBound, times.firstStep(reaching: Float(wanted)) ?? steps.upperBound + 1)
    }

    /// The place of a step in 0…1.
    package func place(of step: Int) -> Double {
        guard case .time(let times) = unit, let seconds else {
            return Double(step - steps.lowerBound) / Double(steps.upperBound - steps.lowerBound + 1)
        }
        return (Double(times.value(at: step) ?? 0) - seconds.lowerBound) / (seconds.upperBound - seconds.lowerBound)
    }

    /// Without the newest steps, which do not fill a pixel yet: curves of a long run then stay as they are for many steps.
    func inWholePixels(_ width: Int) -> StepScale {
        let span = steps.upperBound - steps.lowerBound
        let step = max(1, span / max(1, width))
        return StepScale(steps.lowerBound...steps.lowerBound + span / step * step, unit: unit)
    }

    /// Says all that it depends on.
    var identity: String {
        switch unit {
        case .step: "\(steps)"
        case .epoch(let length): "\(steps) \(length)"
        case .time(let times): "\(steps) \(times.count) \(seconds ?? 0...0)"
        }
    }

    package var name: String {
        switch unit {
        case .step: "step"
        case .epoch: "epoch"
        case .time: "time"
        }
    }

    /// Round numbers along the axis with their places, about `count` of them.
    package func ticks(count: Int) -> [(place: Double, label: String)] {
        if let seconds {
            let step = Self.timeStep((seconds.upperBound - seconds.lowerBound) / Double(max(2, count)), in: seconds)
            return Self.multiples(of: step, in: seconds).map {
                (($0 - seconds.lowerBound) / (seconds.upperBound - seconds.lowerBound), Text.clock($0))
            }
        }
        let width = Double(steps.upperBound - steps.lowerBound + 1)
        if case .epoch(let length) = unit, length > 0 {
            let scale = Double(length)
            let range = Double(steps.lowerBound) / scale...Double(steps.upperBound) / scale
            let step = Chart.niceStep(width / scale / Double(max(1, count)))
            return Self.multiples(of: step, in: range).map {
                (($0 * scale - Double(steps.lowerBound)) / width, step >= 1 ? Chart.grouped(Int($0)) : Text.significant($0))
            }
        }
        let range = Double(steps.lowerBound)...Double(steps.upperBound)
        var step = max(1, Chart.niceStep(width / Double(max(2, count))))
        while step > 1, Self.multiples(of: step, in: range).count < 2 { step = max(1, Chart.niceStep(step * 0.4)) }
        return Self.multiples(of: step, in: range).map {
            (($0 - Double(steps.lowerBound)) / width, Chart.grouped(Int($0)))
        }
    }

    private static func multiples(of step: Double, in range: ClosedRange<Double>) -> [Double] {
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        return stride(from: first * step, through: range.upperBound, by: step).prefix(200).map { $0 }
    }

    /// Seconds, minutes, hours and days in the parts in which people count them; smaller ones where less than two would lie in the range.
    private static func timeStep(_ rough: Double, in range: ClosedRange<Double>) -> Double {
        let steps: [Double] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
        guard let index = steps.firstIndex(where: { $0 >= rough }) else { return Chart.niceStep(rough / 86_400) * 86_400 }
        return steps[...index].last { multiples(of: $0, in: range).count > 1 } ?? steps[0]
    }
}
