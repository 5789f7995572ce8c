import TerminalKit

/// What lies below the curves: events, the table of landmarks, or the commands with what became of them.
enum TrainingPanels {
    static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 2 else { return }
        switch state.view.curves.panel {
        case .events where !restsAtEnd(state): drawSummary(state, &painter, area)
        case .events: drawHappenings(state, &painter, area)
        case .landmarks: drawLandmarks(state, &painter, area)
        case .commands: drawAudit(state, &painter, area)
        }
    }

    // MARK: moving lines

    /// A finished run's summary in lines as wide as the panel; empty where the panel shows something else.
    static func summary(_ state: WorkbenchState, columns: Int) -> [String] {
        guard state.view.curves.panel == .events, let finished = state.training.finished else { return [] }
        return finished.summary.flatMap { Overlays.wrap($0, max(10, columns - 2)) }
    }

    /// The newest lines are shown at first; of a summary the first ones are.
    static func restsAtEnd(_ state: WorkbenchState) -> Bool {
        state.view.curves.panel != .events || state.training.finished?.summary.isEmpty ?? true
    }

    /// How many lines the panel can be moved by.
    static func furthest(_ state: WorkbenchState, _ area: Rect) -> Int {
        let count =
            switch state.view.curves.panel {
            case .events: restsAtEnd(state) ? state.training.logEntries.count : summary(state, columns: area.columns).count
            case .commands: state.training.audit.count + state.training.pending.count
            case .landmarks: 0
            }
        return max(0, count - max(0, area.rows - 1))
    }

    private static func offset(_ state: WorkbenchState, _ area: Rect) -> Int { min(state.panelOffset, furthest(state, area)) }

    /// Tells that lines lie beyond those shown.
    private static func hint(_ state: WorkbenchState, _ area: Rect) -> String {
        guard furthest(state, area) > 0 else { return "" }
        let (up, down) = (CommandTable[.panelUp].keys[0].name, CommandTable[.panelDown].keys[0].name)
        return "\(up) and \(down) scroll"
    }

    private static func drawHappenings(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Events", area, right: hint(state, area))
        let lines = state.training.logEntries.dropLast(offset(state, area)).suffix(max(0, area.rows - 1))
        for (offset, happening) in lines.enumerated() {
            let row = area.row + 1 + offset
            drawMoment(happening.time, happening.step, &painter, area, row: row)
            let (sign, style) = sign(happening.kind)
            painter.text(sign, row: row, column: area.column + 19, style)
            painter.text(
                happening.text, row: row, column: area.column + 21, width: area.endColumn - area.column - 21,
                happening.kind == .fault ? .bad : .plain)
        }
    }

    private static func drawMoment(_ time: Double, _ step: Int, _ painter: inout Painter, _ area: Rect, row: Int) {
        painter.textRight(Text.clock(time), row: row, endColumn: area.column + 8, .faint)
        painter.textRight(Chart.grouped(step), row: row, endColumn: area.column + 17, .faint)
    }

    private static func sign(_ kind: TrainingState.LogEntry.Kind) -> (String, Style) {
        switch kind {
        case .plain: ("·", .faint)
        case .command: ("▼", Style(TrainingScreen.steering, .bold))
        case .good: ("✓", .good)
        case .fault: ("✗", .bad)
        }
    }

    private static func drawSummary(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Summary", area, right: hint(state, area))
        let lines = summary(state, columns: area.columns).dropFirst(offset(state, area)).prefix(area.rows - 1)
        for (offset, line) in lines.enumerated() {
            painter.text(line, row: area.row + 1 + offset, column: area.column + 1, width: area.columns - 1)
        }
    }

    private static func drawAudit(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let training = state.training
        let scroll = hint(state, area)
        painter.heading("Commands", area, right: "\(training.audit.count) in the journal" + (scroll.isEmpty ? "" : "; \(scroll)"))
        let isLast = offset(state, area) == 0
        let waiting = isLast ? training.pending.map { (line: "\($0)", outcome: "waits for the next step", style: Style.warning) } : []
        let room = max(0, area.rows - 1 - waiting.count)
        var row = area.row + 1
        for line in training.audit.dropLast(offset(state, area)).suffix(room) {
            drawMoment(line.time, line.step, &painter, area, row: row)
            let end = painter.text(line.command, row: row, column: area.column + 19, width: 26)
            painter.text(
                line.refusal.map { "refused: \($0)" } ?? "applied", row: row, column: max(end + 2, area.column + 42),
                width: area.endColumn - max(end + 2, area.column + 42), line.refusal == nil ? .good : .bad)
            row += 1
        }
        for line in waiting where row < area.endRow {
            painter.text(line.line, row: row, column: area.column + 19, width: 22)
            painter.text(line.outcome, row: row, column: area.column + 42, width: area.endColumn - area.column - 42, line.style)
            row += 1
        }
        if row == area.row + 1 { painter.text("nothing was steered yet", row: row, column: area.column + 2, .faint) }
    }

    // MARK: landmarks

    private static func drawLandmarks(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let training = state.training
        let ranking = training.landmarksByLoss
        painter.heading("Landmarks by loss, with its change since the visit before", area, right: "\(ranking.count) visited")
        let titles = ["landmark", "loss", "change", "accuracy", "bank", "gradient", "visits", "at step"]
        let width = min(10, max(8, (area.columns - 2) / titles.count))
        for (index, title) in titles.enumerated() where (index + 1) * width < area.columns {
            painter.textRight(title, row: area.row + 1, endColumn: area.column + (index + 1) * width + 1, .faint)
        }
        let rows = max(0, area.rows - 2)
        for (offset, landmark) in ranking.dropFirst(firstLandmark(state, rows: rows)).prefix(rows).enumerated() {
            guard let record = training.landmarks[landmark] else { continue }
            let row = area.row + 2 + offset
            let isChosen = landmark == state.view.landmark
            if isChosen { painter.fill(Rect(column: area.column, row: row, columns: area.columns, rows: 1), Cell(" ", .selected)) }
            let values =
                ["\(landmark)"] + LandmarkQuantity.allCases.map { $0.text($0.value(record)) } + [
                    "\(record.loss.count)", Chart.grouped(record.loss.last?.step ?? 0),
                ]
            for (index, value) in values.enumerated() where (index + 1) * width < area.columns {
                painter.textRight(value, row: row, endColumn: area.column + (index + 1) * width + 1, isChosen ? .selected : .plain)
            }
        }
    }

    /// The first line of the table, so that the chosen landmark is in view.
    static func firstLandmark(_ state: WorkbenchState, rows: Int) -> Int {
        let ranking = state.training.landmarksByLoss
        guard let chosen = state.view.landmark, let at = ranking.firstIndex(of: chosen) else { return 0 }
        return max(0, min(at - rows / 2, ranking.count - rows))
    }
}
