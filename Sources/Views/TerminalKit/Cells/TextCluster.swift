import Synchronization

/// One sign as a reader sees it, and the cells that it takes: a letter with its marks, a wide CJK character, an emoji of several scalars.
package struct TextCluster: Equatable, Sendable {
    package let glyph: Unicode.Scalar
    /// What follows the first scalar: combining marks, joiners, further emoji.
    package let tail: ClusterTail
    /// Cells, 1 or 2.
    package let columns: Int

    /// The signs of a text. What cannot be shown (control characters, marks without a letter, codes of no character) is escaped, so that two
    /// names that differ look different.
    /// - Parameter unicode: false where the terminal knows no more than ASCII and what this program has a stand-in for.
    package static func clusters(_ text: String, unicode: Bool) -> [TextCluster] {
        text.flatMap { character -> [TextCluster] in
            let scalars = Array(character.unicodeScalars)
            let columns = width(scalars)
            let isShown = columns > 0 && (unicode || scalars.allSatisfy { $0.value < 127 || CellGrid.hasStandIn($0) })
            guard isShown else {
                return escape(scalars).unicodeScalars.map { TextCluster(glyph: $0, tail: .none, columns: 1) }
            }
            return [TextCluster(glyph: scalars[0], tail: ClusterTail(scalars.dropFirst()), columns: columns)]
        }
    }

    /// Cells that a text takes.
    package static func columns(of text: String, unicode: Bool = true) -> Int {
        isSimple(text, unicode: unicode) ? text.unicodeScalars.count : clusters(text, unicode: unicode).reduce(0) { $0 + $1.columns }
    }

    /// True for text each scalar of which takes a cell of its own and can be shown: almost all text.
    package static func isSimple(_ text: String, unicode: Bool) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            if scalar.value < 127 { return scalar.value >= 32 }
            return unicode ? isNarrow(scalar) : CellGrid.hasStandIn(scalar)
        }
    }

    private static func escape(_ scalars: [Unicode.Scalar]) -> String {
        scalars.map { (32..<127).contains($0.value) ? String($0) : "\\u{\(String($0.value, radix: 16, uppercase: true))}" }.joined()
    }

    /// Cells of a cluster; 0 where it cannot be shown.
    private static func width(_ scalars: [Unicode.Scalar]) -> Int {
        guard let first = scalars.first, isPrintable(first) else { return 0 }
        let base = width(first)
        guard base > 0, scalars.dropFirst().allSatisfy({ isPrintable($0) || isJoining($0) }) else { return 0 }
        if scalars.count == 1 { return base }
        // Shown as an emoji, joined to one, or a flag.
        let isEmoji = scalars.contains { $0.value == 0xFE0F || $0.value == 0x200D || (0x1F1E6...0x1F1FF).contains($0.value) }
        return isEmoji ? 2 : min(2, scalars.map(width).reduce(0, +))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 127 { return scalar.value >= 32 }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// Joiners and the selectors of a sign's look, which may stand within a cluster only.
    private static func isJoining(_ scalar: Unicode.Scalar) -> Bool {
        [0x200C, 0x200D].contains(scalar.value) || (0xFE00...0xFE0F).contains(scalar.value) || (0xE0020...0xE007F).contains(scalar.value)
    }

    /// Cells of a scalar, as wcwidth has it.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.value {
        case 0x1160...0x11FF, 0xFE00...0xFE0F, 0x200B...0x200F, 0x2060...0x2064: return 0
        case 0x1100...0x115F, 0x2329, 0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
            0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            return 2
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    /// True for scalars that take one cell and stand alone.
    private static func isNarrow(_ scalar: Unicode.Scalar) -> Bool {
        // The signs that pictures and frames are made of, and plain letters: asked for with every line of text.
        if (0xA1...0x17F).contains(scalar.value), scalar.value != 0xAD { return true }
        if (0x2500...0x259F).contains(scalar.value) || (0x2800...0x28FF).contains(scalar.value) { return true }
        return isPrintable(scalar) && width(scalar) == 1 && !isJoining(scalar) && !(0x1F1E6...0x1F1FF).contains(scalar.value)
            && scalar.properties.generalCategory != .spacingMark
    }
}

/// What follows the first scalar of a cluster, by a number: each text is kept once, so that a cell stays a plain value.
package struct ClusterTail: Hashable, Sendable {
    /// 0: nothing.
    let number: UInt16

    package static let none = ClusterTail(number: 0)

    private struct Table {
        var numbers: [String: UInt16] = [:]
        var texts = [""]
    }

    private static let table = Mutex(Table())

    private init(number: UInt16) { self.number = number }

    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        let text = String(view)
        guard !text.isEmpty else {
            number = 0
            return
        }
        number = Self.table.withLock { table in
            if let known = table.numbers[text] { return known }
            // More kinds of marks than any screen holds: shown without.
            guard table.texts.count < Int(UInt16.max) else { return 0 }
            let number = UInt16(table.texts.count)
            table.texts.append(text)
            table.numbers[text] = number
            return number
        }
    }

    init(code: UInt16) { number = code }

    package var text: String { number == 0 ? "" : Self.table.withLock { $0.texts[Int(number)] } }
}
