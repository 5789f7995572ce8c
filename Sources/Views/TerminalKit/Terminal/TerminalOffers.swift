/// What the terminal offers beyond its description, as it has answered so far.
package struct TerminalOffers: Codable, Hashable, Sendable {
    /// Understands kitty's graphics protocol, sixel.
    package var kitty = false
    package var sixel = false
    /// Colours that it keeps for a sixel picture, where it has told.
    package var registers: Int?
    /// A cell's size in pixels.
    package var cellWidth: Int?
    package var cellHeight: Int?
    /// 0xRRGGBB of its background.
    package var background: Int?
    /// Takes colours of 24 bits.
    package var directColour = false
    /// A tmux or a screen lies between, which passes no pictures on.
    package var isMultiplexed = false

    package init() {}

    package var cell: PixelSize? {
        get { cellWidth.flatMap { width in cellHeight.map { PixelSize(width: width, height: $0) } } }
        set {
            cellWidth = newValue?.width
            cellHeight = newValue?.height
        }
    }

    /// How pictures are drawn where nothing else was asked for.
    package var best: Graphics { kitty ? .kitty : sixel && (registers ?? 256) >= SixelPalette.fewest ? .sixel : .cells }
}

/// How the user wants pictures drawn.
package enum GraphicsChoice: String, Codable, CaseIterable, Sendable {
    /// By what the terminal says that it can.
    case auto
    case kitty, sixel, cells

    package func graphics(_ offers: TerminalOffers) -> Graphics {
        switch self {
        case .auto: offers.best
        case .kitty: .kitty
        case .sixel: .sixel
        case .cells: .cells
        }
    }

    package var next: GraphicsChoice { Self.allCases[(Self.allCases.firstIndex(of: self)! + 1) % Self.allCases.count] }
}

/// The questions, by the protocols' own words, and what the answers mean.
package enum TerminalQuestion {
    /// Numbers the image that is asked about, so that its answer is known.
    private static let image = 7_340_000

    /// Everything that is asked at the start. Every terminal answers the last one, so that what has not been answered before it never will be.
    package static let all =
        // Whether a picture of one pixel would be taken.
        "\u{1B}_Gi=\(image),s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\"
        // The background, the colours of sixel pictures.
        + "\u{1B}]11;?\u{1B}\\" + "\u{1B}[?1;1;0S"
        // Colours of 24 bits: sets one and asks what it is.
        + "\u{1B}[38;2;1;2;3m\u{1B}P$qm\u{1B}\\\u{1B}[m" + sizes + "\u{1B}[c"

    /// A cell's size, and that of all of them.
    package static let sizes = "\u{1B}[16t\u{1B}[14t"

    /// Folds an answer.
    /// - Parameters:
    ///   - answer: what follows `ESC`, without its end.
    ///   - size: of the terminal in cells.
    /// - Returns: whether it was the last one.
    package static func fold(_ answer: String, into offers: inout TerminalOffers, size: Size) -> Bool {
        guard let kind = answer.first else { return false }
        let rest = answer.dropFirst()
        switch kind {
        case "_": if rest.hasPrefix("G"), rest.contains("i=\(image)"), rest.hasSuffix(";OK") { offers.kitty = true }
        case "]": if rest.hasPrefix("11;rgb:") { offers.background = colour(rest.dropFirst(7)) ?? offers.background }
        case "P": if rest.hasPrefix("1$r"), isDirect(rest) { offers.directColour = true }
        case "[":
            guard let final = rest.last else { return false }
            let isPrivate = rest.first == "?"
            let numbers = rest.dropFirst(isPrivate ? 1 : 0).dropLast().split(separator: ";", omittingEmptySubsequences: false).map {
                Int($0) ?? 0
            }
            switch (final, numbers.first) {
            case ("c", _) where isPrivate:
                if numbers.contains(4) { offers.sixel = true }
                return true
            case ("S", 1?) where isPrivate && numbers.count >= 3 && numbers[1] == 0: offers.registers = numbers[2]
            case ("t", 6?) where numbers.count >= 3 && numbers[1] > 0 && numbers[2] > 0:
                offers.cell = PixelSize(width: numbers[2], height: numbers[1])
            case ("t", 4?) where numbers.count >= 3 && offers.cell == nil && size.columns > 0 && size.rows > 0:
                let cell = PixelSize(width: numbers[2] / size.columns, height: numbers[1] / size.rows)
                if cell.width > 0, cell.height > 0 { offers.cell = cell }
            default: break
            }
        default: break
        }
        return false
    }

    /// `38:2::1:2:3`, with semicolons in some, with or without the colour space in others.
    private static func isDirect(_ text: Substring) -> Bool {
        let numbers = text.split { !$0.isNumber }.map(String.init)
        return numbers.suffix(3) == ["1", "2", "3"] && numbers.contains("38")
    }

    /// From `rrrr/gggg/bbbb`, of one to four digits each.
    private static func colour(_ text: Substring) -> Int? {
        let parts = text.split(separator: "/").compactMap { part in
            Int(part, radix: 16).map { $0 * 255 / max(1, (1 << (4 * part.count)) - 1) }
        }
        return parts.count == 3 ? parts[0] << 16 | parts[1] << 8 | parts[2] : nil
    }
}
