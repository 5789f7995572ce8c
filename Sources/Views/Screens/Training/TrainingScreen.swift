import Foundation
import Foundations
import TerminalKit

/// Curves, progress and steering of a run.
package enum TrainingScreen {
    static let total = Colour(hex: 0xBCBCBC)
    static let local = Colour(hex: 0x56B4E9)
    static let neighbour = Colour(hex: 0xE69F00)
    static let accuracy = Colour(hex: 0x00A878)
    static let neighbourAccuracy = Colour(hex: 0xCC79A7)

    static let steering = Colour(hex: 0x9A7FD1)

    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = TrainingLayout(content, state)
        let training = state.training
        if layout.isNarrow {
            drawNarrow(state, &painter, layout)
            return
        }
        TrainingSide.draw(state, &painter, layout.side)
        if training.total.isEmpty {
            drawStages(
                training, &painter,
                Rect(
                    column: layout.upper.column, row: layout.upper.row, columns: layout.upper.columns,
                    rows: layout.upper.rows + layout.lower.rows))
        } else {
            drawCharts(state, &painter, layout)
        }
        TrainingPanels.draw(state, &painter, layout.panel)
        drawReadout(state, &painter, layout.readout)
    }

    // MARK: curves

    private struct Curves {
        var title: String
        var lines: [Chart.Line]
        var values: ClosedRange<Double>?
    }

    private static func curves(_ training: TrainingState, _ page: CurveView.Page) -> (upper: Curves, lower: Curves) {
        switch page {
        case .losses:
            // A loss without a part in the total would only press the others together.
            let neighbours = training.hasNeighbours ? training : TrainingState()
            return (
                Curves(
                    title: "Loss",
                    lines: [
                        .init(series: neighbours.neighbour, name: "neigh", colour: neighbour),
                        .init(series: training.local, name: "local", colour: local),
                        .init(series: training.total, name: "total", colour: total),
                    ]),
                Curves(
                    title: "Accuracy of the contrast",
                    lines: [
                        .init(series: neighbours.neighbourAccuracy, name: "neigh", colour: neighbourAccuracy),
                        .init(series: training.accuracy, name: "local", colour: accuracy),
                    ], values: 0...1)
            )
        case .rates:
            return (
                Curves(title: "Learning rate", lines: [.init(series: training.learningRate, name: "rate", colour: local)]),
                Curves(title: "Samples a second", lines: [.init(series: training.speed, name: "speed", colour: accuracy)])
            )
        case .probe:
            let reading = training.latestProbe
            return (
                Curves(
                    title: reading.map {
                        "Probe of \($0.column): \($0.metric), \($0.subjects) subjects (guessing: \(Text.fixed($0.baseline, 2)))"
                    }
                        ?? "Probe: none in this run",
                    lines: [.init(series: training.probe, name: "probe", colour: local)]),
                Curves(
                    title: "Spread of the embeddings (even: 0.088)",
                    lines: [.init(series: training.spread, name: "spread", colour: neighbourAccuracy)])
            )
        case .health:
            return (
                Curves(title: "Gradient norm", lines: [.init(series: training.gradientNorm, name: "norm", colour: neighbour)]),
                Curves(
                    title: "Spread of the embeddings (even: 0.088)",
                    lines: [.init(series: training.spread, name: "spread", colour: neighbourAccuracy)])
            )
        }
    }

    private static func drawCharts(_ state: WorkbenchState, _ painter: inout Painter, _ layout: TrainingLayout) {
        var (upper, lower) = curves(state.training, state.view.curves.page)
        if state.isReadingJournal { upper.title += ": newest steps, reading the rest …" }
        drawChart(upper, state, &painter, layout.upper, right: smoothing(state, columns: layout.upper.columns))
        if !layout.lower.isEmpty { drawChart(lower, state, &painter, layout.lower, right: range(state)) }
    }

    private static func drawChart(_ curves: Curves, _ state: WorkbenchState, _ painter: inout Painter, _ area: Rect, right: String) {
        let view = state.view.curves
        let scale = scale(state)
        painter.heading(curves.title + (view.logarithmic && curves.values == nil ? " (log)" : ""), area, right: right)
        Chart(
            lines: curves.lines, marks: state.training.marks.map { Chart.Mark(step: $0.step, colour: steering) }, scale: scale,
            values: curves.values, isLogarithmic: view.logarithmic && curves.values == nil, smoothingSteps: view.smoothing(scale.steps),
            cursor: view.cursor
        ).draw(&painter, TrainingLayout.chart(area))
    }

    /// The steps shown, as the screen and the mouse see them.
    package static func scale(_ state: WorkbenchState) -> StepScale {
        let view = state.view.curves
        let shown = view.shown(of: state.training.steps)
        switch view.axis {
        case .step: return StepScale(shown)
        case .epoch: return StepScale(shown, unit: .epoch(max(1, state.training.started?.stepsPerEpoch ?? 1)))
        case .time: return StepScale(shown, unit: .time(state.training.times))
        }
    }

    /// The formula of the line, as far as there is room.
    private static func smoothing(_ state: WorkbenchState, columns: Int) -> String {
        let view = state.view.curves
        let count = view.smoothing(view.shown(of: state.training.steps))
        if view.smoothingPercent == 0 || count == 1 { return columns >= 50 ? "band: least to most, line: mean of a dot" : "" }
        if columns >= 76 { return "line: (1/\(count)) Σ of \(count) steps about each; band: least to most" }
        return columns >= 56 ? "band: least to most, line: mean of \(count) steps" : "line: mean of \(count) steps"
    }

    private static func range(_ state: WorkbenchState) -> String {
        guard state.view.curves.span != nil else { return "" }
        let shown = state.view.curves.shown(of: state.training.steps)
        return "steps \(Chart.grouped(shown.lowerBound))…\(Chart.grouped(shown.upperBound))"
    }

    private static func drawReadout(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard let cursor = state.view.curves.cursor, area.columns > 12 else { return }
        let training = state.training
        guard area.columns >= 64 else {
            drawNarrowReadout(cursor, curves(training, state.view.curves.page).upper, &painter, area)
            return
        }
        var spans: [(String, Style)] = [(" │ ", .key), ("step \(Chart.grouped(cursor))", .strong)]
        if let time = training.times.value(at: cursor) { spans.append((" \(Text.clock(Double(time)))", .faint)) }
        if let length = training.started?.stepsPerEpoch, length > 0 { spans.append((" ep \(max(0, cursor - 1) / length + 1)", .faint)) }
        let (upper, lower) = curves(training, state.view.curves.page)
        for (index, line) in (upper.lines + lower.lines).enumerated() {
            guard let value = line.series.value(at: cursor) else { continue }
            if index == upper.lines.count, lower.lines.count > 1 { spans.append((" acc", .faint)) }
            spans.append((" \(line.name) ", Style(line.colour)))
            spans.append((Text.brief(Double(value)), .strong))
        }
        if let mark = training.marks.last(where: { abs($0.step - cursor) <= max(1, (state.view.curves.span ?? training.step) / 100) }) {
            spans.append(("  ▼ \(mark.text)", Style(steering, .bold)))
        }
        painter.fill(area)
        painter.spans(spans, row: area.row, column: area.column, width: area.columns)
    }

    /// The values of the one chart that there is room for, the most important first.
    private static func drawNarrowReadout(_ cursor: Int, _ curves: Curves, _ painter: inout Painter, _ area: Rect) {
        var spans: [(String, Style)] = [("│", .key), ("\(cursor)", .strong)]
        for line in curves.lines.reversed() {
            guard let value = line.series.value(at: cursor) else { continue }
            spans.append((" \(line.name) ", Style(line.colour)))
            spans.append((Text.brief(Double(value)), .strong))
        }
        painter.fill(area)
        painter.spans(spans, row: area.row, column: area.column, width: area.columns)
    }

    // MARK: before the curves

    private static func drawStages(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Progress", area)
        var row = area.row + 2
        if training.stages.isEmpty {
            let text = training.started == nil ? "Nothing has happened in this session yet." : "Waiting for the first step."
            painter.text(text, row: row, column: area.column + 2, width: area.columns - 2, .faint)
        }
        for stage in training.stages where row < area.endRow {
            let fraction = stage.total > 0 ? Double(stage.done) / Double(stage.total) : 0
            let isDone = stage.total > 0 && stage.done >= stage.total
            painter.text(isDone ? "✓" : "▸", row: row, column: area.column + 1, isDone ? .good : .key)
            painter.text(stage.stage, row: row, column: area.column + 3, width: 14, .strong)
            painter.bar(fraction, row: row, column: area.column + 18, width: max(0, min(40, area.columns - 36)), isDone ? .good : .title)
            let after = area.column + 18 + max(0, min(40, area.columns - 36))
            painter.textRight("\(stage.done)/\(stage.total)", row: row, endColumn: after + 10, width: 9)
            if let detail = stage.detail, !isDone {
                painter.text(detail, row: row, column: after + 12, width: area.endColumn - after - 12, .faint)
            }
            row += area.rows >= 2 * training.stages.count + 3 ? 2 : 1
        }
    }

    // MARK: narrow

    private static func drawNarrow(_ state: WorkbenchState, _ painter: inout Painter, _ layout: TrainingLayout) {
        let training = state.training
        let foot = layout.panel
        if training.total.isEmpty { drawStages(training, &painter, layout.upper) } else { drawCharts(state, &painter, layout) }
        if let started = training.started, started.totalSteps > 0 {
            let fraction = Double(training.step) / Double(started.totalSteps)
            painter.bar(fraction, row: foot.row, column: 1, width: max(0, foot.columns - 24), .title)
            painter.textRight(
                "\(Chart.grouped(training.step)) of \(Chart.grouped(started.totalSteps))", row: foot.row, endColumn: foot.endColumn - 1,
                width: 21)
        }
        drawReadout(state, &painter, layout.readout)
        guard layout.readout.isEmpty, let last = training.logEntries.last else { return }
        let isLive = !training.isPaused && state.session?.ownership != .nobody
        let left = isLive ? training.secondsLeft.map { "\(Text.duration($0)) left  " } ?? "" : ""
        let warning = training.warnings.first
        painter.text(
            warning ?? left + last.text, row: foot.row + 1, column: 1, width: foot.columns - 2, warning == nil ? .faint : .warning)
    }
}
