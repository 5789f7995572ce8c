import Foundation
import Foundations
import TerminalKit
import TestSupport
import Testing

@Suite("Pictures of characters")
struct MosaicTests {
    /// A picture of 4 × 12 points a cell with edges and shades, as scans have them.
    private static let (columns, rows) = (40, 20)
    private static func point(_ x: Int, _ y: Int) -> Double {
        let (h, v) = (Double(x) / Double(4 * columns) - 0.5, Double(y) / Double(12 * rows) - 0.5)
        let body = (h * h / 0.2 + v * v / 0.16) < 1 ? 200.0 : 20
        let lung = ((abs(h) - 0.2) * (abs(h) - 0.2) / 0.02 + v * v / 0.09) < 1
        return lung ? 60 + 30 * sin(h * 40) * cos(v * 40) : body
    }

    /// The mean square of what cells show less the picture.
    private static func error(_ mosaic: Mosaic) -> Double {
        let (stepX, stepY) = (4 / mosaic.columns, 12 / mosaic.rows)
        var image = PixelImage(columns: columns * mosaic.columns, rows: rows * mosaic.rows, mosaic: mosaic)
        for y in 0..<image.rows {
            for x in 0..<image.columns {
                var sum = 0.0
                for dy in 0..<stepY { for dx in 0..<stepX { sum += point(x * stepX + dx, y * stepY + dy) } }
                image[x, y] = Colour(grey: UInt8((sum / Double(stepX * stepY)).rounded()))
            }
        }
        var painter = Painter(Size(columns: columns, rows: rows), Capabilities(colours: .direct, unicode: true))
        image.draw(&painter, Rect(column: 0, row: 0, columns: columns, rows: rows))
        var total = 0.0
        for row in 0..<rows {
            for column in 0..<columns {
                let cell = painter.grid[row, column]
                for y in 0..<12 {
                    for x in 0..<4 {
                        let isInk = inked(cell.glyph, x: x, y: y)
                        let shown = isInk ? cell.style.foreground.red : cell.style.background.red
                        let away = Double(shown) - point(column * 4 + x, row * 12 + y)
                        total += away * away
                    }
                }
            }
        }
        return total / Double(columns * rows * 48)
    }

    /// By Unicode's own definition of these characters, not the program's.
    private static func inked(_ glyph: Unicode.Scalar, x: Int, y: Int) -> Bool {
        let (right, lower, third) = (x >= 2, y >= 6, y / 4)
        switch glyph {
        case " ": return false
        case "▀": return !lower
        case "▄": return lower
        case "█": return true
        case "▌": return !right
        case "▐": return right
        case "▘": return !right && !lower
        case "▝": return right && !lower
        case "▖": return !right && lower
        case "▗": return right && lower
        case "▞": return right != lower
        case "▚": return right == lower
        case "▛": return !(right && lower)
        case "▜": return !(!right && lower)
        case "▙": return !(right && !lower)
        case "▟": return !(!right && !lower)
        default:
            // BLOCK SEXTANT-1 is U+1FB00; names count the parts 1 to 6, and 135 and 246 are older characters.
            var number = Int(glyph.value) - 0x1FB00 + 1
            if number >= 0b010101 { number += 1 }
            if number >= 0b101010 { number += 1 }
            return number >> (third * 2 + (right ? 1 : 0)) & 1 == 1
        }
    }

    @Test("more parts a cell come nearer to the picture")
    func errors() {
        let (half, quadrant, sextant) = (Self.error(.half), Self.error(.quadrant), Self.error(.sextant))
        #expect(quadrant < half * 0.9, "\(quadrant) of \(half)")
        #expect(sextant < quadrant, "\(sextant) of \(quadrant)")
    }

    @Test("no other division of a cell in two comes nearer", arguments: [Mosaic.quadrant, .sextant])
    func least(mosaic: Mosaic) {
        var generator = SeededGenerator(3, 3)
        for _ in 0..<50 {
            let parts = (0..<mosaic.columns * mosaic.rows).map { _ in
                Colour(UInt8(generator.below(256)), UInt8(generator.below(256)), UInt8(generator.below(256)))
            }
            var best = Double.infinity
            for bits in 0..<1 << parts.count {
                var error = 0.0
                for side in [0, 1] {
                    let group = parts.indices.filter { bits >> $0 & 1 == side }.map { parts[$0] }
                    for key in [\Colour.red, \.green, \.blue] {
                        let values = group.map { Double($0[keyPath: key]) }
                        let mean = values.reduce(0, +) / Double(max(1, values.count))
                        error += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                    }
                }
                best = min(best, error)
            }
            // Sums of squares in single precision.
            #expect(abs(Double(MosaicCell(parts, mosaic).error) - best) < 2)
        }
    }

    @Test("PNG pictures of greys, few colours, many colours and transparent ones are read back")
    func png() throws {
        var generator = SeededGenerator(5, 5)
        for effort in [PNGFile.Effort.quick, .small] {
            let grey = (0..<37 * 23).map { _ in UInt8(generator.below(256)) }
            let first = try #require(PNGPicture(try PNGFile.data(grey: grey, width: 37, height: 23, effort)))
            #expect(first.width == 37 && first.height == 23 && first.pixels == grey.map { 0xFF00_0000 | UInt32($0) * 0x01_0101 })
            for (colours, isOpaque) in [(20, true), (20, false), (4000, true), (4000, false)] {
                let all = (0..<colours).map { _ in UInt32(truncatingIfNeeded: generator.next()) | (isOpaque ? 0xFF00_0000 : 0) }
                let pixels = (0..<41 * 50).map { _ in all[generator.below(colours)] }
                let read = try #require(PNGPicture(try PNGFile.data(colours: pixels, width: 41, height: 50, effort)))
                #expect(read.pixels == pixels)
            }
        }
    }

    @Test("text in pictures has the font's shapes")
    func font() {
        var canvas = Canvas(width: 60, height: 30)
        let end = canvas.text("L", x: 4, y: 2, pixels: 20, Colour(grey: 255))
        #expect(end == 4 + GlyphFont.width(of: "L", pixels: 20))
        // A stem at the left and a foot below, nothing at the upper right.
        func isInked(_ x: Int, _ y: Int) -> Bool { canvas.pixels[y * 60 + x] >> 24 > 128 }
        let rows = (0..<30).filter { y in (0..<60).contains { isInked($0, y) } }
        let top = rows.first ?? 0
        let bottom = rows.last ?? 0
        #expect(bottom - top >= 12 && (0..<60).count { isInked($0, top) } < (0..<60).count { isInked($0, bottom) })
        #expect(GlyphFont.has("Σ") && !GlyphFont.has("肺"))
    }
}
