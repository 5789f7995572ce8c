import Engine

/// What lies below the curves: events, the table of landmarks, or the commands with what became of them.
enum TrainingPanels {
    static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 2 else { return }
        let summary = state.training.finished?.summary ?? []
        switch state.view.curves.panel {
        case .events where !summary.isEmpty: drawSummary(summary, &painter, area)
        case .events: drawHappenings(state.training, &painter, area)
        case .landmarks: drawLandmarks(state, &painter, area)
        case .commands: drawAudit(state.training, &painter, area)
        }
    }

    private static func drawHappenings(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Events", area)
        let lines = training.happenings.suffix(max(0, area.rows - 1))
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

    private static func sign(_ kind: TrainingState.Happening.Kind) -> (String, Style) {
        switch kind {
        case .plain: ("·", .faint)
        case .command: ("▼", Style(TrainingScreen.steering, .bold))
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

    private static func drawAudit(_ training: TrainingState, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Commands", area, right: "\(training.audit.count) in the journal")
        let waiting = training.pending.map { (line: "\($0)", outcome: "waits for the next step", style: Style.warning) }
        let room = max(0, area.rows - 1 - waiting.count)
        var row = area.row + 1
        for line in training.audit.suffix(room) {
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
        painter.heading("Landmarks by loss", area, right: "\(ranking.count) visited")
        let titles = ["landmark", "loss", "change", "accuracy", "bank", "gradient", "visits", "last step"]
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
