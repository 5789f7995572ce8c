import SessionFormat
import TerminalKit

/// Beside the curves: how far the run is, how its engine does, what is learned, and the settings as they are steered.
struct TrainingSide {
    private let state: WorkbenchState
    private let area: Rect
    private var row: Int
    private var training: TrainingState { state.training }

    /// From so many rows on each part has its heading, and then a blank line before it.
    private static let rowsWithHeadings = 23
    private static let rowsWithBlanks = 26

    static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        var side = TrainingSide(state: state, area: area, row: area.row)
        side.heading("Run", &painter)
        side.drawRun(&painter)
        side.begin("Engine", always: true, &painter)
        side.drawEngine(&painter)
        side.begin("Learning", &painter)
        side.drawLearning(&painter)
        side.begin("Settings", &painter)
        for setting in SteerableSetting.allCases where setting != .learningRate {
            if let value = state.training.steered(setting) { side.line(setting.rawValue, Text.setting(value), &painter) }
        }
    }

    private mutating func heading(_ title: String, _ painter: inout Painter) {
        guard row < area.endRow else { return }
        painter.heading(title, Rect(column: area.column, row: row, columns: area.columns, rows: 1))
        row += 1
    }

    /// Begins a part, as far as there is room to set it off.
    private mutating func begin(_ title: String, always: Bool = false, _ painter: inout Painter) {
        if area.rows >= Self.rowsWithBlanks { row += 1 }
        if always || area.rows >= Self.rowsWithHeadings { heading(title, &painter) }
    }

    private mutating func line(_ name: String, _ value: String, _ style: Style = .plain, _ painter: inout Painter) {
        guard row < area.endRow else { return }
        let end = painter.text(name, row: row, column: area.column + 1, .faint)
        painter.textRight(value, row: row, endColumn: area.endColumn - 1, width: max(0, area.endColumn - end - 2), style)
        row += 1
    }

    private mutating func line(_ name: String, _ value: String, _ painter: inout Painter) { line(name, value, .plain, &painter) }

    private mutating func drawRun(_ painter: inout Painter) {
        let (word, style) = Chrome.condition(state)
        guard row < area.endRow else { return }
        let end = painter.text(word, row: row, column: area.column + 1, width: area.columns - 2, style)
        if let left = training.secondsLeft, !training.isPaused, state.session?.ownership != .nobody {
            let room = max(0, area.endColumn - end - 2)
            let time = Text.duration(left)
            let text = [time + " left", time].first { $0.count <= room } ?? ""
            painter.textRight(text, row: row, endColumn: area.endColumn - 1, width: room, .strong)
        }
        row += 1
        for warning in training.warnings { for text in Overlays.wrap(warning, area.columns - 4) { line("!", text, .warning, &painter) } }
        for command in training.pending { line("waiting", "\(command)", .warning, &painter) }
        if let started = training.started, started.totalSteps > 0 { drawProgress(started, &painter) }
        if let stage = training.stages.last(where: { $0.total > $0.done }), !training.total.isEmpty, !training.isOver {
            line(stage.stage, "\(stage.done) of \(stage.total)", .title, &painter)
        }
        if let step = training.lastCheckpointStep { line("checkpoint", "step \(Chart.grouped(step))", &painter) }
    }

    private mutating func drawProgress(_ started: RunStarted, _ painter: inout Painter) {
        line("step", "\(Chart.grouped(training.step)) of \(Chart.grouped(started.totalSteps))", .strong, &painter)
        if row < area.endRow {
            painter.bar(
                Double(training.step) / Double(started.totalSteps), row: row, column: area.column + 1, width: area.columns - 2, .title)
            row += 1
        }
        if started.stepsPerEpoch > 0, training.step > 0 {
            let epochs = (started.totalSteps + started.stepsPerEpoch - 1) / started.stepsPerEpoch
            line("epoch", "\((training.step - 1) / started.stepsPerEpoch + 1) of \(epochs)", &painter)
        }
        if let landmark = training.latest?.landmark { line("landmark", "\(landmark) of 0…\(max(0, started.landmarks - 1))", &painter) }
    }

    private mutating func drawEngine(_ painter: inout Painter) {
        if let latest = training.latest {
            line("speed", "\(Text.significant(latest.samples_per_s)) samples/s", &painter)
            if let memory = latest.memory_mb {
                let peak = training.memory.summary(0..<training.memory.count)?.maximum
                let text = peak.map { ", peak \(Text.memory(Double($0)))" } ?? ""
                line("memory", Text.memory(memory) + (area.columns >= 32 ? text : ""), &painter)
            }
            line("data wait", "\(Text.fixed(latest.data_wait_s * 1000, 1)) ms", &painter)
        }
        if let started = training.started { line("threads", "\(started.threads), \(started.isa)", &painter) }
    }

    private mutating func drawLearning(_ painter: inout Painter) {
        guard let latest = training.latest else { return }
        let base = training.steered(.learningRate)
        // The schedule lowers what was set.
        let isLowered = base.map { abs($0 - latest.lr) > 1e-6 * abs($0) } ?? false
        line(
            isLowered && area.columns < 32 ? "lr" : "learning rate",
            Text.significant(latest.lr) + (isLowered ? " of \(Text.setting(base))" : ""), &painter)
        line("gradient norm", Text.significant(latest.gradient_norm), &painter)
        line("bank filled", "\(Int((latest.bank_fill * 100).rounded())) %", &painter)
        line("embedding SD", Text.fixed(latest.embedding_sd, 4), training.isCollapsing ? .bad : .plain, &painter)
    }
}
