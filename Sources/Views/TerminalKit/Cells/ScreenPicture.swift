import Foundation
import Foundations

/// A frame as a picture: the same cells as in a terminal of 256 colours.
package struct ScreenPicture {
    private let grid: CellGrid
    /// Pixels a dot of the font.
    private let scale: Int

    package init(_ grid: CellGrid, scale: Int = 2) {
        self.grid = grid
        self.scale = scale
    }

    private static let paper = 0x101418
    private static let ink = 0xD0D0D0

    /// The picture as PNG.
    package func png() throws -> Data {
        let width = grid.size.columns * BitmapFont.width * scale
        let height = grid.size.rows * BitmapFont.height * scale
        var palette: [UInt32] = []
        var numbers: [UInt32: UInt8] = [:]
        func number(_ colour: UInt32) -> UInt8 {
            if let found = numbers[colour] { return found }
            let number = UInt8(palette.count)
            palette.append(colour)
            numbers[colour] = number
            return number
        }
        var pixels = [UInt8](repeating: 0, count: width * height)
        for row in 0..<grid.size.rows {
            for column in 0..<grid.size.columns {
                let cell = grid[row, column]
                let (ink, paper) = Self.colours(cell.style)
                let (on, off) = (number(ink), number(paper))
                let dots = BitmapFont.rows(cell.glyph)
                for y in 0..<BitmapFont.height * scale {
                    let start = (row * BitmapFont.height * scale + y) * width + column * BitmapFont.width * scale
                    let bits = dots[y / scale]
                    for x in 0..<BitmapFont.width * scale {
                        pixels[start + x] = bits >> UInt8(5 - x / scale) & 1 == 1 ? on : off
                    }
                }
            }
        }
        return try PNGFile.data(pixels: pixels, width: width, height: height, palette: palette)
    }

    /// Colours as a terminal shows their numbers: at most 256, and the terminal's own two.
    private static func colours(_ style: Style) -> (ink: UInt32, paper: UInt32) {
        func shown(_ colour: Colour, _ own: Int) -> UInt32 {
            let index = ColourDepth.palette.index(of: colour)
            return index < 0 ? UInt32(own) : UInt32(ColourDepth.rgb(index))
        }
        var (ink, paper) = (shown(style.foreground, ink), shown(style.background, Self.paper))
        if style.attributes.contains(.reverse) { swap(&ink, &paper) }
        return (ink, paper)
    }
}

extension ColourDepth {
    /// What xterm shows for a number of its 256 colours, 0xRRGGBB.
    static func rgb(_ index: Int) -> Int {
        if index >= 232 { return (8 + 10 * (index - 232)) * 0x010101 }
        let cube = max(0, index - 16)
        func level(_ step: Int) -> Int { step == 0 ? 0 : 55 + 40 * step }
        return level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
    }
}
