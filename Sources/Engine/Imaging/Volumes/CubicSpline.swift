/// Cubic B-spline interpolation of 16 parallel lines of samples at fixed positions (Unser, Aldroubi and Eden 1993).
///
/// The spline passes through the samples; beyond both ends the line is mirrored about its first and last sample.
struct CubicSpline: Sendable {
    typealias Lanes = SIMD16<Float>

    /// Root of the B-spline's filter, √3 - 2.
    private static let pole: Float = -0.267_949_192_431_122_7
    /// The start of the forward recursion sums this many terms; the next is below 1e-9 of the first.
    private static let horizon = 16

    /// For each position: four neighbouring samples, mirrored into the line, and their weights.
    private let taps: [(indices: SIMD4<Int32>, weights: SIMD4<Float>)]
    /// Number of samples a line.
    let sampleCount: Int
    /// True where every position is a sample of the same number: the line is its own result.
    let isIdentity: Bool

    var positionCount: Int { taps.count }

    /// - Parameter positions: in samples, each in 0 ... sampleCount - 1.
    init(sampleCount: Int, positions: [Double]) {
        precondition(sampleCount > 0, "CubicSpline: no samples")
        precondition(
            positions.allSatisfy { $0 >= 0 && $0 <= Double(sampleCount - 1) }, "CubicSpline: a position is beyond \(sampleCount) samples")
        self.sampleCount = sampleCount
        isIdentity = positions.count == sampleCount && positions.enumerated().allSatisfy { Double($0.offset) == $0.element }
        taps = positions.map { position in
            let base = Int(position.rounded(.down))
            let t = position - Double(base)
            let s = 1 - t
            let weights = SIMD4<Float>(
                Float(s * s * s / 6), Float(2.0 / 3 - t * t * (2 - t) / 2), Float(2.0 / 3 - s * s * (2 - s) / 2), Float(t * t * t / 6))
            var indices = SIMD4<Int32>()
            for tap in 0..<4 { indices[tap] = Int32(Self.mirrored(base - 1 + tap, sampleCount)) }
            return (indices, weights)
        }
    }

    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        guard count > 1 else { return 0 }
        let period = 2 * count - 2
        let folded = ((index % period) + period) % period
        return min(folded, period - folded)
    }

    /// Turns samples into spline coefficients, in place.
    func prefilter(_ line: UnsafeMutableBufferPointer<Lanes>) {
        let last = sampleCount - 1
        guard last > 0 else { return }
        let pole = Self.pole
        let gain: Float = 6
        var power = pole
        var first = line[0]
        for k in 1..<Self.horizon {
            first += line[Self.mirrored(k, sampleCount)] * power
            power *= pole
        }
        var previous = first * gain
        line[0] = previous
        for k in 1...last {
            previous = line[k] * gain + previous * pole
            line[k] = previous
        }
        var next = (line[last] + line[last - 1] * pole) * (pole / (pole * pole - 1))
        line[last] = next
        for k in stride(from: last - 1, through: 0, by: -1) {
            next = (next - line[k]) * pole
            line[k] = next
        }
    }

    /// The value at position number `index`, from coefficients.
    @inline(__always)
    func value(_ index: Int, _ coefficients: UnsafeMutableBufferPointer<Lanes>) -> Lanes {
        let tap = taps[index]
        let near = coefficients[Int(tap.indices[0])] * tap.weights[0] + coefficients[Int(tap.indices[1])] * tap.weights[1]
        let far = coefficients[Int(tap.indices[2])] * tap.weights[2] + coefficients[Int(tap.indices[3])] * tap.weights[3]
        return near + far
    }
}
