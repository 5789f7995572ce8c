import TerminalKit

/// The list of subjects beside the slices, on the masks and the cohort screen: as much of it as fits, the chosen one in the middle.
struct SubjectList {
    /// One subject's line.
    struct Line {
        var name: String
        /// How it stands.
        var sign: (String, Style)?
        /// At the right, where there is room.
        var detail = ""
    }

    let area: Rect
    let count: Int
    /// -1: none.
    let chosen: Int

    /// From this width on there is room for details.
    private static let wide = 30

    var isWide: Bool { area.columns >= Self.wide }

    /// The first subject shown.
    var first: Int {
        let rows = max(1, area.rows - 1)
        return max(0, min(chosen - rows / 2, count - rows))
    }

    /// The subject under the mouse.
    func subject(column: Int, row: Int) -> Int? {
        guard area.contains(column: column, row: row), row > area.row else { return nil }
        let index = row - area.row - 1 + first
        return index < count ? index : nil
    }

    /// - Parameters:
    ///   - heading: at the right of the title.
    ///   - line: of a subject, by its place.
    func draw(_ painter: inout Painter, heading: String, line: (Int) -> Line) {
        guard area.rows >= 2 else { return }
        painter.heading("Subjects", area, right: heading)
        for (offset, index) in (first..<max(first, count)).prefix(area.rows - 1).enumerated() {
            let row = area.row + 1 + offset
            let line = line(index)
            let isChosen = index == chosen
            if isChosen { painter.fill(Rect(column: area.column, row: row, columns: area.columns, rows: 1), Cell(" ", .selected)) }
            painter.text(isChosen ? "▸" : " ", row: row, column: area.column, isChosen ? .selected : .plain)
            if let sign = line.sign { painter.text(sign.0, row: row, column: area.column + 1, isChosen ? .selected : sign.1) }
            let start = line.sign == nil ? 2 : 3
            let hasDetail = isWide && !line.detail.isEmpty
            let width = area.columns - start - (hasDetail ? 13 : 0)
            // Names of one cohort differ at their end.
            let name = painter.ending(line.name, columns: width)
            painter.text(name, row: row, column: area.column + start, width: width, isChosen ? .selected : .plain)
            if hasDetail {
                painter.textRight(line.detail, row: row, endColumn: area.endColumn, width: 12, isChosen ? .selected : .faint)
            }
        }
    }
}
