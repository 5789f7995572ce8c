/// What the terminal can show; the screens draw for it.
package struct Capabilities: Hashable, Sendable {
    package var colours: ColourDepth
    /// Half-blocks, braille and box lines; else ASCII only.
    package var unicode: Bool
    /// How pictures are drawn.
    package var graphics = Graphics.cells
    /// The characters that pictures are made of where they are drawn in cells.
    package var mosaic = Mosaic.half
    /// A cell's size in pixels, where pictures have pixels.
    package var cell = PixelSize.usualCell
    /// The terminal's own background, where it has told it: pictures that do not fill their place lie on it.
    package var background = Colour(grey: 0)

    package init(
        colours: ColourDepth, unicode: Bool, graphics: Graphics = .cells, mosaic: Mosaic = .half, cell: PixelSize = .usualCell
    ) {
        self.colours = colours
        self.unicode = unicode
        self.graphics = graphics
        self.mosaic = mosaic
        self.cell = cell
    }

    /// Pictures in half-blocks need many colours; else each cell gets a character by brightness.
    package var drawsHalfBlocks: Bool { unicode && colours.isRich }

    /// Whether pictures are made of the terminal's pixels.
    package var drawsPixels: Bool { graphics != .cells }
}

/// How pictures are drawn.
package enum Graphics: String, Codable, CaseIterable, Sendable {
    /// In characters.
    case cells
    /// By kitty's graphics protocol.
    case kitty
    case sixel
}

/// The characters that pictures in cells are made of: how many pixels a cell has.
package enum Mosaic: String, Codable, CaseIterable, Sendable {
    case half, quadrant, sextant

    package var columns: Int { self == .half ? 1 : 2 }
    package var rows: Int { self == .sextant ? 3 : 2 }
    package var next: Mosaic { Self.allCases[(Self.allCases.firstIndex(of: self)! + 1) % Self.allCases.count] }
}

/// A size in pixels.
package struct PixelSize: Hashable, Sendable {
    package var width, height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// From text such as `9x18`.
    package init?(_ text: String) {
        let parts = text.lowercased().split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (1...200).contains($0) }) else { return nil }
        self.init(width: parts[0], height: parts[1])
    }

    /// A cell of a terminal that does not tell its own.
    package static let usualCell = PixelSize(width: 9, height: 18)
}

extension PixelSize: CustomStringConvertible {
    package var description: String { "\(width)x\(height)" }
}
