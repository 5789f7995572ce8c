import CFont
import Synchronization

/// The font of pictures, smooth at any height: DejaVu Sans Mono by FreeType.
package enum GlyphFont {
    /// A character's coverage, 0…255, and where it lies from the pen.
    package struct Glyph: Sendable {
        package let width, height, left, top, advance: Int
        package let coverage: [UInt8]
    }

    private struct Key: Hashable {
        let scalar: Unicode.Scalar
        let pixels: Int
    }

    private static let known = Mutex<[Key: Glyph]>([:])

    /// A character so drawn that a line of text is `pixels` high; an empty one where the font lacks it.
    package static func glyph(_ scalar: Unicode.Scalar, pixels: Int) -> Glyph {
        known.withLock { known in
            let key = Key(scalar: scalar, pixels: pixels)
            if let found = known[key] { return found }
            let glyph = draw(scalar, pixels: pixels)
            known[key] = glyph
            return glyph
        }
    }

    package static func has(_ scalar: Unicode.Scalar) -> Bool { known.withLock { _ in cfont_has(scalar.value) == 1 } }

    private static func draw(_ scalar: Unicode.Scalar, pixels: Int) -> Glyph {
        var (width, height, left, top, advance): (Int32, Int32, Int32, Int32, Int32) = (0, 0, 0, 0, 0)
        guard let coverage = cfont_draw(scalar.value, Int32(pixels), &width, &height, &left, &top, &advance) else {
            return Glyph(width: 0, height: 0, left: 0, top: 0, advance: pixels * 3 / 5, coverage: [])
        }
        return Glyph(
            width: Int(width), height: Int(height), left: Int(left), top: Int(top), advance: Int(advance),
            coverage: Array(UnsafeBufferPointer(start: coverage, count: Int(width * height))))
    }

    /// Pixels that a text is wide.
    package static func width(of text: String, pixels: Int) -> Int {
        text.unicodeScalars.reduce(0) { $0 + glyph($1, pixels: pixels).advance }
    }
}
