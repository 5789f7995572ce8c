/// The character and the two colours that come nearest to the pixels of one cell: of all ways to divide the cell's parts in two, the one whose means
/// lie nearest to what is there, by the sum of squares over red, green and blue.
package struct MosaicCell {
    package let cell: Cell
    /// The sum of squares that remains.
    package let error: Float

    /// - Parameter parts: the cell's pixels, row after row.
    package init(_ parts: [Colour], _ mosaic: Mosaic) {
        precondition(parts.count == mosaic.columns * mosaic.rows, "MosaicCell: \(parts.count) parts of \(mosaic)")
        let values = parts.map { SIMD4<Float>(Float($0.red), Float($0.green), Float($0.blue), 1) }
        let all = values.reduce(.zero, +)
        let squares = values.reduce(Float(0)) { $0 + ($1 * $1).sum() - 1 }
        var best = (bits: 0, error: Float.infinity, ink: all, paper: all)
        // The last part is paper: its mirror image has the same error.
        for bits in 0..<1 << (parts.count - 1) {
            var ink = SIMD4<Float>.zero
            for index in values.indices where bits >> index & 1 == 1 { ink += values[index] }
            let paper = all - ink
            // The sum of squares about two means: that about zero less each sum's square over its count.
            func gain(_ sum: SIMD4<Float>) -> Float {
                sum.w == 0 ? 0 : (sum.x * sum.x + sum.y * sum.y + sum.z * sum.z) / sum.w
            }
            let error = squares - gain(ink) - gain(paper)
            // A simpler shape is kept where another gains nothing.
            if error < best.error - 0.5 { best = (bits, error, ink, paper) }
        }
        func colour(_ sum: SIMD4<Float>) -> Colour {
            func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, (value / max(1, sum.w)).rounded()))) }
            return Colour(byte(sum.x), byte(sum.y), byte(sum.z))
        }
        error = max(0, best.error)
        cell =
            best.bits == 0
            ? Cell(" ", Style(.terminal, on: colour(best.paper)))
            : Cell(Self.glyph(best.bits, mosaic), Style(colour(best.ink), on: colour(best.paper)))
    }

    private static let quadrants: [Unicode.Scalar] = Array(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█".unicodeScalars)

    /// The character whose ink covers these parts: bit 0 the upper left one, then row after row.
    package static func glyph(_ bits: Int, _ mosaic: Mosaic) -> Unicode.Scalar {
        switch mosaic {
        case .half: return [" ", "▀", "▄", "█"][bits]
        case .quadrant: return quadrants[bits]
        case .sextant:
            switch bits {
            case 0: return " "
            case 21: return "▌"
            case 42: return "▐"
            case 63: return "█"
            // U+1FB00 … leave out those four.
            default: return Unicode.Scalar(UInt32(0x1FB00 + bits - 1 - (bits > 21 ? 1 : 0) - (bits > 42 ? 1 : 0)))!
            }
        }
    }
}
