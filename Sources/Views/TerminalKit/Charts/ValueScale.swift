import Foundation

/// A chart's vertical axis: which values lie where, and how they are labelled.
package struct ValueScale: Sendable {
    package let range: ClosedRange<Double>
    package let isLogarithmic: Bool
    package let ticks: [Double]
    /// How far below its top a logarithmic axis begins where some value is 0 or less and has no place on any.
    private static let depth = 1e-3

    /// - Parameters:
    ///   - values: what the curves hold; nil where they hold nothing.
    ///   - fixed: the ends of the axis instead of round numbers about the values.
    ///   - rows: of the plot.
    package init(_ values: ClosedRange<Double>?, fixed: ClosedRange<Double>? = nil, rows: Int, logarithmic: Bool = false) {
        var (low, high) = (values?.lowerBound ?? 0, values?.upperBound ?? 1)
        if logarithmic, high > 0 {
            low = low > 0 ? max(low, high * 1e-9) : high * Self.depth
            if low >= high { (low, high) = (high / 2, high * 2) }
            let decades = log10(high / low)
            let steps: [Double] = decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 2, 5]
            let first = Int(floor(log10(low)))
            let all = (first...Int(ceil(log10(high)))).flatMap { power in steps.map { $0 * pow(10, Double(power)) } }
            range = low...high
            func within(_ ticks: [Double]) -> [Double] { ticks.filter { $0 >= low * 0.999_999 && $0 <= high * 1.000_001 } }
            let round = within(all)
            // Within less than an octave there may be one round number or none: plain ticks then.
            ticks = round.count > 1 ? round : within(Chart.ticks(low, high, count: 6))
            isLogarithmic = true
            return
        }
        isLogarithmic = false
        if let fixed {
            range = fixed
            ticks = Chart.ticks(fixed.lowerBound, fixed.upperBound, count: max(2, rows / 2))
            return
        }
        if high - low < 1e-9 * max(1, abs(high)) {
            let margin = max(abs(high) * 0.5, 1e-6)
            (low, high) = (low - margin, high + margin)
        }
        ticks = Chart.ticks(low, high, count: max(2, rows / 3))
        range = ticks.first!...ticks.last!
    }

    /// The place of a value, 0 at the bottom and 1 at the top; outside for values outside.
    package func place(of value: Double) -> Double {
        guard isLogarithmic else { return (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
        return value > 0 ? log(value / range.lowerBound) / log(range.upperBound / range.lowerBound) : 0
    }

    /// A tick in five characters or fewer.
    package func label(_ tick: Double) -> String {
        if isLogarithmic {
            let text = Text.significant(tick)
            return (text.count > 5 ? String(format: "%.0e", tick) : text).replacingOccurrences(of: "e-0", with: "e-")
        }
        let step = ticks.count > 1 ? abs(ticks[1] - ticks[0]) : 1
        if step < 1e-4 || abs(tick) >= 10_000 { return tick == 0 ? "0" : Text.brief(tick) }
        let decimals = max(0, min(4, Int((-log10(step) - 1e-9).rounded(.up))))
        return String(format: "%.\(decimals)f", tick == 0 ? 0 : tick)
    }
}
