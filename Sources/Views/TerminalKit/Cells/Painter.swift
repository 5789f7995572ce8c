/// Draws text, lines and bars into a grid; everything is clipped to the grid.
package struct Painter {
    package private(set) var grid: CellGrid
    package let capabilities: Capabilities
    /// Fewer shades in pictures.
    package let isLean: Bool

    package init(_ size: Size, _ capabilities: Capabilities, isLean: Bool = false) {
        grid = CellGrid(size)
        self.capabilities = capabilities
        self.isLean = isLean
    }

    package mutating func put(_ glyph: Unicode.Scalar, row: Int, column: Int, _ style: Style = .plain) {
        grid[row, column] = Cell(glyph, style)
    }

    package mutating func setGlyph(_ cell: Cell, row: Int, column: Int) { grid[row, column] = cell }

    /// Writes text from a column on, at most `width` cells; longer text ends in an ellipsis. Returns the column after it.
    /// Wide characters take two cells; what cannot be shown is escaped.
    @discardableResult
    package mutating func text(_ text: String, row: Int, column: Int, width: Int = .max, _ style: Style = .plain) -> Int {
        guard width > 0 else { return column }
        guard TextCluster.isSimple(text, unicode: capabilities.unicode) else {
            return clusters(TextCluster.clusters(text, unicode: capabilities.unicode), row: row, column: column, width: width, style)
        }
        var at = column
        var left = width
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            if left == 1, index + 1 < scalars.count {
                put("…", row: row, column: at, style)
                return at + 1
            }
            guard left > 0 else { break }
            put(scalar, row: row, column: at, style)
            at += 1
            left -= 1
        }
        return at
    }

    private mutating func clusters(_ clusters: [TextCluster], row: Int, column: Int, width: Int, _ style: Style) -> Int {
        let needed = clusters.reduce(0) { $0 + $1.columns }
        let end = column + min(width, needed)
        var at = column
        for cluster in clusters {
            guard at + cluster.columns <= (needed <= width ? end : end - 1) else { break }
            grid[row, at] = Cell(cluster, style)
            at += cluster.columns
        }
        guard needed > width else { return at }
        put("…", row: row, column: at, style)
        return at + 1
    }

    /// Cells that a text takes.
    package func columns(of text: String) -> Int { TextCluster.columns(of: text, unicode: capabilities.unicode) }

    /// As much of a text's end as fits into so many cells, after an ellipsis where that is not all.
    package func ending(_ text: String, columns: Int) -> String {
        guard self.columns(of: text) > columns else { return text }
        var left = columns - 1
        var end = ""
        for character in text.reversed() {
            let width = self.columns(of: String(character))
            guard width <= left else { break }
            left -= width
            end = String(character) + end
        }
        return "…" + end
    }

    /// Writes pieces of different style one after the other, clipped at `width` cells in all. Returns the column after them.
    @discardableResult
    package mutating func spans(_ spans: [(String, Style)], row: Int, column: Int, width: Int) -> Int {
        var at = column
        for (piece, style) in spans { at = text(piece, row: row, column: at, width: column + width - at, style) }
        return at
    }

    /// Text that ends at the last column of a field.
    package mutating func textRight(_ string: String, row: Int, endColumn: Int, width: Int = .max, _ style: Style = .plain) {
        let count = min(columns(of: string), width)
        text(string, row: row, column: endColumn - count, width: count, style)
    }

    package mutating func fill(_ rect: Rect, _ cell: Cell = .blank) {
        let columns = max(0, rect.column)..<max(max(0, rect.column), min(rect.endColumn, grid.size.columns))
        for row in max(0, rect.row)..<max(max(0, rect.row), min(rect.endRow, grid.size.rows)) {
            for column in columns { grid[row, column] = cell }
        }
    }

    /// A section's heading: its name, then a rule to the end of the field.
    package mutating func heading(_ name: String, _ rect: Rect, right: String = "", emphasised: Bool = false) {
        guard rect.columns > 0, rect.rows > 0 else { return }
        for column in rect.column..<rect.endColumn { put("─", row: rect.row, column: column, .rule) }
        if rect.columns > 6 {
            text(" \(name) ", row: rect.row, column: rect.column + 1, width: rect.columns - 2, emphasised ? .selected : .title)
        }
        let room = rect.columns - columns(of: name) - 6
        if !right.isEmpty, room >= columns(of: right) {
            text(" \(right) ", row: rect.row, column: rect.endColumn - columns(of: right) - 3, .faint)
        }
    }

    /// Puts a picture over the cells of its place, which are blanked.
    package mutating func place(_ picture: Picture) {
        fill(picture.rect)
        grid.pictures.append(picture)
    }

    /// A frame of lines with a title, its inside cleared, over whatever was drawn before; returns the inside.
    package mutating func frame(_ rect: Rect, title: String) -> Rect {
        fill(rect)
        grid.covers.append(Rect(column: rect.column - 1, row: rect.row, columns: rect.columns + 2, rows: rect.rows))
        guard rect.columns >= 2, rect.rows >= 2 else { return rect }
        for column in rect.column..<rect.endColumn {
            put("─", row: rect.row, column: column, .rule)
            put("─", row: rect.endRow - 1, column: column, .rule)
        }
        for row in rect.row..<rect.endRow {
            put("│", row: row, column: rect.column, .rule)
            put("│", row: row, column: rect.endColumn - 1, .rule)
        }
        put("╭", row: rect.row, column: rect.column, .rule)
        put("╮", row: rect.row, column: rect.endColumn - 1, .rule)
        put("╰", row: rect.endRow - 1, column: rect.column, .rule)
        put("╯", row: rect.endRow - 1, column: rect.endColumn - 1, .rule)
        text(" \(title) ", row: rect.row, column: rect.column + 2, width: rect.columns - 4, .title)
        return rect.inset(columns: 2, rows: 1)
    }

    /// A progress bar; `fraction` in 0…1, eighth-of-a-cell steps.
    package mutating func bar(_ fraction: Double, row: Int, column: Int, width: Int, _ style: Style) {
        guard width > 0 else { return }
        let clamped = fraction.isFinite ? max(0, min(1, fraction)) : 0
        let full = Int(clamped * Double(width))
        for index in 0..<width { put(index < full ? "━" : "─", row: row, column: column + index, index < full ? style : .rule) }
        if !capabilities.unicode { for index in 0..<full { put("=", row: row, column: column + index, style) } }
    }

    /// The finished frame; in ASCII where the terminal has no more.
    package consuming func finish() -> CellGrid {
        if !capabilities.unicode { grid.reduceToASCII() }
        grid.capabilities = capabilities
        return grid
    }
}
