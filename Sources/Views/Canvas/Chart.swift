import Foundation

/// A line chart in braille: each series is drawn as the envelope of its smallest and largest value in each dot column, so that no spike is
/// ever lost however many values share a column, with a mean line on top.
package struct Chart {
    package struct Line {
        package var series: Series
        package var name: String
        package var colour: Colour

        package init(series: Series, name: String, colour: Colour) {
            self.series = series
            self.name = name
            self.colour = colour
        }
    }

    /// A vertical mark at a step, for example where a command was applied.
    package struct Mark: Equatable {
        package var step: Int
        package var colour: Colour
    }

    package var lines: [Line]
    package var marks: [Mark] = []
    /// The steps shown, left to right.
    package var steps: ClosedRange<Int>
    /// The values shown; nil: what the series hold, rounded outwards to ticks.
    package var values: ClosedRange<Double>?
    /// The line on top is the mean over so many steps about each place (at least one dot column); the envelope is never smoothed.
    package var smoothingSteps: Int

    package init(lines: [Line], marks: [Mark] = [], steps: ClosedRange<Int>, values: ClosedRange<Double>? = nil, smoothingSteps: Int = 1) {
        self.smoothingSteps = smoothingSteps
        self.lines = lines
        self.marks = marks
        self.steps = steps
        self.values = values
    }

    private static let axisWidth = 6

    /// Draws axes, curves and, at the right, each series' name and last value at the height of its end.
    package func draw(_ painter: inout Painter, _ rect: Rect) {
        var area = rect
        guard area.columns >= 12, area.rows >= 3 else { return }
        let names = area.takeRight(area.columns >= 40 ? 12 : 0)
        let stepAxis = area.rows >= 5 ? area.takeBottom(1) : Rect(column: 0, row: 0, columns: 0, rows: 0)
        let axis = area.takeLeft(Self.axisWidth)
        let plot = area
        guard !plot.isEmpty else { return }
        let ticks = valueTicks(rows: plot.rows)
        let range = values ?? ticks.first!...ticks.last!
        let dots = plot.rows * 4

        func dotRow(_ value: Double) -> Int {
            let t = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            return max(0, min(dots - 1, Int(((1 - t) * Double(dots - 1)).rounded())))
        }

        for row in plot.row..<plot.endRow { painter.put("│", row: row, column: axis.endColumn - 1, .rule) }
        for tick in ticks where range.contains(tick) {
            let row = plot.row + dotRow(tick) / 4
            painter.put("┤", row: row, column: axis.endColumn - 1, .rule)
            painter.textRight(Self.label(tick, ticks), row: row, endColumn: axis.endColumn - 1, width: Self.axisWidth - 1, .faint)
        }
        if !stepAxis.isEmpty { drawStepAxis(&painter, stepAxis, plot) }
        drawMarks(&painter, plot)
        drawCurves(&painter, plot, dotRow)
        drawNames(&painter, names, plot, dotRow)
    }

    // MARK: curves

    private func drawCurves(_ painter: inout Painter, _ plot: Rect, _ dotRow: (Double) -> Int) {
        let width = plot.columns * 2
        let span = Double(steps.upperBound - steps.lowerBound + 1)
        var canvas = BrailleCanvas(columns: plot.columns, rows: plot.rows)
        for line in lines {
            var previousEnd: Int?
            var previousMean: Int?
            for dot in 0..<width {
                let lower = steps.lowerBound + Int(span * Double(dot) / Double(width))
                let upper = steps.lowerBound + Int(span * Double(dot + 1) / Double(width))
                guard let summary = line.series.summary(steps: lower..<max(upper, lower)) else { continue }
                let top = dotRow(Double(summary.maximum))
                let bottom = dotRow(Double(summary.minimum))
                canvas.fill(column: dot, rows: top...bottom, line.colour, strong: false)
                let middle = (lower + upper) / 2
                let wide = line.series.summary(
                    steps: min(lower, middle - smoothingSteps / 2)..<max(upper, middle + (smoothingSteps + 1) / 2))
                let mean = dotRow((wide ?? summary).mean)
                // A run with fewer values than columns is joined by straight lines.
                if let start = previousEnd, let from = previousMean {
                    for between in start + 1..<max(dot, start + 1) {
                        let t = Double(between - start) / Double(dot - start)
                        let row = Int((Double(from) + t * Double(mean - from)).rounded())
                        canvas.fill(column: between, rows: row...row, line.colour, strong: true)
                    }
                    if abs(mean - from) > 1, dot == start + 1 {
                        canvas.fill(column: dot, rows: min(from, mean) + 1...max(from, mean) - 1, line.colour, strong: true)
                    }
                }
                canvas.fill(column: dot, rows: mean...mean, line.colour, strong: true)
                (previousEnd, previousMean) = (dot, mean)
            }
        }
        canvas.draw(&painter, plot)
    }

    private func drawMarks(_ painter: inout Painter, _ plot: Rect) {
        for mark in marks where steps.contains(mark.step) {
            let column = self.column(mark.step, plot)
            for row in plot.row..<plot.endRow { painter.put("┊", row: row, column: column, Style(mark.colour)) }
            painter.put("▼", row: plot.row, column: column, Style(mark.colour))
        }
    }

    private func column(_ step: Int, _ plot: Rect) -> Int {
        let t = Double(step - steps.lowerBound) / Double(max(1, steps.upperBound - steps.lowerBound + 1))
        return plot.column + min(plot.columns - 1, Int(t * Double(plot.columns)))
    }

    // MARK: axes

    private func drawNames(_ painter: inout Painter, _ names: Rect, _ plot: Rect, _ dotRow: (Double) -> Int) {
        guard !names.isEmpty else { return }
        let ends = lines.compactMap { line in line.series.last.map { (line: line, dot: dotRow(Double($0.value)), value: $0.value) } }
            .sorted { $0.dot < $1.dot }
        var taken: [Int] = []
        for end in ends { taken.append(max(plot.row + end.dot / 4, (taken.last ?? .min / 2) + 1)) }
        // Names pushed below the plot move up again as a block.
        for index in taken.indices.reversed() {
            let limit = index == taken.count - 1 ? plot.endRow - 1 : taken[index + 1] - 1
            taken[index] = min(taken[index], limit)
        }
        for ((line, _, value), row) in zip(ends, taken) where row >= plot.row {
            let style = Style(line.colour, .bold)
            painter.text(" " + line.name, row: row, column: names.column, width: 7, style)
            painter.textRight(Self.short(Double(value)), row: row, endColumn: names.endColumn, width: 5, style)
        }
    }

    private func drawStepAxis(_ painter: inout Painter, _ area: Rect, _ plot: Rect) {
        let (first, last) = (steps.lowerBound, steps.upperBound)
        let step = Self.niceStep(Double(last - first + 1) / Double(max(1, plot.columns / 12)))
        var free = area.column
        painter.text("step", row: area.row, column: area.column, width: 4, .faint)
        free = area.column + 5
        var tick = (Double(first) / step).rounded(.up) * step
        while tick <= Double(last) {
            let text = Self.grouped(Int(tick))
            let at = column(Int(tick), plot) - text.count / 2
            if at > free, at + text.count <= plot.endColumn + 4 {
                painter.text(text, row: area.row, column: at, .faint)
                free = at + text.count + 1
            }
            tick += max(1, step)
        }
    }

    private func valueTicks(rows: Int) -> [Double] {
        if let values { return Self.ticks(values.lowerBound, values.upperBound, count: max(2, rows / 2)) }
        var lowest = Double.infinity
        var highest = -Double.infinity
        for line in lines {
            guard let all = line.series.summary(steps: steps.lowerBound..<steps.upperBound + 1) else { continue }
            lowest = min(lowest, Double(all.minimum))
            highest = max(highest, Double(all.maximum))
        }
        if lowest > highest { (lowest, highest) = (0, 1) }
        if highest - lowest < 1e-9 * max(1, abs(highest)) { (lowest, highest) = (lowest - 0.5, highest + 0.5) }
        return Self.ticks(lowest, highest, count: max(2, rows / 3))
    }

    /// Round numbers that enclose lower … upper, about `count` of them.
    package static func ticks(_ lower: Double, _ upper: Double, count: Int) -> [Double] {
        let step = niceStep((upper - lower) / Double(max(1, count)))
        let first = (lower / step + 1e-9).rounded(.down)
        let last = max(first + 1, (upper / step - 1e-9).rounded(.up))
        return stride(from: first, through: last, by: 1).prefix(50).map { $0 * step }
    }

    /// The smallest of 1, 2, 5 · 10ⁿ that is at least `rough`.
    static func niceStep(_ rough: Double) -> Double {
        guard rough.isFinite, rough > 0 else { return 1 }
        let power = pow(10, floor(log10(rough)))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999_999 } ?? 10 * power
    }

    private static func label(_ tick: Double, _ ticks: [Double]) -> String {
        let step = ticks.count > 1 ? abs(ticks[1] - ticks[0]) : 1
        let decimals = max(0, min(4, Int((-log10(step) - 1e-9).rounded(.up))))
        return String(format: "%.\(decimals)f", tick == 0 ? 0 : tick)
    }

    /// A value in five characters or fewer.
    static func short(_ value: Double) -> String {
        let magnitude = abs(value)
        if magnitude >= 10_000 { return String(format: "%.0e", value) }
        return String(format: magnitude >= 100 ? "%.0f" : magnitude >= 10 ? "%.1f" : "%.2f", value)
    }

    /// A whole number with thin groups of three digits, for example `12 000`.
    static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out += " " }
            out.append(digit)
        }
        return (number < 0 ? "-" : "") + out
    }
}
