import Foundations

/// The noise of one CT: white noise that passed through the scanner's in-plane point spread.
struct ScannerNoise: Sendable {
    /// Standard deviation, HU.
    let deviation: Float
    private let key: UInt64

    init(_ random: inout SeededGenerator) {
        deviation = Float(random.uniform(13, 24))
        key = random.next()
    }

    /// Adds noise to one slice, row-major with rows of `width`. Uniform numbers are enough: after blurring with (1 4 6 4 1)/16 along rows and
    /// columns each value is the sum of 25, near to normal, with correlations 0.8 and 0.4 to its next neighbours as in real patches.
    func add(to slice: inout [Float], width: Int, slice k: Int) {
        let height = slice.count / width
        let wide = width + 4
        var random = SeededGenerator(key, UInt64(k))
        var field = [Float](repeating: 0, count: wide * (height + 4))
        var index = 0
        while index < field.count {
            var bits = random.next()
            for _ in 0..<min(4, field.count - index) {
                field[index] = Float(bits & 0xFFFF) - 32767.5
                bits >>= 16
                index += 1
            }
        }
        // Variance of one uniform 16-bit number is 65536²/12; the blur leaves (70/256)² of it.
        let scale = deviation / (65536 / Float(12).squareRoot() * 70 / 256)
        field.withUnsafeBufferPointer { f in
            slice.withUnsafeMutableBufferPointer { out in
                var row = [Float](repeating: 0, count: wide)
                row.withUnsafeMutableBufferPointer { line in
                    for j in 0..<height {
                        let start = j * wide
                        for i in 0..<wide {
                            let at = start + i
                            line[i] = f[at] + 4 * (f[at + wide] + f[at + 3 * wide]) + 6 * f[at + 2 * wide] + f[at + 4 * wide]
                        }
                        for i in 0..<width {
                            let sum = line[i] + 4 * (line[i + 1] + line[i + 3]) + 6 * line[i + 2] + line[i + 4]
                            out[j * width + i] += sum * (scale / 256)
                        }
                    }
                }
            }
        }
    }
}
