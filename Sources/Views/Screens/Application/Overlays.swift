import SessionFormat
import TerminalKit

/// Help, palette, prompt and questions, drawn over the screen.
package enum Overlays {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        switch state.overlay {
        case .help(let line): HelpPage(state.screen, content, note: state.pictureNote).draw(&painter, line: line)
        case .palette(let query, let chosen): drawPalette(state.screen, query, chosen, &painter, content)
        case .prompt(let text, let complaint): drawPrompt(text, complaint, state.training, &painter, content)
        case .note(let note): drawNote(note, &painter, content)
        case .rollBack(let steps, let chosen):
            RunOverlays.draw(checkpoints: steps, chosen: chosen, now: state.training.step, &painter, content)
        case .entry(let entry): RunOverlays.draw(entry, &painter, content)
        case .form(let form): RunOverlays.draw(form, &painter, content)
        case .confirmRollBack(let step):
            drawQuestion(
                "Roll back?",
                [
                    "The run goes on from step \(Chart.grouped(step)).",
                    "\(Chart.grouped(max(0, state.training.step - step))) later steps and their checkpoints are lost.",
                ], &painter, content)
        case .confirmDelete(let name):
            drawQuestion("Delete \(name)?", ["Everything in its folder is removed: checkpoints, masks, journal."], &painter, content)
        case .confirmStop:
            drawQuestion(
                "Stop the run?", ["A checkpoint is written and the run ends.", "It can be continued later with --resume."], &painter,
                content)
        case .confirmQuit(let hint): drawQuestion("Leave?", [hint], &painter, content)
        case .confirmFineTuning(let plan):
            let after = state.masks.loaded.map { "Then \($0.id) is predicted again; masks of other subjects become stale." } ?? ""
            drawQuestion("Fine-tune with these boxes?", plan.lines + [after], &painter, content)
        case nil: break
        }
    }

    private static func centred(_ content: Rect, columns: Int, rows: Int) -> Rect {
        let width = min(columns, content.columns)
        let height = min(rows, content.rows)
        return Rect(
            column: content.column + (content.columns - width) / 2, row: content.row + (content.rows - height) / 2, columns: width,
            rows: height)
    }

    /// A box in the middle, with a blank column on either side to set it off; returns its inside.
    static func box(_ painter: inout Painter, _ content: Rect, columns: Int, rows: Int, title: String) -> Rect {
        let place = centred(content, columns: columns, rows: rows)
        painter.fill(Rect(column: place.column - 1, row: place.row, columns: place.columns + 2, rows: place.rows))
        return painter.frame(place, title: title)
    }

    private static func drawPalette(_ screen: ScreenID, _ query: String, _ chosen: Int, _ painter: inout Painter, _ content: Rect) {
        let found = FuzzyMatch.commands(query, on: screen)
        let inner = box(&painter, content, columns: 72, rows: 16, title: "Commands")
        let end = painter.spans([(": ", .key), (query, .strong)], row: inner.row, column: inner.column, width: inner.columns)
        painter.put("▏", row: inner.row, column: end, .key)
        let rows = max(0, inner.rows - 1)
        let first = max(0, min(chosen - rows + 1, found.count - rows))
        for (offset, command) in found.dropFirst(first).prefix(rows).enumerated() {
            let row = inner.row + 1 + offset
            let isChosen = first + offset == chosen
            if isChosen { painter.fill(Rect(column: inner.column, row: row, columns: inner.columns, rows: 1), Cell(" ", .selected)) }
            let elsewhere = command.works(on: screen) ? "" : command.home?.title ?? ""
            painter.text(
                command.help, row: row, column: inner.column, width: inner.columns - 11 - elsewhere.count,
                isChosen ? .selected : elsewhere.isEmpty ? .plain : .faint)
            painter.textRight(elsewhere, row: row, endColumn: inner.endColumn - 10, width: 10, isChosen ? .selected : .title)
            painter.textRight(command.keyNames, row: row, endColumn: inner.endColumn, width: 9, isChosen ? .selected : .key)
        }
        if found.isEmpty { painter.text("nothing matches", row: inner.row + 1, column: inner.column, .faint) }
    }

    private static func drawPrompt(
        _ text: String, _ complaint: String?, _ training: TrainingState, _ painter: inout Painter, _ content: Rect
    ) {
        let settings = SteerableSetting.allCases
        let inner = box(&painter, content, columns: 100, rows: settings.count + 8, title: "Change a setting")
        let end = painter.spans([("name=value  ", .faint), (text, .strong)], row: inner.row, column: inner.column, width: inner.columns)
        painter.put("▏", row: inner.row, column: end, .key)
        if let complaint { drawComplaint(complaint, &painter, inner, row: inner.row + 1) }
        for (title, column) in [("now", 14), ("takes", 23)] {
            painter.text(title, row: inner.row + 3, column: inner.column + column, width: inner.columns - column, .faint)
        }
        for (offset, setting) in settings.enumerated() where offset + 4 < inner.rows {
            let row = inner.row + 4 + offset
            painter.text(setting.rawValue, row: row, column: inner.column, width: 13, .key)
            painter.text(Text.setting(training.steered(setting)), row: row, column: inner.column + 14, width: 8, .strong)
            let range = "\(Text.setting(setting.range.lowerBound)) … \(Text.setting(setting.range.upperBound))"
            painter.text(range, row: row, column: inner.column + 23, width: 12)
            painter.text(setting.help, row: row, column: inner.column + 35, width: inner.columns - 35, .faint)
        }
        painter.text("Enter sends, Esc leaves", row: inner.endRow - 1, column: inner.column, width: inner.columns, .faint)
    }

    private static func drawNote(_ note: ReviewNote, _ painter: inout Painter, _ content: Rect) {
        let excludes = note.decision == .excluded
        let title = excludes ? "Exclude \(note.subject)" : "Accept \(note.subject) although it is refused"
        let inner = box(&painter, content, columns: 76, rows: 6, title: title)
        painter.text("Why? The note goes into review.csv and quality.csv.", row: inner.row, column: inner.column, width: inner.columns)
        let shown = painter.ending(note.text, columns: max(1, inner.columns - 2))
        let end = painter.spans([(shown, .strong)], row: inner.row + 1, column: inner.column, width: inner.columns - 1)
        painter.put("▏", row: inner.row + 1, column: end, .key)
        if let complaint = note.complaint { drawComplaint(complaint, &painter, inner, row: inner.row + 2) }
        painter.text(
            "Enter \(excludes ? "excludes" : "accepts"), Esc leaves", row: inner.endRow - 1, column: inner.column, width: inner.columns,
            .faint)
    }

    private static func drawQuestion(_ title: String, _ lines: [String], _ painter: inout Painter, _ content: Rect) {
        let width = max(40, (([title] + lines).map { painter.columns(of: $0) }.max() ?? 0) + 6)
        let wrapped = lines.flatMap { wrap($0, min(width, content.columns) - 4) }
        let inner = box(&painter, content, columns: width, rows: wrapped.count + 4, title: title)
        for (offset, line) in wrapped.enumerated() {
            painter.text(line, row: inner.row + offset, column: inner.column, width: inner.columns)
        }
        painter.spans(
            [("y", .key), (" yes    ", .plain), ("any other key", .key), (" no", .plain)], row: inner.endRow - 1, column: inner.column,
            width: inner.columns)
    }

    /// A sentence in place of a picture, below the heading of its area.
    static func drawText(_ text: String, _ painter: inout Painter, _ area: Rect, _ style: Style) {
        for (offset, line) in wrap(text, max(10, area.columns - 4)).enumerated() where offset + 2 < area.rows {
            painter.text(line, row: area.row + 2 + offset, column: area.column + 2, width: area.columns - 3, style)
        }
    }

    /// A complaint in two lines.
    static func drawComplaint(_ complaint: String, _ painter: inout Painter, _ inner: Rect, row: Int) {
        for (offset, text) in wrap(complaint, inner.columns).prefix(2).enumerated() {
            painter.text(text, row: row + offset, column: inner.column, width: inner.columns, .bad)
        }
    }

    /// Breaks text at blanks, and words that are longer than a line where the line ends.
    static func wrap(_ text: String, _ width: Int) -> [String] {
        func columns(_ text: some StringProtocol) -> Int { TextCluster.columns(of: String(text)) }
        var lines: [String] = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if columns(word) > width, width > 1 {
                // A path, most often.
                let broken = last.isEmpty ? word : "\(last) \(word)"[...]
                lines[lines.count - 1] = ""
                for character in broken {
                    if columns(lines[lines.count - 1] + String(character)) > width { lines.append("") }
                    lines[lines.count - 1].append(character)
                }
            } else if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if columns(last) + 1 + columns(word) <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
