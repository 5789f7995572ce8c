/// One character cell: its character, colours and attributes. A wide character has two cells, of which the second holds nothing.
package struct Cell: Hashable, Sendable {
    /// Which part of a character a cell is.
    package enum Part: UInt8, Sendable {
        case whole, firstHalf, secondHalf
    }

    package var glyph: Unicode.Scalar
    /// Marks and joined signs that follow it.
    package var tail = ClusterTail.none
    package var part = Part.whole
    package var style: Style

    package init(_ glyph: Unicode.Scalar, _ style: Style = .plain) {
        self.glyph = glyph
        self.style = style
    }

    package init(_ cluster: TextCluster, _ style: Style) {
        self.init(cluster.glyph, style)
        tail = cluster.tail
        part = cluster.columns == 2 ? .firstHalf : .whole
    }

    package static let blank = Cell(" ")
}

/// Colours and attributes of text.
package struct Style: Hashable, Sendable {
    package var foreground: Colour
    package var background: Colour
    package var attributes: Attributes

    package init(_ foreground: Colour = .terminal, on background: Colour = .terminal, _ attributes: Attributes = []) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    package struct Attributes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let bold = Attributes(rawValue: 1)
        package static let dim = Attributes(rawValue: 2)
        package static let reverse = Attributes(rawValue: 4)
        package static let underline = Attributes(rawValue: 8)
    }
}

/// The interface's styles. Text uses the terminal's own colours, so that light and dark themes both work; accents are the
/// colour-blind-safe set of Okabe and Ito, mid-bright so that they show on either.
extension Style {
    package static let plain = Style()
    package static let strong = Style(.terminal, .bold)
    package static let faint = Style(Colour(hex: 0x8A8A8A))
    package static let rule = Style(Colour(hex: 0x5F6B78))
    package static let title = Style(Colour(hex: 0x5FAFD7), .bold)
    package static let key = Style(Colour(hex: 0xE69F00), .bold)
    package static let good = Style(Colour(hex: 0x00A878), .bold)
    package static let warning = Style(Colour(hex: 0xE69F00), .bold)
    package static let bad = Style(Colour(hex: 0xE05A4A), .bold)
    /// The selected line of a list, the current tab.
    package static let selected = Style(Colour(hex: 0xFFFFFF), on: Colour(hex: 0x005F87), .bold)
    /// The alarm that a mask is stale or a run is broken.
    package static let alarm = Style(Colour(hex: 0x000000), on: Colour(hex: 0xE69F00), [.bold])

    package init(_ foreground: Colour, _ attributes: Attributes) { self.init(foreground, on: .terminal, attributes) }

    /// In mono the selection shows by reversed video and accents by boldness.
    package func forMono() -> Style {
        var style = self
        if !background.isTerminal, background.brightness > 40 || attributes.contains(.bold) { style.attributes.insert(.reverse) }
        style.foreground = .terminal
        style.background = .terminal
        return style
    }
}
