import Foundation
import TerminalKit

/// A terminal emulator of its own, as far as the workbench speaks to one: what a reader of the bytes would see.
package struct EmulatedScreen {
    package struct Look: Equatable {
        package var glyph: Unicode.Scalar = " "
        /// Colour numbers, -1 the terminal's own.
        package var ink = -1
        package var paper = -1
        package var attributes: Set<Int> = []

        /// The same look whichever half-block drew it: colours of the upper and of the lower half, where there is no ink of another kind.
        package var halves: [Int]? {
            switch glyph {
            case " ": [paper, paper]
            case "▀": [ink, paper]
            case "▄": [paper, ink]
            default: nil
            }
        }

        package func looksLike(_ other: Look) -> Bool {
            if shown.isEmpty, other.shown.isEmpty, let a = halves, let b = other.halves { return a == b }
            if isBlank, other.isBlank { return paper == other.paper && shown == other.shown }
            return self == other
        }

        private var isBlank: Bool { glyph == " " || (glyph == "▀" && ink == paper) }

        /// Attributes of a blank do not show, apart from reversing and underlining.
        private var shown: Set<Int> { isBlank ? attributes.intersection([4, 7]) : attributes }
    }

    package let columns, rows: Int
    package private(set) var cells: [Look]
    private var row = 0
    private var column = 0
    private var pen = Look()
    /// First cells of wide characters.
    private var firstHalves: Set<Int> = []

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: Look(), count: columns * rows)
    }

    package subscript(row: Int, column: Int) -> Look { cells[row * columns + column] }

    /// Takes bytes; nil where they are no language that it knows.
    package mutating func take(_ bytes: [UInt8]) -> Bool {
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\u{1B}":
                guard let kind = scalars.popFirst() else { return false }
                if kind == "(" {
                    _ = scalars.popFirst()
                    continue
                }
                guard kind == "[" else { return false }
                var text = ""
                while let next = scalars.first, next.value < 0x40 { text.unicodeScalars.append(scalars.removeFirst()) }
                guard let final = scalars.popFirst(), control(final, text) else { return false }
            case "\r": column = 0
            case "\n": row += 1
            case _ where scalar.value < 32: return false
            default:
                guard put(scalar) else { return false }
            }
        }
        return true
    }

    /// As terminals do that know of wide characters and of combining marks, but of no joined emoji: those take their own cells. Writing over one
    /// half of a wide character blanks the other.
    private mutating func put(_ scalar: Unicode.Scalar) -> Bool {
        if [0x200D, 0xFE0F].contains(scalar.value) || scalar.properties.generalCategory == .nonspacingMark { return true }
        let isWide =
            (0x1100..<0x1160).contains(scalar.value) || (0x2E80..<0xD7B0).contains(scalar.value) || scalar.properties.isEmojiPresentation
        let width = isWide ? 2 : 1
        // A terminal wraps here: nothing that is drawn may need that.
        guard row < rows, column + width <= columns else { return false }
        let place = row * columns + column
        for at in place..<(place + width) {
            if firstHalves.remove(at) != nil { cells[at + 1].glyph = " " }
            if firstHalves.remove(at - 1) != nil { cells[at - 1].glyph = " " }
        }
        for at in place..<(place + width) { cells[at] = pen }
        cells[place].glyph = scalar
        if isWide { firstHalves.insert(place) }
        column += width
        return true
    }

    private mutating func control(_ final: Unicode.Scalar, _ text: String) -> Bool {
        let numbers = text.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        switch final {
        case "H":
            row = max(1, numbers.first ?? 1) - 1
            column = max(1, numbers.count > 1 ? numbers[1] : 1) - 1
        case "C": column += max(1, numbers.first ?? 1)
        case "K":
            for at in column..<columns {
                cells[row * columns + at] = Look(ink: -1, paper: pen.paper)
                firstHalves.remove(row * columns + at)
            }
        case "J":
            cells = Array(repeating: Look(), count: columns * rows)
            firstHalves = []
        case "m": return style(text.isEmpty ? [0] : numbers)
        default: return false
        }
        return true
    }

    private mutating func style(_ numbers: [Int]) -> Bool {
        var rest = numbers[...]
        while let number = rest.popFirst() {
            switch number {
            case 0: pen = Look()
            case 1, 2, 4, 7: pen.attributes.insert(number)
            case 30...37: pen.ink = number - 30
            case 40...47: pen.paper = number - 40
            case 90...97: pen.ink = number - 82
            case 100...107: pen.paper = number - 92
            case 39: pen.ink = -1
            case 49: pen.paper = -1
            case 38, 48:
                guard let kind = rest.popFirst() else { return false }
                let parts = kind == 5 ? 1 : kind == 2 ? 3 : 0
                guard parts > 0, rest.count >= parts else { return false }
                let colour = (0..<parts).reduce(0) { value, _ in value << 8 | rest.removeFirst() }
                if number == 38 { pen.ink = colour } else { pen.paper = colour }
            default: return false
            }
        }
        return true
    }

    /// The first cell that does not look like the frame's, in words; nil where all do.
    package func difference(from frame: CellGrid, _ depth: ColourDepth) -> String? {
        for row in 0..<rows {
            for column in 0..<columns {
                let cell = frame[row, column]
                let style = depth == .mono ? cell.style.forMono() : cell.style
                let codes: [(Style.Attributes, Int)] = [(.bold, 1), (.dim, 2), (.reverse, 7), (.underline, 4)]
                let wanted = Look(
                    glyph: cell.glyph, ink: depth.index(of: style.foreground), paper: depth.index(of: style.background),
                    attributes: Set(codes.filter { style.attributes.contains($0.0) }.map(\.1)))
                if !self[row, column].looksLike(wanted) { return "row \(row), column \(column): \(self[row, column]), expected \(wanted)" }
            }
        }
        return nil
    }
}
