import Foundations

/// Curves with bands against a fraction, in braille. The first curve is a line, the second dashed, so that they differ without colour.
package struct FractionChart {
    package struct Line: Sendable {
        package var name: String
        package var colour: Colour
        /// Rising; with the mean and the ends of its interval at each.
        package var x, mean, lower, upper: [Double]

        package init(name: String, colour: Colour, x: [Double], mean: [Double], lower: [Double], upper: [Double]) {
            self.name = name
            self.colour = colour
            self.x = x
            self.mean = mean
            self.lower = lower
            self.upper = upper
        }
    }

    package var lines: [Line]

    package init(_ lines: [Line]) { self.lines = lines }

    package func draw(_ painter: inout Painter, _ rect: Rect) {
        guard let frame = PlotFrame(rect, values: 0...1) else { return }
        frame.drawAxis(&painter)
        let plot = frame.plot
        let width = plot.columns * 2
        for (place, label) in [(0.0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100 %")] {
            let column = plot.column + Int(place * Double(plot.columns - 1)) - (place == 1 ? label.count - 1 : label.count / 2)
            painter.text(label, row: frame.below.row, column: max(frame.below.column, column), .faint)
        }
        if painter.capabilities.drawsPixels, !painter.isLean {
            painter.place(picture(frame, painter.capabilities))
            drawNames(&painter, plot)
            return
        }
        var canvas = BrailleCanvas(columns: plot.columns, rows: plot.rows)
        for (index, line) in lines.enumerated() {
            for dot in 0..<width {
                let x = Double(dot) / Double(max(1, width - 1))
                guard let low = Self.value(line.x, line.lower, x), let high = Self.value(line.x, line.upper, x),
                    let mean = Self.value(line.x, line.mean, x)
                else { continue }
                // A band is dotted: two of them are seen through each other.
                let band = frame.dot(high)...max(frame.dot(high), frame.dot(low))
                for row in band where (row + dot + index) % 4 == 0 { canvas.fill(column: dot, rows: row...row, line.colour, strong: false) }
                if index == 0 || dot % 6 < 4 {
                    canvas.fill(column: dot, rows: frame.dot(mean)...frame.dot(mean), line.colour, strong: true)
                }
            }
        }
        canvas.draw(&painter, plot)
        drawNames(&painter, plot)
    }

    private func drawNames(_ painter: inout Painter, _ plot: Rect) {
        for (index, line) in lines.enumerated() {
            let text = (index == 0 ? "── " : "╌╌ ") + line.name
            painter.textRight(
                text, row: plot.endRow - lines.count + index, endColumn: plot.endColumn, width: plot.columns, Style(line.colour, .bold))
        }
    }

    /// Straight between known places; nil outside.
    static func value(_ x: [Double], _ y: [Double], _ at: Double) -> Double? {
        guard let right = x.firstIndex(where: { $0 >= at }), right < y.count else { return nil }
        if x[right] == at { return y[right] }
        guard right > 0 else { return nil }
        let t = (at - x[right - 1]) / (x[right] - x[right - 1])
        return y[right - 1] + t * (y[right] - y[right - 1])
    }
}

/// The frame of a plot whose vertical axis has round numbers: the axis at its left, a row below it for what lies along.
package struct PlotFrame {
    package let plot, axis, below: Rect
    package let scale: ValueScale

    /// Nil where there is no room.
    package init?(_ rect: Rect, values: ClosedRange<Double>) {
        var area = rect
        guard area.columns >= 16, area.rows >= 4 else { return nil }
        let foot = area.takeBottom(1)
        axis = area.takeLeft(6)
        plot = area
        below = Rect(column: plot.column, row: foot.row, columns: plot.columns, rows: 1)
        scale = ValueScale(values, rows: area.rows)
    }

    /// The dot row of a value, 0 at the top.
    package func dot(_ value: Double) -> Int {
        let dots = plot.rows * 4
        return max(0, min(dots - 1, Int(((1 - scale.place(of: value)) * Double(dots - 1)).rounded())))
    }

    package func drawAxis(_ painter: inout Painter) {
        for row in plot.row..<plot.endRow { painter.put("│", row: row, column: axis.endColumn - 1, .rule) }
        for tick in scale.ticks where scale.range.contains(tick) {
            let row = plot.row + dot(tick) / 4
            painter.put("┤", row: row, column: axis.endColumn - 1, .rule)
            painter.textRight(scale.label(tick), row: row, endColumn: axis.endColumn - 1, width: 5, .faint)
        }
    }
}
