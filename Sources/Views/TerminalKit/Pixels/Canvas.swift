import Foundation

/// Draws lines, areas and text with smooth edges into colours that may show what lies behind them.
package struct Canvas {
    package let width, height: Int
    /// 0xAARRGGBB, row after row.
    package private(set) var pixels: [UInt32]

    package init(width: Int, height: Int, background: Colour? = nil) {
        self.width = max(0, width)
        self.height = max(0, height)
        pixels = Array(repeating: background.map { $0.opaque } ?? 0, count: self.width * self.height)
    }

    package var raster: Raster { Raster(width: width, height: height, colour: pixels) }

    /// With at most 256 colours, as near to what was drawn as that many allow by dropping digits: lines and letters then take few bytes.
    package var palettedRaster: Raster {
        for bits in stride(from: 6, through: 2, by: -1) {
            let most = UInt32((1 << bits) - 1)
            // Each part to the nearest of its levels, the ends among them.
            let table = (UInt32(0)..<256).map { ($0 * most + 127) / 255 * 255 / most }
            var seen: Set<UInt32> = []
            var last: UInt32?
            var reduced = pixels
            for place in reduced.indices {
                let value = pixels[place]
                if place > 0, value == pixels[place - 1], let last {
                    reduced[place] = last
                    continue
                }
                let alpha = table[Int(value >> 24)]
                let colour =
                    alpha == 0
                    ? 0 : alpha << 24 | table[Int(value >> 16 & 255)] << 16 | table[Int(value >> 8 & 255)] << 8 | table[Int(value & 255)]
                reduced[place] = colour
                last = colour
                if seen.count <= 256 { seen.insert(colour) } else { break }
            }
            if seen.count <= 256 || bits == 2 { return Raster(width: width, height: height, colour: reduced) }
        }
        return raster
    }

    /// Lays a colour over a pixel; outside nothing happens.
    /// - Parameter coverage: 0…1.
    @inline(__always)
    package mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ coverage: Float = 1) {
        guard x >= 0, x < width, y >= 0, y < height, coverage > 0 else { return }
        let place = y * width + x
        let below = pixels[place]
        let alpha = min(1, coverage)
        let under = Float(below >> 24) / 255 * (1 - alpha)
        let total = alpha + under
        func part(_ own: Int, _ shift: UInt32) -> UInt32 {
            UInt32(((Float(own) * alpha + Float(below >> shift & 255) * under) / total).rounded()) << shift
        }
        pixels[place] = UInt32((total * 255).rounded()) << 24 | part(colour.red, 16) | part(colour.green, 8) | part(colour.blue, 0)
    }

    package mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour, _ coverage: Float = 1) {
        for row in max(0, y)..<max(max(0, y), min(self.height, y + height)) {
            for column in max(0, x)..<max(max(0, x), min(self.width, x + width)) { blend(column, row, colour, coverage) }
        }
    }

    /// Makes the pixels that are asked for, by their places, more transparent.
    package mutating func fade(_ factor: Float, where isFaded: (Int) -> Bool) {
        for place in pixels.indices where pixels[place] >> 24 != 0 && isFaded(place) {
            pixels[place] = UInt32((Float(pixels[place] >> 24) * factor).rounded()) << 24 | pixels[place] & 0xFF_FFFF
        }
    }

    /// The outline of a rectangle, inside of it.
    package mutating func outline(x: Int, y: Int, width: Int, height: Int, thickness: Int, _ colour: Colour) {
        fill(x: x, y: y, width: width, height: thickness, colour)
        fill(x: x, y: y + height - thickness, width: width, height: thickness, colour)
        fill(x: x, y: y + thickness, width: thickness, height: height - 2 * thickness, colour)
        fill(x: x + width - thickness, y: y + thickness, width: thickness, height: height - 2 * thickness, colour)
    }

    /// A straight line between points in pixels (a pixel's middle lies at its index + 0.5): each pixel by how much of it the line covers.
    package mutating func line(
        from a: SIMD2<Double>, to b: SIMD2<Double>, thickness: Double = 1.5, _ colour: Colour, _ opacity: Float = 1
    ) {
        let reach = thickness / 2 + 1
        let low = pointwiseMin(a, b) - reach
        let high = pointwiseMax(a, b) + reach
        guard low.x.isFinite, low.y.isFinite, high.x.isFinite, high.y.isFinite else { return }
        let columns = Int(max(0, low.x))..<Int(max(max(0, low.x), min(Double(width), high.x.rounded(.up))))
        let rows = Int(max(0, low.y))..<Int(max(max(0, low.y), min(Double(height), high.y.rounded(.up))))
        let along = b - a
        let square = (along * along).sum()
        for y in rows {
            for x in columns {
                let point = SIMD2(Double(x) + 0.5, Double(y) + 0.5) - a
                let t = square > 0 ? max(0, min(1, (point * along).sum() / square)) : 0
                let away = point - along * t
                let distance = (away * away).sum().squareRoot()
                let coverage = Float(max(0, min(1, thickness / 2 + 0.5 - distance)))
                if coverage > 0 { blend(x, y, colour, coverage * opacity) }
            }
        }
    }

    /// A filled circle.
    package mutating func dot(at centre: SIMD2<Double>, radius: Double, _ colour: Colour, _ opacity: Float = 1) {
        line(from: centre, to: centre, thickness: radius * 2, colour, opacity)
    }

    /// Writes text whose line is `pixels` high, its upper left corner at a pixel; returns the column after it.
    @discardableResult
    package mutating func text(_ text: String, x: Int, y: Int, pixels: Int, _ colour: Colour, on plate: Colour? = nil) -> Int {
        if let plate {
            fill(x: x - 2, y: y, width: GlyphFont.width(of: text, pixels: pixels) + 4, height: pixels + pixels / 5, plate, 0.75)
        }
        var pen = x
        for scalar in text.unicodeScalars {
            let glyph = GlyphFont.glyph(scalar, pixels: pixels)
            let top = y + pixels - glyph.top
            for row in 0..<glyph.height {
                for column in 0..<glyph.width {
                    let coverage = glyph.coverage[row * glyph.width + column]
                    if coverage > 0 { blend(pen + glyph.left + column, top + row, colour, Float(coverage) / 255) }
                }
            }
            pen += glyph.advance
        }
        return pen
    }
}

extension Colour {
    /// 0xFFRRGGBB.
    package var opaque: UInt32 { 0xFF00_0000 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue) }

    /// 0xAARRGGBB.
    package func withOpacity(_ opacity: Float) -> UInt32 {
        UInt32((max(0, min(1, opacity)) * 255).rounded()) << 24 | opaque & 0xFF_FFFF
    }
}
