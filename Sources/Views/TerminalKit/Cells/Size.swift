/// A size in character cells.
package struct Size: Hashable, Sendable {
    package var columns, rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// From text such as `80x24`.
    package init?(_ text: String) {
        let parts = text.lowercased().split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, (1...1000).contains(parts[0]), (1...1000).contains(parts[1]) else { return nil }
        self.init(columns: parts[0], rows: parts[1])
    }
}

extension Size: CustomStringConvertible {
    package var description: String { "\(columns)x\(rows)" }
}

/// A rectangle of character cells. Never of negative size.
package struct Rect: Hashable, Sendable {
    package var column, row, columns, rows: Int

    package init(column: Int, row: Int, columns: Int, rows: Int) {
        self.column = column
        self.row = row
        self.columns = max(0, columns)
        self.rows = max(0, rows)
    }

    package init(_ size: Size) { self.init(column: 0, row: 0, columns: size.columns, rows: size.rows) }

    package var isEmpty: Bool { columns == 0 || rows == 0 }
    /// The first column right of it, and the first row below it.
    package var endColumn: Int { column + columns }
    package var endRow: Int { row + rows }

    package func contains(column c: Int, row r: Int) -> Bool { c >= column && c < endColumn && r >= row && r < endRow }

    /// Cuts `count` rows off the top (or the bottom), and returns them.
    package mutating func takeTop(_ count: Int) -> Rect {
        let taken = Rect(column: column, row: row, columns: columns, rows: min(max(0, count), rows))
        row += taken.rows
        rows -= taken.rows
        return taken
    }

    package mutating func takeBottom(_ count: Int) -> Rect {
        let height = min(max(0, count), rows)
        rows -= height
        return Rect(column: column, row: row + rows, columns: columns, rows: height)
    }

    /// Cuts `count` columns off the left (or the right), and returns them.
    package mutating func takeLeft(_ count: Int) -> Rect {
        let taken = Rect(column: column, row: row, columns: min(max(0, count), columns), rows: rows)
        column += taken.columns
        columns -= taken.columns
        return taken
    }

    package mutating func takeRight(_ count: Int) -> Rect {
        let width = min(max(0, count), columns)
        columns -= width
        return Rect(column: column + columns, row: row, columns: width, rows: rows)
    }

    /// Smaller by so many cells on each side.
    package func inset(columns c: Int, rows r: Int) -> Rect {
        Rect(column: column + c, row: row + r, columns: columns - 2 * c, rows: rows - 2 * r)
    }
}
