import TerminalKit

/// The keys of a screen in one or two columns, each command's sentence wrapped in full.
struct HelpPage {
    private struct Line {
        /// Empty where the sentence above goes on.
        var keys: String
        var text: String
        /// Over the keys' column, too.
        var isNote = false
    }

    private let screen: ScreenID
    private let content: Rect
    private let columns: [[Line]]
    private static let keyWidth = 11

    /// - Parameter note: a sentence above the keys.
    init(_ screen: ScreenID, _ content: Rect, note: String? = nil) {
        self.screen = screen
        self.content = content
        let isWide = content.columns >= 120
        let inside = min(isWide ? 130 : 72, content.columns) - 4
        let width = max(10, (isWide ? inside / 2 - 2 : inside) - Self.keyWidth)
        let entries = CommandTable.commands(on: screen).map { command in
            Overlays.wrap(command.help, width).enumerated().map { Line(keys: $0.offset == 0 ? command.keyNames : "", text: $0.element) }
        }
        let total = entries.reduce(0) { $0 + $1.count }
        let above = note.map { Overlays.wrap($0, width + Self.keyWidth).map { Line(keys: "", text: $0, isNote: true) } } ?? []
        var found: [[Line]] = isWide ? [[], []] : [[]]
        // Commands are not divided between the columns.
        for entry in entries { found[isWide && (!found[1].isEmpty || 2 * found[0].count >= total) ? 1 : 0] += entry }
        if !above.isEmpty { found[0] = above + found[0] }
        columns = found
    }

    private var lines: Int { columns.map(\.count).max() ?? 0 }

    /// Lines in view: all but the box's frame and its foot.
    private var rows: Int { max(1, min(lines + 3, content.rows) - 3) }

    /// The last line that the page can begin with.
    var lastLine: Int { max(0, lines - rows) }

    /// - Parameter line: the first in view.
    func draw(_ painter: inout Painter, line: Int) {
        let inner = Overlays.box(
            &painter, content, columns: columns.count > 1 ? 130 : 72, rows: lines + 3, title: "Keys of \(screen.title)")
        let first = min(line, lastLine)
        let width = inner.columns / columns.count
        for (index, column) in columns.enumerated() {
            let start = inner.column + index * width
            for (offset, line) in column.dropFirst(first).prefix(rows).enumerated() {
                painter.text(line.keys, row: inner.row + offset, column: start, width: Self.keyWidth - 1, .key)
                if line.isNote {
                    painter.text(line.text, row: inner.row + offset, column: start, width: width - 1, .warning)
                } else {
                    painter.text(line.text, row: inner.row + offset, column: start + Self.keyWidth)
                }
            }
        }
        let place = "Up and Down scroll: \(first + 1)–\(first + rows) of \(lines)"
        let foot = lastLine == 0 ? "any key closes" : inner.columns < 60 ? place : "\(place); other keys close"
        painter.text(foot, row: inner.endRow - 1, column: inner.column, width: inner.columns, .faint)
    }
}
