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

    /// Columns that the table of volumes needs.
    static let tableWidth = 57

    package init(_ content: Rect, _ state: WorkbenchState) {
        var area = content
        let nothing = Rect(column: 0, row: 0, columns: 0, rows: 0)
        (list, boxes, readout, table, thirds) = (nothing, nothing, nothing, nothing, nothing)
        status = area.takeTop(area.columns >= 110 ? 1 : 2)
        if area.columns >= 150, area.rows >= 24 {
            var side = area.takeLeft(Self.tableWidth + 3)
            side = Rect(column: side.column, row: side.row, columns: side.columns - 2, rows: side.rows)
            if side.rows >= 26 { thirds = side.takeBottom(6) }
            table = side.takeBottom(6)
            readout = side.takeBottom(6)
            list = side
        } else {
            if area.rows >= 18 {
                var foot = area.takeBottom(6)
                table = foot.columns >= Self.tableWidth + 20 ? foot.takeRight(Self.tableWidth) : nothing
                readout = Rect(
                    column: foot.column, row: foot.row, columns: table.isEmpty ? foot.columns : foot.columns - 1, rows: foot.rows)
            } else {
                readout = area.takeBottom(1)
            }
            if area.columns >= 70, area.rows >= 8 {
                let column = area.takeLeft(area.columns >= 100 ? 22 : 13)
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
