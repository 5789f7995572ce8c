import Foundation

/// The list of sessions.
package enum SessionsScreen {
    private static let headerRows = 2

    private static func firstShown(_ rows: Int, _ sessions: SessionsState) -> Int {
        max(0, min(sessions.chosen - rows / 2, sessions.entries.count - rows))
    }

    /// The entry on a row of the screen.
    package static func entry(row: Int, _ content: Rect, _ sessions: SessionsState) -> Int? {
        let rows = content.rows - headerRows
        let index = row - content.row - headerRows + firstShown(rows, sessions)
        return row >= content.row + headerRows && row < content.endRow && sessions.entries.indices.contains(index) ? index : nil
    }

    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let sessions = state.sessions
        if let comparison = sessions.comparison {
            ComparisonScreen.draw(comparison, &painter, content)
            return
        }
        painter.heading(
            "Sessions", Rect(column: 0, row: content.row, columns: content.columns, rows: 1),
            right: sessions.isListed ? "\(sessions.entries.count)" : "")
        guard sessions.isListed else { return }
        guard !sessions.entries.isEmpty else {
            drawWelcome(state, &painter, content)
            return
        }
        let wide = content.columns >= 70
        let nameWidth = max(10, content.columns - (wide ? 62 : 30))
        let header = content.row + 1
        painter.text("name", row: header, column: 2, width: nameWidth, .faint)
        painter.text("state", row: header, column: nameWidth + 3, .faint)
        painter.textRight("progress", row: header, endColumn: nameWidth + (wide ? 51 : 29), width: wide ? 16 : 8, .faint)
        if wide { painter.textRight("loss", row: header, endColumn: content.columns - 1, .faint) }
        let rows = content.rows - headerRows
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
