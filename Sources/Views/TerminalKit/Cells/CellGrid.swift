import Foundation
import Foundations

/// A screenful: cells, row-major, and the pictures of pixels that lie over them. What a screen renders and a presenter shows.
package struct CellGrid: Hashable, Sendable {
    package let size: Size
    package private(set) var cells: [Cell]
    /// Over blank cells, none over another.
    package internal(set) var pictures: [Picture] = []
    /// What lies over the pictures.
    package internal(set) var covers: [Rect] = []
    /// What it was drawn for.
    package internal(set) var capabilities: Capabilities?

    package init(_ size: Size) {
        self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
        cells = Array(repeating: .blank, count: self.size.columns * self.size.rows)
    }

    /// The cell; writing outside the grid does nothing, reading there gives a blank.
    ///
    /// The first half of a wide character brings its second along; where it has no room for that, a blank takes its place. What was one half of a
    /// character before leaves a blank in the other.
    package subscript(row: Int, column: Int) -> Cell {
        get {
            guard row >= 0, row < size.rows, column >= 0, column < size.columns else { return .blank }
            return cells[row * size.columns + column]
        }
        set {
            guard row >= 0, row < size.rows, column >= 0, column < size.columns else { return }
            let place = row * size.columns + column
            if cells[place].part != .whole || newValue.part != .whole {
                replace(newValue, at: place, column: column)
            } else {
                cells[place] = newValue
            }
        }
    }

    private mutating func replace(_ cell: Cell, at place: Int, column: Int) {
        clear(place)
        var cell = cell
        let hasRoom = column + 1 < size.columns
        if cell.part == .secondHalf || (cell.part == .firstHalf && !hasRoom) { cell = Cell(" ", cell.style) }
        cells[place] = cell
        guard cell.part == .firstHalf else { return }
        clear(place + 1)
        cells[place + 1] = Cell(" ", cell.style)
        cells[place + 1].part = .secondHalf
    }

    /// Blanks a cell with whatever else its character covers.
    private mutating func clear(_ place: Int) {
        let other = cells[place].part == .firstHalf ? place + 1 : place - 1
        for place in cells[place].part == .whole ? [place] : [place, other] { cells[place] = Cell(" ", cells[place].style) }
    }

    /// The text of a row, without trailing blanks.
    package func text(row: Int) -> String {
        let end = (0..<size.columns).last { self[row, $0].glyph != " " } ?? -1
        var line = String.UnicodeScalarView()
        for column in 0..<end + 1 where self[row, column].part != .secondHalf {
            line.append(self[row, column].glyph)
            line.append(contentsOf: self[row, column].tail.text.unicodeScalars)
        }
        return String(line)
    }

    /// All rows' text, a newline after each.
    package var text: String { (0..<size.rows).map { text(row: $0) + "\n" }.joined() }

    /// SHA-256 over every cell's character, terminal colour numbers and attributes, and over every picture's pixels: equal for frames that look the
    /// same at that depth.
    package func checksum(_ depth: ColourDepth) -> String {
        var bytes = Data(capacity: cells.count * 9)
        func append(_ value: Int) {
            if depth == .direct {
                withUnsafeBytes(of: Int32(value).littleEndian) { bytes.append(contentsOf: $0) }
            } else {
                withUnsafeBytes(of: Int16(value).littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        withUnsafeBytes(of: UInt32(size.columns).littleEndian) { bytes.append(contentsOf: $0) }
        for cell in cells {
            let style = depth == .mono ? cell.style.forMono() : cell.style
            withUnsafeBytes(of: cell.glyph.value.littleEndian) { bytes.append(contentsOf: $0) }
            append(depth.index(of: style.foreground))
            append(depth.index(of: style.background))
            bytes.append(style.attributes.rawValue)
            if cell.part != .whole { bytes.append(cell.part.rawValue) }
            if cell.tail != .none { bytes.append(contentsOf: cell.tail.text.utf8) }
        }
        for picture in pictures { bytes.append(contentsOf: picture.checksum.utf8) }
        for cover in pictures.isEmpty ? [] : covers { bytes.append(contentsOf: "\(cover)".utf8) }
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

    /// Whether a character outside ASCII is shown by one within where the terminal has no more.
    static func hasStandIn(_ glyph: Unicode.Scalar) -> Bool { asciiTable[glyph] != nil || (0x2800...0x28FF).contains(glyph.value) }

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
