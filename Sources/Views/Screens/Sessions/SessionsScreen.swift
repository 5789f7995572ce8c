import Foundation
import TerminalKit

/// The list of sessions.
package enum SessionsScreen {
    private static let headerRows = 2
    private static let mostDetails = 3

    /// The first entry that is shown in so many rows.
    private static func firstShown(_ rows: Int, _ sessions: SessionsState) -> Int {
        max(0, min(sessions.chosen - rows / 2, sessions.entries.count - rows))
    }

    /// What is known of the chosen session in words, in full: its fault, and the note on it.
    private static func details(_ content: Rect, _ sessions: SessionsState) -> [(text: String, style: Style)] {
        guard sessions.entries.indices.contains(sessions.chosen), content.rows >= 14 else { return [] }
        let entry = sessions.entries[sessions.chosen]
        let words: [(String?, Style)] = [(entry.note, .bad), (entry.remark, .plain)]
        let lines = words.flatMap { text, style in
            (text.map { Overlays.wrap($0, max(10, content.columns - 3)) } ?? []).filter { !$0.isEmpty }.map { (text: $0, style: style) }
        }
        return Array(lines.prefix(mostDetails))
    }

    /// Rows of the list itself.
    private static func listRows(_ content: Rect, _ sessions: SessionsState) -> Int {
        let details = details(content, sessions).count
        return max(0, content.rows - headerRows - (details > 0 ? details + 1 : 0))
    }

    /// The entry on a row of the screen.
    package static func entry(row: Int, _ content: Rect, _ sessions: SessionsState) -> Int? {
        let rows = listRows(content, sessions)
        let index = row - content.row - headerRows + firstShown(rows, sessions)
        return row >= content.row + headerRows && row < content.row + headerRows + rows && sessions.entries.indices.contains(index)
            ? index : nil
    }

    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let sessions = state.sessions
        painter.heading(
            "Sessions", Rect(column: 0, row: content.row, columns: content.columns, rows: 1),
            right: sessions.isListed ? "\(sessions.entries.count)" : "")
        guard sessions.isListed else { return }
        guard !sessions.entries.isEmpty else {
            drawWelcome(state, &painter, content)
            return
        }
        drawDetails(sessions, &painter, content)
        let wide = content.columns >= 70
        let nameWidth = max(10, content.columns - (wide ? 62 : 30))
        let header = content.row + 1
        painter.text("name", row: header, column: 2, width: nameWidth, .faint)
        painter.text("state", row: header, column: nameWidth + 3, .faint)
        painter.textRight("progress", row: header, endColumn: nameWidth + (wide ? 51 : 29), width: wide ? 16 : 8, .faint)
        if wide { painter.textRight("loss", row: header, endColumn: content.columns - 1, .faint) }
        let rows = listRows(content, sessions)
        let first = firstShown(rows, sessions)
        for (offset, entry) in sessions.entries.dropFirst(first).prefix(max(0, rows)).enumerated() {
            let row = content.row + headerRows + offset
            let isChosen = first + offset == sessions.chosen
            if isChosen { painter.fill(Rect(column: 0, row: row, columns: content.columns, rows: 1), Cell(" ", .selected)) }
            func style(_ plain: Style) -> Style { isChosen ? .selected : plain }
            painter.text(isChosen ? "▸" : " ", row: row, column: 0, style(.plain))
            if sessions.marked.contains(entry.name) { painter.text("+", row: row, column: 1, style(.key)) }
            let end = painter.text(entry.name, row: row, column: 2, width: nameWidth, style(.strong))
            if let remark = entry.remark, end + 4 < nameWidth {
                painter.text(remark, row: row, column: end + 2, width: nameWidth - end, style(.faint))
            }
            let (word, wordStyle) = condition(entry)
            painter.text(word, row: row, column: nameWidth + 3, width: wide ? 19 : 15, style(wordStyle))
            if let note = entry.note, entry.condition == .unreadable || entry.condition == .faulty, wide {
                painter.text(note, row: row, column: nameWidth + 24, width: content.columns - nameWidth - 25, style(.bad))
                continue
            }
            if entry.totalSteps > 0 {
                let fraction = Double(entry.step) / Double(entry.totalSteps)
                if wide {
                    painter.bar(fraction, row: row, column: nameWidth + 24, width: 12, style(.good))
                    painter.textRight(
                        "\(Chart.grouped(entry.step))/\(Chart.grouped(entry.totalSteps))", row: row, endColumn: nameWidth + 51, width: 14,
                        style(.plain))
                } else {
                    painter.textRight("\(Int(fraction * 100)) %", row: row, endColumn: nameWidth + 29, style(.plain))
                }
            }
            if wide, let loss = entry.loss {
                painter.textRight(Text.fixed(loss, 3), row: row, endColumn: content.columns - 1, style(.plain))
            }
        }
    }

    private static func drawDetails(_ sessions: SessionsState, _ painter: inout Painter, _ content: Rect) {
        let details = details(content, sessions)
        guard !details.isEmpty else { return }
        let top = content.endRow - details.count
        painter.heading(
            sessions.entries[sessions.chosen].name, Rect(column: 0, row: top - 1, columns: content.columns, rows: 1))
        for (offset, line) in details.enumerated() {
            painter.text(line.text, row: top + offset, column: 2, width: content.columns - 2, line.style)
        }
    }

    package static func condition(_ entry: SessionSummary) -> (String, Style) {
        switch entry.condition {
        case .preparing: ("● preparing", .good)
        case .running: (entry.ownership == .otherProcess ? "● running elsewhere" : "● running", .good)
        case .paused: ("‖ paused", .warning)
        case .finished: ("✓ finished", .plain)
        case .stopped: ("■ stopped", .plain)
        case .faulty: ("✗ fault", .bad)
        case .idle: ("■ not running", .warning)
        case .unreadable: ("✗ unreadable", .bad)
        }
    }

    private static func drawWelcome(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let lines: [(String, Style)] = [
            ("DrasCLR Workbench", .title),
            ("", .plain),
            ("There is no session here yet.", .strong),
            ("", .plain),
            (
                state.sessions.demoOffered
                    ? "d   watch the demo: it makes phantom CTs, trains on them" : "workbench demo   runs on phantom CTs", .plain
            ),
            (state.sessions.demoOffered ? "    and predicts emphysema masks, in minutes" : "", .plain),
            ("workbench pretrain   trains on your own CTs", .plain),
        ]
        let top = content.row + max(2, (content.rows - lines.count) / 2)
        let left = max(2, (content.columns - 58) / 2)
        for (index, line) in lines.enumerated() {
            painter.text(line.0, row: top + index, column: left, width: content.columns - left, line.1)
        }
    }
}
