import Foundations

/// Turns frames into the bytes that change a terminal from the last frame to the next: few moves, few colour changes, nothing where nothing
/// changed. Pure: what it writes depends on the frames alone.
package struct FrameEncoder {
    /// A cell as the terminal keeps it, packed: glyph 21 bits, attributes 4, the part of its character 2, what follows the glyph 16; and its two
    /// colours.
    private struct Code: Equatable {
        var bits: UInt64
        var foreground, background: Int32

        static let blank = Code(glyph: 32, foreground: -1, background: -1, attributes: 0)
        static let unknown = Code(bits: .max)

        private init(bits: UInt64) {
            self.bits = bits
            (foreground, background) = (-1, -1)
        }

        init(glyph: UInt32, foreground: Int, background: Int, attributes: UInt8) {
            bits = UInt64(glyph) | UInt64(attributes) << 21
            (self.foreground, self.background) = (Int32(foreground), Int32(background))
        }

        /// A cell of a wide character, or one with marks.
        init(_ cell: Cell, foreground: Int, background: Int, attributes: UInt8) {
            self.init(glyph: cell.glyph.value, foreground: foreground, background: background, attributes: attributes)
            bits |= UInt64(cell.part.rawValue) << 25 | UInt64(cell.tail.number) << 27
        }

        private static let underPicture: UInt64 = 1 << 43

        /// A blank with a picture over it: writing it, or erasing to the end of the row, may erase that.
        mutating func putUnderPicture() { bits |= Self.underPicture }
        var isUnderPicture: Bool { bits & Self.underPicture != 0 }

        /// One character of one scalar in one cell.
        var isSimple: Bool { (bits & ~Self.underPicture) >> 25 == 0 }
        var part: Cell.Part { Cell.Part(rawValue: UInt8(bits >> 25 & 3)) ?? .whole }
        var tail: ClusterTail { ClusterTail(code: UInt16(bits >> 27 & 0xFFFF)) }

        var glyph: UInt32 { UInt32(bits & 0x1F_FFFF) }
        var pen: Pen { Pen(foreground: Int(foreground), background: Int(background), attributes: UInt8(bits >> 21 & 15)) }
    }

    private struct Pen: Equatable {
        var foreground, background: Int
        var attributes: UInt8

        static let plain = Pen(foreground: -1, background: -1, attributes: 0)
        var swapped: Pen { Pen(foreground: background, background: foreground, attributes: attributes) }
    }

    private let language: TerminalLanguage
    private let depth: ColourDepth
    private var size = Size(columns: 0, rows: 0)
    private var shown: [Code] = []
    private var wanted: [Code] = []
    /// Nil: not known.
    private var pen: Pen?
    private var cursor: (row: Int, column: Int)?
    /// What the last call changed, by cell: pictures that lie there are to be drawn again.
    package private(set) var wasCleared = false
    package private(set) var touched: [Bool] = []
    /// What the last call wrote.
    package private(set) var bytes: [UInt8] = []

    package init(_ language: TerminalLanguage, _ depth: ColourDepth) {
        self.language = language
        self.depth = depth
    }

    /// The cursor may be anywhere: something else than cells was written.
    package mutating func forgetCursor() { cursor = nil }

    /// The terminal may show anything: the next frame is written whole.
    package mutating func forget() { size = Size(columns: 0, rows: 0) }

    /// Puts into `bytes` what changes the terminal to this frame.
    /// - Returns: the cells that changed; `wasCleared` says whether all of the screen was.
    package mutating func encode(_ frame: CellGrid) -> Int {
        bytes.removeAll(keepingCapacity: true)
        collect(frame)
        wasCleared = frame.size != size
        if wasCleared {
            size = frame.size
            bytes += language.reset
            bytes += language.clear
            shown = Array(repeating: .blank, count: wanted.count)
            pen = .plain
            cursor = nil
        }
        touched = zip(shown, wanted).map { $0 != $1 }
        var changed = 0
        for row in 0..<size.rows { changed += encode(row: row) }
        swap(&shown, &wanted)
        // Whatever writes next (a crash report, the shell) finds plain colours.
        if changed > 0, pen != .plain { setPen(.plain) }
        return changed
    }

    private mutating func collect(_ frame: CellGrid) {
        wanted.removeAll(keepingCapacity: true)
        wanted.reserveCapacity(frame.cells.count)
        // Neighbouring cells mostly share their style: its colours are looked up once.
        var last: Style?
        var (attributes, ink, background): (UInt8, Int, Int) = (0, -1, -1)
        for cell in frame.cells {
            if cell.style != last {
                last = cell.style
                let style = depth == .mono ? cell.style.forMono() : cell.style
                attributes = style.attributes.rawValue
                (ink, background) = (depth.index(of: style.foreground), depth.index(of: style.background))
            }
            guard cell.part == .whole, cell.tail == .none else {
                wanted.append(Code(cell, foreground: ink, background: background, attributes: attributes))
                continue
            }
            var foreground = ink
            var glyph = cell.glyph.value
            if glyph == Self.upperHalf, foreground == background { glyph = 32 }
            let inked = attributes & Self.inked
            // A blank shows no ink: its colour and weight do not matter.
            if glyph == 32, inked == 0 { foreground = -1 }
            wanted.append(
                Code(
                    glyph: glyph, foreground: foreground, background: background,
                    attributes: glyph == 32 ? inked : attributes))
        }
        for picture in frame.pictures { putUnder(picture.rect, frame) }
    }

    private mutating func putUnder(_ rect: Rect, _ frame: CellGrid) {
        for row in max(0, rect.row)..<max(max(0, rect.row), min(rect.endRow, frame.size.rows)) {
            for column in max(0, rect.column)..<max(max(0, rect.column), min(rect.endColumn, frame.size.columns))
            where !frame.covers.contains(where: { $0.contains(column: column, row: row) }) {
                wanted[row * frame.size.columns + column].putUnderPicture()
            }
        }
    }

    private static let upperHalf: UInt32 = 0x2580
    private static let lowerHalf: UInt32 = 0x2584

    private mutating func encode(row: Int) -> Int {
        let start = row * size.columns
        // The corner would scroll terminals that wrap at once.
        let end = row == size.rows - 1 && !language.cornerIsSafe ? size.columns - 1 : size.columns
        doubtAfterClusters(row, end: end)
        guard let lastChanged = (0..<end).last(where: { wanted[start + $0] != shown[start + $0] }) else { return 0 }
        // Where the row ends in blanks, erasing costs less than writing them.
        let inked = (0..<size.columns).last { wanted[start + $0] != .blank } ?? -1
        let erasesFrom = lastChanged - inked >= 4 && !language.eraseToEnd.isEmpty ? inked + 1 : size.columns
        var changed = 0
        var column = 0
        while column <= min(lastChanged, erasesFrom - 1) {
            if wanted[start + column] == shown[start + column] {
                column += 1
                continue
            }
            guard wanted[start + column].isSimple else {
                changed += writeCluster(row, column, end: end)
                column += 1
                continue
            }
            moveTo(row, column)
            write(wanted[start + column])
            cursor = column + 1 < size.columns ? (row, column + 1) : nil
            changed += 1
            column += 1
        }
        if erasesFrom <= lastChanged {
            changed += (erasesFrom...lastChanged).count { wanted[start + $0] != shown[start + $0] }
            moveTo(row, erasesFrom)
            if pen != .plain { setPen(.plain) }
            bytes += language.eraseToEnd
        }
        return changed
    }

    /// Terminals differ in how many cells they give to a wide character, or to one with marks: where one is written, the cells that it may run into
    /// are written again.
    private mutating func doubtAfterClusters(_ row: Int, end: Int) {
        let start = row * size.columns
        for column in 0..<end where !wanted[start + column].isSimple {
            let code = wanted[start + column]
            guard code.part != .secondHalf else { continue }
            let columns = code.part == .firstHalf ? 2 : 1
            guard (column..<min(end, column + columns)).contains(where: { wanted[start + $0] != shown[start + $0] }) else { continue }
            let last = min(end, column + columns + 2 * code.tail.text.unicodeScalars.count)
            for index in column..<last { shown[start + index] = .unknown }
        }
    }

    /// Writes a wide character, or one with marks, onto blanks; the cursor's place is not known afterwards.
    /// - Returns: the cells that it has; 0 for a second half, which is there already.
    private mutating func writeCluster(_ row: Int, _ column: Int, end: Int) -> Int {
        let code = wanted[row * size.columns + column]
        let columns = code.part == .firstHalf ? 2 : 1
        guard code.part != .secondHalf, column + columns <= end else { return 0 }
        moveTo(row, column)
        setPen(code.pen)
        for _ in 0..<columns { append(32) }
        bytes += language.move(row, column)
        append(code.glyph)
        let tail = code.tail.text.unicodeScalars
        // At the edge a terminal that gives it more cells would wrap: there only its first sign is shown.
        if column + columns + 2 * tail.count <= size.columns { for scalar in tail { append(scalar.value) } }
        cursor = nil
        return columns
    }

    /// Goes to a cell; over a few cells of the pen's own style by writing them again.
    private mutating func moveTo(_ row: Int, _ column: Int) {
        guard let at = cursor, at.row == row, at.column <= column else {
            bytes += language.move(row, column)
            cursor = (row, column)
            return
        }
        guard at.column < column else { return }
        let between = shown[(row * size.columns + at.column)..<(row * size.columns + column)]
        let jump = language.right(column - at.column) ?? language.move(row, column)
        let rewriting = between.reduce(0) { $0 + ($1.isSimple && !$1.isUnderPicture && isInPen($1) ? Self.length($1.glyph) : 1000) }
        if rewriting <= jump.count {
            for code in between { append(code.glyph) }
        } else {
            bytes += jump
        }
        cursor = (row, column)
    }

    private mutating func write(_ code: Code) {
        let wanted = code.pen
        // The same two colours the other way round: the lower half-block shows the same picture.
        if code.glyph == Self.upperHalf, wanted.attributes == 0, wanted.foreground >= 0, wanted.background >= 0,
            cost(of: wanted.swapped) < cost(of: wanted)
        {
            setPen(wanted.swapped)
            append(Self.lowerHalf)
            return
        }
        if !isInPen(code) { setPen(wanted) }
        append(code.glyph)
    }

    /// True where a cell can be written as the pen is. A blank only needs its background, and no ink.
    private func isInPen(_ code: Code) -> Bool {
        guard let pen else { return false }
        let wanted = code.pen
        if code.glyph == 32, wanted.attributes == 0 { return pen.background == wanted.background && pen.attributes & Self.inked == 0 }
        return pen == wanted
    }

    private static let inked = Style.Attributes.reverse.rawValue | Style.Attributes.underline.rawValue

    private func cost(of wanted: Pen) -> Int {
        guard let pen else { return 2 }
        return (pen.foreground == wanted.foreground ? 0 : 1) + (pen.background == wanted.background ? 0 : 1)
    }

    private mutating func setPen(_ wanted: Pen) {
        if pen == wanted { return }
        var now = pen ?? Pen(foreground: -2, background: -2, attributes: 0)
        // Attributes are only ever taken away all at once, and with them the colours.
        let removes = now.attributes & ~wanted.attributes != 0
        let toDefault = (now.foreground >= 0 && wanted.foreground < 0) || (now.background >= 0 && wanted.background < 0)
        if pen == nil || removes || (toDefault && (language.defaultColours.isEmpty || wanted == .plain)) {
            bytes += language.reset
            now = .plain
        } else if toDefault {
            bytes += language.defaultColours
            now.foreground = -1
            now.background = -1
        }
        for (index, text) in language.attributes.enumerated() where wanted.attributes & ~now.attributes & (1 << UInt8(index)) != 0 {
            bytes += text
        }
        if wanted.foreground >= 0, wanted.foreground != now.foreground { bytes += language.ink(wanted.foreground) }
        if wanted.background >= 0, wanted.background != now.background { bytes += language.paper(wanted.background) }
        pen = wanted
    }

    private static func length(_ glyph: UInt32) -> Int { glyph < 0x80 ? 1 : glyph < 0x800 ? 2 : glyph < 0x1_0000 ? 3 : 4 }

    private mutating func append(_ glyph: UInt32) {
        if glyph < 0x80 {
            bytes.append(UInt8(glyph))
        } else {
            bytes.append(contentsOf: UTF8.encode(Unicode.Scalar(glyph) ?? "?")!)
        }
    }
}
