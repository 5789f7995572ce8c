import StudyResults
import TerminalKit

/// A result's table: methods down, targets and metrics across; a cell has mean ± standard deviation, and its interval below.
struct EvaluationTable {
    private let table: MeasurementTable
    private static let cellWidth = 19

    init(_ result: ExperimentResult) { table = MeasurementTable(result) }

    static func mean(_ m: MethodScore) -> String {
        ExperimentReport.number(m.mean) + (m.folds.count > 1 ? " ± \(ExperimentReport.number(m.deviation))" : "")
    }

    static func interval(_ m: MethodScore) -> String {
        guard let lower = m.lower, let upper = m.upper else { return "" }
        return "[\(ExperimentReport.number(lower)), \(ExperimentReport.number(upper))]"
    }

    /// n of a column, and its folds; of several the least and the most.
    private func count(_ column: Int) -> String {
        let cells = table.rows.compactMap { $0.cells[column] }
        func span(_ values: [Int]) -> String {
            guard let least = values.min(), let most = values.max() else { return "" }
            return least == most ? "\(least)" : "\(least)–\(most)"
        }
        return "n \(span(cells.map(\.count))), \(span(cells.map(\.folds.count))) folds"
    }

    func draw(_ painter: inout Painter, _ area: Rect, firstLine: Int, firstColumn: Int) {
        guard area.rows >= 5, !table.columns.isEmpty else { return }
        let longest = table.rows.map(\.method.count).max() ?? 0
        let names = min(longest + 2, max(12, area.columns / 3))
        let shown = max(1, (area.columns - names) / Self.cellWidth)
        let first = max(0, min(firstColumn, table.columns.count - shown))
        let columns = Array(first..<min(table.columns.count, first + shown))
        for (place, column) in columns.enumerated() {
            let at = area.column + names + place * Self.cellWidth
            let width = Self.cellWidth - 1
            let isNew = place == 0 || table.columns[column].target != table.columns[column - 1].target
            if isNew { painter.text(table.columns[column].target, row: area.row, column: at, width: width, .title) }
            painter.text(table.columns[column].metric, row: area.row + 1, column: at, width: width, .strong)
            painter.text(count(column), row: area.row + 2, column: at, width: width, .faint)
        }
        if columns.count < table.columns.count {
            let text = "\(first + 1)–\(first + columns.count) of \(table.columns.count)"
            painter.text(text, row: area.row, column: area.column + 1, width: names - 1, .key)
            painter.text("Left, Right", row: area.row + 1, column: area.column + 1, width: names - 1, .faint)
        }
        let rows = area.rows - 3
        let top = min(firstLine, max(0, 2 * table.rows.count - rows))
        for line in top..<min(2 * table.rows.count, top + rows) {
            let row = area.row + 3 + line - top
            let method = table.rows[line / 2]
            if line % 2 == 0 { painter.text(method.method, row: row, column: area.column + 1, width: names - 2, .strong) }
            for (place, column) in columns.enumerated() {
                guard let cell = method.cells[column] else { continue }
                let at = area.column + names + place * Self.cellWidth
                painter.text(
                    line % 2 == 0 ? Self.mean(cell) : Self.interval(cell), row: row, column: at, width: Self.cellWidth - 1,
                    line % 2 == 0 ? .plain : .faint)
            }
        }
    }
}
