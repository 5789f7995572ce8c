import Engine
import Foundation

/// A screenful of cells: what a screen renders and a presenter shows. Row-major.
package struct CellGrid: Hashable, Sendable {
    package let size: Size
    package private(set) var cells: [Cell]

    package init(_ size: Size) {
        self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
        cells = Array(repeating: .blank, count: self.size.columns * self.size.rows)
    }

    /// The cell; writing outside the grid does nothing, reading there gives a blank.
    package subscript(row: Int, column: Int) -> Cell {
        get {
            guard row >= 0, row < size.rows, column >= 0, column < size.columns else { return .blank }
            return cells[row * size.columns + column]
        }
        set {
            guard row >= 0, row < size.rows, column >= 0, column < size.columns else { return }
            cells[row * size.columns + column] = newValue
        }
    }

    /// The text of a row, without trailing blanks.
    package func text(row: Int) -> String {
        let end = (0..<size.columns).last { self[row, $0].glyph != " " } ?? -1
        var line = String.UnicodeScalarView()
        for column in 0..<end + 1 { line.append(self[row, column].glyph) }
        return String(line)
    }

    /// All rows' text, a newline after each.
    package var text: String { (0..<size.rows).map { text(row: $0) + "\n" }.joined() }

    /// SHA-256 over every cell's character, terminal colour numbers and attributes: equal for frames that look the same at that depth.
    package func checksum(_ depth: ColourDepth) -> String {
        var bytes = Data(capacity: cells.count * 9)
        func append(_ value: Int16) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        withUnsafeBytes(of: UInt32(size.columns).littleEndian) { bytes.append(contentsOf: $0) }
        for cell in cells {
            let style = depth == .mono ? cell.style.forMono() : cell.style
            withUnsafeBytes(of: cell.glyph.value.littleEndian) { bytes.append(contentsOf: $0) }
            append(Int16(depth.index(of: style.foreground)))
            append(Int16(depth.index(of: style.background)))
            bytes.append(style.attributes.rawValue)
        }
        return Checksum.sha256(bytes)
    }

    /// Replaces every character outside ASCII by the one that looks most like it.
    package mutating func reduceToASCII() {
        for index in cells.indices where cells[index].glyph.value > 126 { cells[index].glyph = Self.ascii(cells[index].glyph) }
    }

    private static let asciiTable: [Unicode.Scalar: Unicode.Scalar] = {
        let pairs: [(String, Unicode.Scalar)] = [
            ("─━╌┈", "-"), ("│┃┊┆╎▏▕▐▌", "|"), ("┌┐└┘├┤┬┴┼╭╮╰╯", "+"), ("█▉▊▋", "#"), ("▓", "%"), ("▒", ":"), ("░", "."), ("▀▔", "\""),
            ("▄▁", "_"),
            ("▞", "/"), ("▚", "\\"), ("●◆■", "*"), ("○◇□", "o"), ("·•", "."), ("…", "~"), ("→▸▶", ">"), ("←◂", "<"), ("↑▲", "^"),
            ("↓▼", "v"), ("×", "x"),
            ("–—−", "-"), ("β", "b"), ("≥", ">"), ("≤", "<"), ("²³", "'"), ("±", "+"), ("✓", "+"), ("✗", "x"), ("⏎", "E"), ("°", "'"),
            ("µ", "u"), ("‖", "="), ("ρ", "r"), ("α", "a"), ("Σ", "S"),
        ]
        return Dictionary(uniqueKeysWithValues: pairs.flatMap { from, to in from.unicodeScalars.map { ($0, to) } })
    }()

    private static func ascii(_ glyph: Unicode.Scalar) -> Unicode.Scalar {
        if let found = asciiTable[glyph] { return found }
        guard (0x2800...0x28FF).contains(glyph.value) else { return "?" }
        // Braille bits by dot row: 0 3 | 1 4 | 2 5 | 6 7.
        let bits = glyph.value & 0xFF
        let rows = [bits & 0b0000_1001, bits & 0b0001_0010, bits & 0b0010_0100, bits & 0b1100_0000].map { $0 != 0 }
        switch (rows[0] || rows[1], rows[2] || rows[3]) {
        case (true, true): return rows[1] && rows[2] && !rows[0] && !rows[3] ? "-" : "|"
        case (true, false): return rows[0] ? "'" : "-"
        case (false, true): return rows[3] ? "." : "-"
        case (false, false): return " "
        }
    }
}
