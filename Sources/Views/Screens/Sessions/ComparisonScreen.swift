import TerminalKit

/// Losses of several sessions over each other.
enum ComparisonScreen {
    /// Okabe and Ito's colours, told apart without colour vision; further runs begin again.
    private static let colours: [Colour] = [
        Colour(hex: 0x56B4E9), Colour(hex: 0xE69F00), Colour(hex: 0x00A878), Colour(hex: 0xCC79A7), Colour(hex: 0xD55E00),
        Colour(hex: 0xF0E442),
        Colour(hex: 0xBCBCBC),
    ]

    static func draw(_ comparison: RunComparison, _ curves: CurveView, _ painter: inout Painter, _ content: Rect) {
        var area = content
        let table = area.takeBottom(min(area.rows / 2, comparison.runs.count + 2))
        let accuracy = area.takeBottom(area.rows >= 16 ? area.rows * 2 / 5 : 0)
        let scale = StepScale(curves.shown(of: comparison.steps))
        let smoothing = curves.smoothing(scale.steps)
        func draw(_ title: String, _ rect: Rect, _ values: ClosedRange<Double>?, _ series: KeyPath<TrainingState, Series>) {
            guard rect.rows > 1 else { return }
            let isLogarithmic = curves.logarithmic && values == nil
            painter.heading(title + (isLogarithmic ? " (log)" : ""), rect, right: "line: mean of \(smoothing) steps")
            let lines = comparison.drawn.map { index, run in
                Chart.Line(series: run.training[keyPath: series], name: sign(index), colour: colours[index % colours.count])
            }
            Chart(
                lines: lines, scale: scale, values: values, isLogarithmic: isLogarithmic, smoothingSteps: smoothing, cursor: curves.cursor
            )
            .draw(&painter, TrainingLayout.chart(rect))
        }
        draw("Loss", area, nil, \.total)
        draw("Accuracy of the contrast", accuracy, 0...1, \.accuracy)
        drawTable(comparison, curves.cursor, &painter, table)
    }

    private static func sign(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }

    /// The runs with their ends, or with their values under the cross-hair.
    private static func drawTable(_ comparison: RunComparison, _ cursor: Int?, _ painter: inout Painter, _ area: Rect) {
        guard area.rows > 1 else { return }
        painter.heading("Sessions", area, right: cursor.map { "at step \(Chart.grouped($0))" } ?? "")
        for (index, run) in comparison.runs.prefix(area.rows - 1).enumerated() {
            let row = area.row + 1 + index
            let style = Style(colours[index % colours.count], .bold)
            painter.text(sign(index), row: row, column: area.column + 1, style)
            painter.text(run.name, row: row, column: area.column + 4, width: min(30, area.columns / 3), style)
            let at = area.column + 6 + min(30, area.columns / 3)
            if let complaint = run.complaint {
                painter.text(complaint, row: row, column: at, width: area.endColumn - at, .bad)
                continue
            }
            let training = run.training
            if let cursor {
                let loss = training.total.value(at: cursor).map { Text.fixed(Double($0), 3) } ?? "–"
                let accuracy = training.accuracy.value(at: cursor).map { Text.fixed(Double($0), 2) } ?? "–"
                painter.text("loss \(loss)  accuracy \(accuracy)", row: row, column: at, width: area.endColumn - at)
                continue
            }
            var text = "step \(Chart.grouped(training.step))"
            if let part = training.total.summary(max(0, training.total.count * 9 / 10)..<training.total.count) {
                text += "  loss \(Text.fixed(part.mean, 3)) over the last tenth, least \(Text.fixed(Double(part.minimum), 3))"
            }
            if let value = training.accuracy.last?.value { text += "  accuracy \(Text.fixed(Double(value), 2))" }
            painter.text(text, row: row, column: at, width: area.endColumn - at)
        }
    }
}
