import Foundation
import KernelInterface
import Network
import Testing

@Suite("Augmentation noise")
struct NoiseTests {
    @Test("is normal, and a function of key and place only")
    func distribution() {
        for kernels in KernelSelection.available {
            let count = 200_000
            let values = AlignedFloats(count: count)
            kernels.addNoise(values.pointer, count: count, deviation: 1, key: 42)
            let x = values.array.map(Double.init)
            let mean = x.reduce(0, +) / Double(count)
            let variance = x.reduce(0) { $0 + $1 * $1 } / Double(count)
            let fourth = x.reduce(0) { $0 + pow($1, 4) } / Double(count)
            // Standard errors at this count: 0.0022, 0.0032, 0.022.
            #expect(abs(mean) < 0.01)
            #expect(abs(variance - 1) < 0.015)
            #expect(abs(fourth - 3) < 0.1)
            let beyondTwo = Double(x.count { abs($0) > 2 }) / Double(count)
            #expect(abs(beyondTwo - 0.0455) < 0.002)
            let neighbours = zip(x, x.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
            #expect(abs(neighbours) < 0.01, "neighbouring values are correlated: \(neighbours)")

            let again = AlignedFloats(count: count)
            kernels.addNoise(again.pointer, count: count, deviation: 1, key: 42)
            #expect(again.array == values.array)
            let other = AlignedFloats(count: count)
            kernels.addNoise(other.pointer, count: count, deviation: 1, key: 43)
            let across = zip(x, other.array).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(count)
            #expect(abs(across) < 0.01, "keys 42 and 43 are correlated: \(across)")
        }
    }
}
