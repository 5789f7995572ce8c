/// The colours of pictures by sixel: the same numbers for the same colours in every picture, so that a part can be drawn over what is there.
///
/// Sixel tells colours in percent: 101 greys are all that it has.
package struct SixelPalette: Sendable {
    /// 0xRRGGBB.
    package let colours: [UInt32]
    /// By 5 bits of each part, for what is no grey.
    private let nearest: [UInt8]
    private let greyNumbers: [UInt8]

    /// The least registers with which pictures are worth drawing.
    package static let fewest = 64

    /// - Parameter registers: colours that the terminal keeps for a picture, `fewest` or more.
    package init(registers: Int) {
        let count = min(256, registers)
        // A register is left for what is not drawn.
        let room = count - 1
        let steps: (red: Int, green: Int, blue: Int) =
            room >= 255 ? (5, 6, 5) : room >= 180 ? (4, 5, 4) : room >= 120 ? (4, 4, 3) : (3, 3, 3)
        let greys = min(101, room - steps.red * steps.green * steps.blue)
        func byte(percent: Int) -> UInt32 { UInt32((percent * 255 + 50) / 100) }
        var colours = (0..<greys).map { grey in byte(percent: (grey * 100 + (greys - 1) / 2) / (greys - 1)) * 0x01_0101 }
        for red in 0..<steps.red {
            for green in 0..<steps.green {
                for blue in 0..<steps.blue {
                    func level(_ step: Int, _ steps: Int) -> UInt32 { byte(percent: step * 100 / (steps - 1)) }
                    colours.append(level(red, steps.red) << 16 | level(green, steps.green) << 8 | level(blue, steps.blue))
                }
            }
        }
        self.colours = colours
        greyNumbers = (0..<256).map { UInt8(($0 * (greys - 1) + 127) / 255) }
        let parts = colours.map { (Int($0 >> 16 & 255), Int($0 >> 8 & 255), Int($0 & 255)) }
        nearest = (0..<32768).map { code in
            let (r, g, b) = ((code >> 10) * 255 / 31, (code >> 5 & 31) * 255 / 31, (code & 31) * 255 / 31)
            func distance(_ index: Int) -> Int {
                let (x, y, z) = (parts[index].0 - r, parts[index].1 - g, parts[index].2 - b)
                // Eyes see green best and blue least.
                return 3 * x * x + 4 * y * y + 2 * z * z
            }
            return UInt8(parts.indices.min { distance($0) < distance($1) }!)
        }
    }

    /// The register that no picture's pixel has.
    package var unused: UInt8 { UInt8(colours.count) }

    /// The number of the nearest colour.
    package func number(of colour: UInt32) -> UInt8 { withNumbers { $0(colour) } }

    /// Calls `body` once, with what tells a colour's number: for loops over many of them.
    @inline(__always)
    func withNumbers<Result>(_ body: ((UInt32) -> UInt8) -> Result) -> Result {
        nearest.withUnsafeBufferPointer { nearest in
            greyNumbers.withUnsafeBufferPointer { greys in
                body { colour in
                    let (red, green, blue) = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
                    if red == green, green == blue { return greys[Int(red)] }
                    return nearest[Int((red >> 3) << 10 | (green >> 3) << 5 | blue >> 3)]
                }
            }
        }
    }
}
