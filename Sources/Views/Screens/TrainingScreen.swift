import Engine
import Foundation

/// Curves, progress and steering of a run.
package enum TrainingScreen {
    static let total = Colour(hex: 0xBCBCBC)
    static let local = Colour(hex: 0x56B4E9)
    static let neighbour = Colour(hex: 0xE69F00)
    static let accuracy = Colour(hex: 0x00A878)
    static let neighbourAccuracy = Colour(hex: 0xCC79A7)

    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        var area = content
        let training = state.training
        if content.columns < 64 || content.rows < 18 {
            drawNarrow(state, &painter, content)
            return
        }
        let summary = training.finished?.summary ?? []
        let wanted = summary.isEmpty ? (content.rows >= 40 ? 14 : 6) : summary.count + 1
        let events = area.takeBottom(max(5, min(wanted, content.rows / 2)))
        let side = area.takeRight(content.columns >= 120 ? 38 : 27)
        drawSide(state, &painter, Rect(column: side.column + 1, row: side.row, columns: side.columns - 1, rows: side.rows))
        if training.total.isEmpty {
            drawStages(training, &painter, area)
        } else {
            drawCharts(training, &painter, area)
        }
        if summary.isEmpty {
            drawHappenings(training, &painter, events)
        } else {
            drawSummary(summary, &painter, events)
        }
    }

    // MARK: curves

    private static func drawCharts(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        var rest = area
        let accuracy = rest.takeBottom(area.rows >= 14 ? max(6, area.rows * 2 / 5) : 0)
        drawLoss(training, &painter, rest)
        guard !accuracy.isEmpty else { return }
        painter.heading("Accuracy of the contrast", accuracy, right: training.neighbourAccuracy.last == nil ? "" : "own key ranked first")
        let chart = Chart(
            lines: [
                .init(series: training.neighbourAccuracy, name: "neigh", colour: neighbourAccuracy),
                .init(series: training.accuracy, name: "local", colour: self.accuracy),
            ], marks: marks(training), steps: steps(training), values: 0...1, smoothingSteps: smoothing(training))
        chart.draw(&painter, below(accuracy))
    }

    private static func drawLoss(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        painter.heading(
            "Loss", area,
            right: area.columns >= 56
                ? "band: least to most, line: mean of \(smoothing(training)) steps" : "line: mean of \(smoothing(training)) steps")
        let chart = Chart(
            lines: [
                .init(series: training.neighbour, name: "neigh", colour: neighbour),
                .init(series: training.local, name: "local", colour: local),
                .init(series: training.total, name: "total", colour: total),
            ], marks: marks(training), steps: steps(training), smoothingSteps: smoothing(training))
        chart.draw(&painter, below(area))
    }

    private static func below(_ rect: Rect) -> Rect {
        var rest = rect
        _ = rest.takeTop(1)
        return rest
    }

    /// A twentieth of what is shown.
    private static func smoothing(_ training: TrainingState) -> Int {
        let shown = steps(training)
        return max(1, (shown.upperBound - shown.lowerBound + 1) / 20)
    }

    private static func marks(_ training: TrainingState) -> [Chart.Mark] {
        training.marks.map { Chart.Mark(step: $0.step, colour: Colour(hex: 0x9A7FD1)) }
    }

    /// From the first step to the newest: the curve always fills the width.
    private static func steps(_ training: TrainingState) -> ClosedRange<Int> {
        let first = training.total.steps.first ?? 0
        return first...max(first + 1, training.total.steps.last ?? 1)
    }

    // MARK: before and beside the curves

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

    private static func drawSide(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let training = state.training
        painter.heading("Run", area)
        var row = area.row + 1
        func line(_ name: String, _ value: String, _ style: Style = .plain) {
            guard row < area.endRow else { return }
            let end = painter.text(name, row: row, column: area.column + 1, .faint)
            painter.textRight(value, row: row, endColumn: area.endColumn - 1, width: max(0, area.endColumn - end - 2), style)
            row += 1
        }
        let (word, style) = Chrome.condition(state)
        guard row < area.endRow else { return }
        let end = painter.text(word, row: row, column: area.column + 1, width: area.columns - 2, style)
        if let left = training.secondsLeft, !training.isPaused, state.session?.ownership != .nobody {
            painter.textRight(
                "\(Text.duration(left)) left", row: row, endColumn: area.endColumn - 1, width: max(0, area.endColumn - end - 2), .strong)
        }
        row += 1
        if let started = training.started, started.totalSteps > 0 {
            line("step", "\(Chart.grouped(training.step)) of \(Chart.grouped(started.totalSteps))", .strong)
            painter.bar(
                Double(training.step) / Double(started.totalSteps), row: row, column: area.column + 1, width: area.columns - 2, .title)
            row += 1
            if started.stepsPerEpoch > 0, training.step > 0 {
                let epochs = (started.totalSteps + started.stepsPerEpoch - 1) / started.stepsPerEpoch
                line("epoch", "\((training.step - 1) / started.stepsPerEpoch + 1) of \(epochs)")
            }
            if let landmark = training.latest?.landmark { line("landmark", "\(landmark + 1) of \(started.landmarks)") }
        }
        if let stage = training.stages.last(where: { $0.total > $0.done }), !training.total.isEmpty, !training.isOver {
            line(stage.stage, "\(stage.done) of \(stage.total)", .title)
        }
        if let latest = training.latest {
            line("rate", "\(Text.significant(latest.samples_per_s)) samples/s")
            row += area.rows >= 16 ? 1 : 0
            if area.rows >= 16, row < area.endRow {
                painter.heading("Engine", Rect(column: area.column, row: row, columns: area.columns, rows: 1))
                row += 1
            }
            line("learning rate", Text.significant(latest.lr))
            line("gradient norm", Text.significant(latest.gradient_norm))
            line("bank filled", "\(Int((latest.bank_fill * 100).rounded())) %")
            line("embedding SD", Text.fixed(latest.embedding_sd, 4), latest.embedding_sd < 0.01 ? .bad : .plain)
            line("data wait", "\(Text.fixed(latest.data_wait_s * 1000, 1)) ms")
        }
        if let started = training.started { line("threads", "\(started.threads), \(started.isa)") }
        if let step = training.lastCheckpointStep { line("checkpoint", "step \(Chart.grouped(step))") }
        for command in training.pending { line("waiting", "\(command)", .warning) }
    }

    // MARK: events

    private static func drawHappenings(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Events", area)
        let lines = training.happenings.suffix(max(0, area.rows - 1))
        for (offset, happening) in lines.enumerated() {
            let row = area.row + 1 + offset
            painter.textRight(Text.clock(happening.time), row: row, endColumn: area.column + 8, .faint)
            painter.textRight(Chart.grouped(happening.step), row: row, endColumn: area.column + 17, .faint)
            let (sign, style) = sign(happening.kind)
            painter.text(sign, row: row, column: area.column + 19, style)
            painter.text(
                happening.text, row: row, column: area.column + 21, width: area.endColumn - area.column - 21,
                happening.kind == .fault ? .bad : .plain)
        }
    }

    private static func sign(_ kind: TrainingState.Happening.Kind) -> (String, Style) {
        switch kind {
        case .plain: ("·", .faint)
        case .command: ("▼", Style(Colour(hex: 0x9A7FD1), .bold))
        case .good: ("✓", .good)
        case .fault: ("✗", .bad)
        }
    }

    private static func drawSummary(_ summary: [String], _ painter: inout Painter, _ area: Rect) {
        painter.heading("Summary", area)
        for (offset, line) in summary.prefix(area.rows - 1).enumerated() {
            painter.text(line, row: area.row + 1 + offset, column: area.column + 1, width: area.columns - 1)
        }
    }

    // MARK: narrow

    private static func drawNarrow(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        var area = content
        let training = state.training
        let foot = area.takeBottom(2)
        if training.total.isEmpty { drawStages(training, &painter, area) } else { drawLoss(training, &painter, area) }
        if let started = training.started, started.totalSteps > 0 {
            let fraction = Double(training.step) / Double(started.totalSteps)
            painter.bar(fraction, row: foot.row, column: 1, width: max(0, foot.columns - 24), .title)
            painter.textRight(
                "\(Chart.grouped(training.step)) of \(Chart.grouped(started.totalSteps))", row: foot.row, endColumn: foot.endColumn - 1,
                width: 21)
        }
        guard let last = training.happenings.last else { return }
        let isLive = !training.isPaused && state.session?.ownership != .nobody
        let left = isLive ? training.secondsLeft.map { "\(Text.duration($0)) left  " } ?? "" : ""
        painter.text(left + last.text, row: foot.row + 1, column: 1, width: foot.columns - 2, .faint)
    }
}
