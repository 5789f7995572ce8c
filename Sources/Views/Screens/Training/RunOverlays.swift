import TerminalKit

/// The form of a new run, the list of checkpoints to go back to, and a line of text for a session.
enum RunOverlays {
    static func draw(_ form: RunForm, _ painter: inout Painter, _ content: Rect) {
        let inner = Overlays.box(
            &painter, content, columns: 84, rows: form.fields.count + 6, title: form.origin.map { "Fork of \($0)" } ?? "New run")
        guard inner.rows > 4 else { return }
        let rows = inner.rows - 4
        let first = max(0, min(form.chosen - rows / 2, form.fields.count - rows))
        let names = (form.fields.map(\.name.count).max() ?? 0) + 1
        for (offset, field) in form.fields.dropFirst(first).prefix(rows).enumerated() {
            let row = inner.row + offset
            let isChosen = first + offset == form.chosen
            if isChosen { painter.fill(Rect(column: inner.column, row: row, columns: inner.columns, rows: 1), Cell(" ", .selected)) }
            painter.text(field.name, row: row, column: inner.column, width: names, isChosen ? .selected : .faint)
            let changed = !field.initial.isEmpty && field.text != field.initial
            let width = inner.columns - names - 2 - (changed ? field.initial.count + 7 : 0)
            if isChosen, !field.isFixed {
                painter.line(field.line, row: row, column: inner.column + names + 1, width: width, .selected, cursor: .selected)
            } else {
                let text = painter.ending(field.text, columns: width - 1)
                let style = isChosen ? Style.selected : field.isFixed ? .faint : .strong
                painter.text(text, row: row, column: inner.column + names + 1, width: width, style)
            }
            if changed {
                painter.textRight("was \(field.initial)", row: row, endColumn: inner.endColumn, isChosen ? .selected : .warning)
            }
        }
        let field = form.fields[form.chosen]
        let foot = inner.endRow - 4
        painter.text(field.help, row: foot, column: inner.column, width: inner.columns)
        if let complaint = form.complaint {
            Overlays.drawComplaint(complaint, &painter, inner, row: foot + 1)
        } else {
            painter.text("takes \(field.range)", row: foot + 1, column: inner.column, width: inner.columns, .faint)
            painter.text(form.needs ?? "", row: foot + 2, column: inner.column, width: inner.columns, .faint)
        }
        painter.spans(
            [
                ("Enter", .key), (" starts  ", .plain), ("Up Down", .key), (" fields  ", .plain), ("C-u", .key), (" clears  ", .plain),
                ("Esc", .key), (" leaves", .plain),
            ],
            row: foot + 3, column: inner.column, width: inner.columns)
    }

    static func draw(checkpoints steps: [Int]?, chosen: Int, now: Int, _ painter: inout Painter, _ content: Rect) {
        let inner = Overlays.box(&painter, content, columns: 62, rows: min(14, (steps?.count ?? 1) + 4), title: "Roll back to")
        guard let steps, !steps.isEmpty else {
            let text = steps == nil ? "looking for checkpoints …" : "there is no checkpoint yet; c writes one"
            painter.text(text, row: inner.row, column: inner.column, width: inner.columns, .faint)
            return
        }
        let rows = max(1, inner.rows - 1)
        let first = max(0, min(chosen - rows + 1, steps.count - rows))
        for (offset, step) in steps.dropFirst(first).prefix(rows).enumerated() {
            let row = inner.row + offset
            let isChosen = first + offset == chosen
            if isChosen { painter.fill(Rect(column: inner.column, row: row, columns: inner.columns, rows: 1), Cell(" ", .selected)) }
            let text = "step \(Chart.grouped(step))   \(Chart.grouped(max(0, now - step))) steps ago"
            painter.text(text, row: row, column: inner.column, width: inner.columns, isChosen ? .selected : .plain)
        }
        painter.text("Enter chooses, Esc leaves", row: inner.endRow - 1, column: inner.column, width: inner.columns, .faint)
    }

    static func draw(_ entry: TextEntry, _ painter: inout Painter, _ content: Rect) {
        let inner = Overlays.box(&painter, content, columns: 76, rows: 6, title: entry.title)
        painter.line(entry.line, row: inner.row, column: inner.column, width: inner.columns, .strong)
        if let complaint = entry.complaint {
            Overlays.drawComplaint(complaint, &painter, inner, row: inner.row + 1)
        } else {
            painter.text(entry.hint, row: inner.row + 1, column: inner.column, width: inner.columns, .faint)
        }
        painter.text("Enter \(entry.action), Esc leaves", row: inner.endRow - 1, column: inner.column, width: inner.columns, .faint)
    }
}
