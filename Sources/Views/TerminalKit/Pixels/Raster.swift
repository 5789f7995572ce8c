import Foundations

/// A rectangle of pixels: greys, or colours with how opaque each is.
package struct Raster: Equatable, Sendable {
    package enum Pixels: Equatable, Sendable {
        /// One byte a pixel.
        case grey([UInt8])
        /// 0xAARRGGBB, not multiplied; AA 0 shows what lies behind.
        case colour([UInt32])
    }

    package let width, height: Int
    /// Row after row.
    package let pixels: Pixels

    package init(width: Int, height: Int, grey: [UInt8]) {
        precondition(grey.count == width * height, "Raster: \(grey.count) greys for \(width) × \(height)")
        self.width = width
        self.height = height
        pixels = .grey(grey)
    }

    package init(width: Int, height: Int, colour: [UInt32]) {
        precondition(colour.count == width * height, "Raster: \(colour.count) colours for \(width) × \(height)")
        self.width = width
        self.height = height
        pixels = .colour(colour)
    }

    package var count: Int { width * height }

    /// The pixel as 0xAARRGGBB.
    package subscript(x: Int, y: Int) -> UInt32 {
        switch pixels {
        case .grey(let values): 0xFF00_0000 | UInt32(values[y * width + x]) * 0x01_0101
        case .colour(let values): values[y * width + x]
        }
    }

    /// Of eight greys, where it is grey: neighbours then share theirs.
    package var withFewShades: Raster {
        guard case .grey(let values) = pixels else { return self }
        return Raster(width: width, height: height, grey: values.map { ($0 >> 5) * 36 })
    }

    /// 0xRRGGBB of a colour that lies over another, `upper` 0xAARRGGBB: each part rounded to the nearest.
    @inline(__always)
    package static func over(_ upper: UInt32, _ lower: UInt32) -> UInt32 {
        let alpha = upper >> 24
        if alpha == 0 { return lower }
        if alpha == 255 { return upper & 0xFF_FFFF }
        func part(_ shift: UInt32) -> UInt32 {
            let (a, b) = (upper >> shift & 255, lower >> shift & 255)
            return ((a * alpha + b * (255 - alpha) + 127) / 255) << shift
        }
        return part(16) | part(8) | part(0)
    }
}
