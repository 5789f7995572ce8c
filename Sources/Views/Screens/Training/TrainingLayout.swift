import TerminalKit

/// Where the parts of the training screen lie.
package struct TrainingLayout {
    /// What is under the cross-hair, over a line of the panel, so that the charts stay as they are; empty where there is none.
    package var readout: Rect
    package var upper: Rect
    package var lower: Rect
    package var side: Rect
    package var panel: Rect
    package var isNarrow: Bool

    package init(_ content: Rect, _ state: WorkbenchState) {
        let nothing = Rect(column: 0, row: 0, columns: 0, rows: 0)
        var area = content
        (readout, upper, lower, side, panel) = (nothing, nothing, nothing, nothing, nothing)
        isNarrow = content.columns < 64 || content.rows < 18
        if isNarrow {
            panel = area.takeBottom(2)
            if state.view.curves.cursor != nil { readout = Rect(column: 0, row: panel.endRow - 1, columns: panel.columns, rows: 1) }
            upper = area
            return
        }
        let summary = TrainingPanels.summary(state, columns: content.columns)
        let wanted = summary.isEmpty ? (content.rows >= 40 ? 14 : 6) : summary.count + 1
        // In 24 lines two charts have room.
        panel = area.takeBottom(max(5, min(wanted, content.rows / 2, content.rows - 16)))
        if state.view.curves.cursor != nil { readout = Rect(column: panel.column, row: panel.row, columns: panel.columns, rows: 1) }
        let right = area.takeRight(content.columns >= 120 ? 38 : 27)
        side = Rect(column: right.column + 1, row: right.row, columns: right.columns - 1, rows: right.rows)
        lower = area.takeBottom(area.rows >= 14 ? max(6, area.rows * 2 / 5) : 0)
        upper = area
    }

    /// A chart's own place below its heading.
    static func chart(_ rect: Rect) -> Rect {
        var rest = rect
        _ = rest.takeTop(1)
        return rest
    }

    /// The place in 0…1 along the steps shown that a cell of a chart stands for; nil where there is no chart.
    package func place(column: Int, row: Int) -> Double? {
        for rect in [upper, lower] {
            guard let plot = Chart.plot(Self.chart(rect)), plot.contains(column: column, row: row) else { continue }
            return (Double(column - plot.column) + 0.5) / Double(plot.columns)
        }
        return nil
    }

    /// True on the later half of a chart's axis of steps, false on the earlier half, nil elsewhere.
    package func axisSide(column: Int, row: Int) -> Bool? {
        for rect in [upper, lower] {
            guard let plot = Chart.plot(Self.chart(rect)), row == plot.endRow, row < rect.endRow, column >= plot.column,
                column < plot.endColumn
            else { continue }
            return column >= plot.column + plot.columns / 2
        }
        return nil
    }

    /// The line of the panel under the mouse, counted from 0 below its headings.
    package func panelLine(column: Int, row: Int) -> Int? {
        guard panel.contains(column: column, row: row), row > panel.row + 1 else { return nil }
        return row - panel.row - 2
    }

    /// Lines of the landmarks' table.
    package var tableRows: Int { max(0, panel.rows - 2) }
}
