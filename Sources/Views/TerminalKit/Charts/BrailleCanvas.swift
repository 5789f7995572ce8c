import Foundations

/// Dots, 2 × 4 a cell, in the braille characters U+2800…U+28FF.
///
/// A cell has one colour: that of the last strong dot, else of the last faint one. Faint dots are drawn in a darker shade.
package struct BrailleCanvas {
    private let columns, rows: Int
    private var bits: [UInt8]
    private var colours: [Colour]
    private var strong: [Bool]

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        bits = Array(repeating: 0, count: columns * rows)
        colours = Array(repeating: .terminal, count: columns * rows)
        strong = Array(repeating: false, count: columns * rows)
    }

    /// Sets the dots of one dot column, from the first to the last dot row (0 at the top).
    package mutating func fill(column: Int, rows dotRows: ClosedRange<Int>, _ colour: Colour, strong isStrong: Bool) {
        guard column >= 0, column < columns * 2 else { return }
        for dot in max(0, dotRows.lowerBound)...max(0, min(rows * 4 - 1, dotRows.upperBound)) where dot < rows * 4 {
            let cell = (dot / 4) * columns + column / 2
            bits[cell] |= Self.bit(column & 1, dot & 3)
            if isStrong || !strong[cell] {
                colours[cell] = colour
                strong[cell] = strong[cell] || isStrong
            }
        }
    }

    /// Draws the cells that hold dots.
    package func draw(_ painter: inout Painter, _ rect: Rect) {
        for row in 0..<min(rows, rect.rows) {
            for column in 0..<min(columns, rect.columns) {
                let cell = row * columns + column
                guard bits[cell] != 0, let glyph = Unicode.Scalar(0x2800 + UInt32(bits[cell])) else { continue }
                let colour = strong[cell] ? colours[cell] : colours[cell].mixed(with: Colour(grey: 0x58), 0.7)
                painter.put(glyph, row: rect.row + row, column: rect.column + column, Style(colour))
            }
        }
    }

    private static func bit(_ x: Int, _ y: Int) -> UInt8 {
        if y == 3 { return x == 0 ? 0x40 : 0x80 }
        return UInt8(1) << UInt8(y + 3 * x)
    }
}
