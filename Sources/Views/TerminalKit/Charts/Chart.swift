import Foundation
import Foundations

/// A line chart in braille: each series is drawn as the envelope of its smallest and largest value in each dot column, so that no spike is
/// ever lost however many values share a column, with a mean line on top.
package struct Chart: Sendable {
    package struct Line: Sendable {
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
    package struct Mark: Equatable, Sendable {
        package var step: Int
        package var colour: Colour

        package init(step: Int, colour: Colour) {
            self.step = step
            self.colour = colour
        }
    }

    package var lines: [Line]
    package var marks: [Mark] = []
    /// The steps shown, left to right.
    package var scale: StepScale
    /// The values shown; nil: what the series hold, rounded outwards to ticks.
    package var values: ClosedRange<Double>?
    /// Values on a logarithmic scale.
    package var isLogarithmic = false
    /// The line on top is the mean over so many steps about each place (at least one dot column); the envelope is never smoothed.
    package var smoothingSteps: Int
    /// The step under the cross-hair.
    package var cursor: Int?

    private var steps: ClosedRange<Int> { scale.steps }

    package init(lines: [Line], marks: [Mark] = [], steps: ClosedRange<Int>, values: ClosedRange<Double>? = nil, smoothingSteps: Int = 1) {
        self.init(lines: lines, marks: marks, scale: StepScale(steps), values: values, smoothingSteps: smoothingSteps)
    }

    package init(
        lines: [Line], marks: [Mark] = [], scale: StepScale, values: ClosedRange<Double>? = nil, isLogarithmic: Bool = false,
        smoothingSteps: Int = 1, cursor: Int? = nil
    ) {
        self.smoothingSteps = smoothingSteps
        self.lines = lines
        self.marks = marks
        self.scale = scale
        self.values = values
        self.isLogarithmic = isLogarithmic
        self.cursor = cursor
    }

    private static let axisWidth = 6

    /// Where the curves lie in a chart's rectangle; nil where it is too small for any.
    package static func plot(_ rect: Rect) -> Rect? { layout(rect).map(\.plot) }

    private static func layout(_ rect: Rect) -> (plot: Rect, axis: Rect, stepAxis: Rect, names: Rect)? {
        var area = rect
        guard area.columns >= 12, area.rows >= 3 else { return nil }
        let names = area.takeRight(area.columns >= 40 ? 12 : 0)
        let stepAxis = area.rows >= 5 ? area.takeBottom(1) : Rect(column: 0, row: 0, columns: 0, rows: 0)
        let axis = area.takeLeft(axisWidth)
        return area.isEmpty ? nil : (area, axis, stepAxis, names)
    }

    /// Draws axes, curves and, at the right, each series' name and last value at the height of its end.
    package func draw(_ painter: inout Painter, _ rect: Rect) {
        guard let (plot, axis, stepAxis, names) = Self.layout(rect) else { return }
        let values = ValueScale(held, fixed: values, rows: plot.rows, logarithmic: isLogarithmic)
        let dots = plot.rows * 4

        func dotRow(_ value: Double) -> Int {
            max(0, min(dots - 1, Int(((1 - values.place(of: value)) * Double(dots - 1)).rounded())))
        }

        for row in plot.row..<plot.endRow { painter.put("│", row: row, column: axis.endColumn - 1, .rule) }
        for tick in values.ticks where values.range.contains(tick) {
            let row = plot.row + dotRow(tick) / 4
            painter.put("┤", row: row, column: axis.endColumn - 1, .rule)
            painter.textRight(values.label(tick), row: row, endColumn: axis.endColumn - 1, width: Self.axisWidth - 1, .faint)
        }
        if !stepAxis.isEmpty { drawStepAxis(&painter, stepAxis, plot) }
        if painter.capabilities.drawsPixels, !painter.isLean {
            painter.place(picture(plot, values, painter.capabilities))
        } else {
            drawMarks(&painter, plot)
            drawCursor(&painter, plot)
            drawCurves(&painter, plot, dotRow)
        }
        drawNames(&painter, names, plot, dotRow)
    }

    // MARK: curves

    private func drawCurves(_ painter: inout Painter, _ plot: Rect, _ dotRow: (Double) -> Int) {
        let width = plot.columns * 2
        var canvas = BrailleCanvas(columns: plot.columns, rows: plot.rows)
        for line in lines {
            var previousEnd: Int?
            var previousMean: Int?
            for dot in 0..<width {
                let lower = scale.step(at: Double(dot) / Double(width))
                let upper = scale.step(at: Double(dot + 1) / Double(width))
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

    private func drawCursor(_ painter: inout Painter, _ plot: Rect) {
        guard let cursor, steps.contains(cursor) else { return }
        let column = column(cursor, plot)
        for row in plot.row..<plot.endRow { painter.put("│", row: row, column: column, .key) }
    }

    private func column(_ step: Int, _ plot: Rect) -> Int {
        plot.column + max(0, min(plot.columns - 1, Int(scale.place(of: step) * Double(plot.columns))))
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
            painter.textRight(Text.brief(Double(value)), row: row, endColumn: names.endColumn, width: 5, style)
        }
    }

    private func drawStepAxis(_ painter: inout Painter, _ area: Rect, _ plot: Rect) {
        painter.text(scale.name, row: area.row, column: area.column, width: 5, .faint)
        var free = area.column + 5
        for tick in scale.ticks(count: plot.columns / 12) {
            let at = plot.column + Int(tick.place * Double(plot.columns)) - tick.label.count / 2
            guard at > free, at + tick.label.count <= plot.endColumn + 4 else { continue }
            painter.text(tick.label, row: area.row, column: at, .faint)
            free = at + tick.label.count + 1
        }
    }

    /// The smallest and largest value among the steps shown.
    private var held: ClosedRange<Double>? {
        var lowest = Double.infinity
        var highest = -Double.infinity
        for line in lines {
            guard let all = line.series.summary(steps: steps.lowerBound..<steps.upperBound + 1) else { continue }
            lowest = min(lowest, Double(all.minimum))
            highest = max(highest, Double(all.maximum))
        }
        return lowest <= highest ? lowest...highest : nil
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

    /// A whole number with thin groups of three digits, for example `12 000`.
    package static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out += " " }
            out.append(digit)
        }
        return (number < 0 ? "-" : "") + out
    }
}
