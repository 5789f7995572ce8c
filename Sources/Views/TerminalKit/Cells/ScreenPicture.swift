import Foundation
import Foundations

/// A frame as a picture, as a terminal shows it: text in a real font, pictures pixel by pixel.
package struct ScreenPicture {
    private let grid: CellGrid
    private let cell: PixelSize

    /// Cells as large as the frame's pictures take them, or of a usual size.
    package init(_ grid: CellGrid) {
        self.grid = grid
        cell = grid.pictures.isEmpty ? Self.usualCell : grid.capabilities?.cell ?? Self.usualCell
    }

    /// Of a screen without pictures.
    package static let usualCell = PixelSize(width: 12, height: 24)

    private static let paper = Colour(hex: 0x101418)
    private static let ink = Colour(hex: 0xD0D0D0)

    package var size: PixelSize { PixelSize(width: grid.size.columns * cell.width, height: grid.size.rows * cell.height) }

    /// 0xFFRRGGBB, row after row.
    package func pixels() -> [UInt32] {
        var pixels = [UInt32](repeating: Self.paper.opaque, count: size.width * size.height)
        for row in 0..<grid.size.rows {
            for column in 0..<grid.size.columns { draw(grid[row, column], row: row, column: column, on: &pixels) }
        }
        for picture in grid.pictures {
            let flat = picture.flattened(on: Self.paper.opaque & 0xFF_FFFF)
            let (left, top) = (picture.rect.column * cell.width, picture.rect.row * cell.height)
            for y in 0..<picture.size.height where top + y < size.height {
                for x in 0..<picture.size.width where left + x < size.width {
                    let (column, row) = (picture.rect.column + x / cell.width, picture.rect.row + y / cell.height)
                    if grid.covers.contains(where: { $0.contains(column: column, row: row) }) { continue }
                    pixels[(top + y) * size.width + left + x] = 0xFF00_0000 | flat[y * picture.size.width + x]
                }
            }
        }
        return pixels
    }

    /// The picture as PNG.
    package func png() throws -> Data { try PNGFile.data(colours: pixels(), width: size.width, height: size.height) }

    private func draw(_ cell: Cell, row: Int, column: Int, on pixels: inout [UInt32]) {
        let (ink, paper) = Self.colours(cell.style)
        let (left, top) = (column * self.cell.width, row * self.cell.height)
        for y in top..<top + self.cell.height {
            for x in left..<left + self.cell.width { pixels[y * size.width + x] = paper.opaque }
        }
        guard cell.glyph != " " else { return }
        if GlyphFont.has(cell.glyph) {
            let height = max(6, Int(Double(self.cell.width) / 0.602))
            let glyph = GlyphFont.glyph(cell.glyph, pixels: height)
            let baseline = top + (self.cell.height + height * 3 / 4) / 2
            for y in 0..<glyph.height {
                for x in 0..<glyph.width {
                    let (atX, atY) = (left + glyph.left + x, baseline - glyph.top + y)
                    let coverage = Float(glyph.coverage[y * glyph.width + x]) / 255
                    guard coverage > 0, atX >= 0, atX < size.width, atY >= top, atY < top + self.cell.height else { continue }
                    pixels[atY * size.width + atX] = paper.mixed(with: ink, coverage).opaque
                    guard cell.style.attributes.contains(.bold), atX + 1 < size.width else { continue }
                    // A second stroke beside the first: the font has one weight.
                    let below = pixels[atY * size.width + atX + 1]
                    let under = Colour(hex: below & 0xFF_FFFF)
                    pixels[atY * size.width + atX + 1] = under.mixed(with: ink, coverage * 0.6).opaque
                }
            }
            return
        }
        let rows = BitmapFont.rows(cell.glyph)
        for y in 0..<self.cell.height {
            let bits = rows[y * BitmapFont.height / self.cell.height]
            for x in 0..<self.cell.width where bits >> UInt8(5 - x * BitmapFont.width / self.cell.width) & 1 == 1 {
                pixels[(top + y) * size.width + left + x] = ink.opaque
            }
        }
    }

    private static func colours(_ style: Style) -> (ink: Colour, paper: Colour) {
        var (ink, paper) = (
            style.foreground.isTerminal ? ink : style.foreground, style.background.isTerminal ? paper : style.background
        )
        if style.attributes.contains(.reverse) { swap(&ink, &paper) }
        return (ink, paper)
    }
}
