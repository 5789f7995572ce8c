import TerminalKit

/// Where the parts of the masks screen lie.
package struct MasksLayout {
    package var status: Rect
    package var list: Rect
    /// How many boxes there are of each kind.
    package var boxes: Rect
    package var panes: [SlicePane]
    package var readout: Rect
    package var table: Rect
    /// Beside the table where there is room for both.
    package var thirds: Rect
    /// What the status says; nil where no subject is shown.
    let words: MasksStatus?

    /// Columns that the table of volumes needs.
    static let tableWidth = 55
    /// Rows of the read-out of the cross-hair with its heading.
    static let readoutRows = 7
    /// From this width of the list on kinds of boxes have their whole names.
    static let namedBoxes = 20

    package init(_ content: Rect, _ state: WorkbenchState) {
        var area = content
        let nothing = Rect(column: 0, row: 0, columns: 0, rows: 0)
        (list, boxes, readout, table, thirds) = (nothing, nothing, nothing, nothing, nothing)
        let most = content.rows >= 30 ? 6 : content.rows >= 22 ? 5 : content.rows >= 18 ? 3 : 2
        words = state.masks.loaded.map { MasksStatus(state, $0, columns: content.columns, rows: most) }
        if state.view.wholeScreen {
            status = area.takeTop(1)
            readout = area.takeBottom(area.columns >= 80 ? 1 : 2)
            panes = [SlicePane(plane: state.view.plane, rect: area)]
            return
        }
        status = area.takeTop(max(content.columns >= 110 ? 1 : 2, words?.lines.count ?? 0))
        if area.columns >= 150, content.rows >= 26 {
            var side = area.takeLeft(Self.tableWidth + 3)
            side = Rect(column: side.column, row: side.row, columns: side.columns - 2, rows: side.rows)
            if side.rows >= 27 { thirds = side.takeBottom(6) }
            table = side.takeBottom(6)
            readout = side.takeBottom(Self.readoutRows)
            list = side
        } else {
            if content.rows >= 18 {
                var foot = area.takeBottom(Self.readoutRows)
                table = foot.columns >= Self.tableWidth + 20 ? foot.takeRight(Self.tableWidth) : nothing
                readout = Rect(
                    column: foot.column, row: foot.row, columns: table.isEmpty ? foot.columns : foot.columns - 1, rows: foot.rows)
            } else {
                readout = area.takeBottom(2)
            }
            if area.columns >= 70, area.rows >= 8 {
                let column = area.takeLeft(area.columns >= 100 ? 24 : 17)
                list = Rect(column: column.column, row: column.row, columns: column.columns - 1, rows: column.rows)
            }
        }
        if list.rows >= 9 { boxes = list.takeBottom(4) }
        panes = SlicePane.arrange(area, chosen: state.view.plane, maximised: state.view.maximised)
    }

    func subjects(_ state: WorkbenchState) -> SubjectList {
        SubjectList(area: list, count: state.masks.subjects.count, chosen: state.subjectIndex)
    }
}
