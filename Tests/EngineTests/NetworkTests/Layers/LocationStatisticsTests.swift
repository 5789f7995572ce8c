import Foundation
import Foundations
import KernelInterface
import Network
import TestSupport
import Testing

@Suite("Batch norm's statistics by location")
struct LocationStatisticsTests {
    private static let architecture = EncoderArchitecture(experts: 2)
    private static let anchors: [SIMD3<Float>] = [[-1, -1, -1], [1, -1, -1], [1, 1, 1]]
    private static let width = SIMD3<Float>(0.4, 0.8, 1)

    /// Statistics whose first layer's channel c has mean 10 a + c and variance a + 1 at anchor a.
    private static func statistics() -> LocationStatistics {
        var result = LocationStatistics(anchors: anchors, width: width, architecture: architecture)
        for anchor in anchors.indices {
            result.set(
                anchor: anchor, first: 0, mean: (0..<8).map { Float(10 * anchor + $0) },
                variance: Array(repeating: Float(anchor + 1), count: 8))
        }
        return result
    }

    @Test("at a point they are the Gaussian-weighted mixture of the anchors', the spread between them included")
    func mixture() {
        let p = SIMD3<Float>(0.1, -0.7, -0.4)
        let raw: [Double] = Self.anchors.map { anchor in
            var sum = 0.0
            for axis in 0..<3 {
                let distance = Double(p[axis] - anchor[axis]) / Double(Self.width[axis])
                sum += distance * distance
            }
            return exp(-sum / 2)
        }
        let total = raw.reduce(0, +)
        let found = Self.statistics()
        let mixed = found.mixture(found.weights(at: p), channels: 0..<8)
        for channel in 0..<8 {
            let means = (0..<3).map { Double(10 * $0 + channel) }
            var mean = 0.0
            for anchor in 0..<3 { mean += raw[anchor] / total * means[anchor] }
            var variance = 0.0
            for anchor in 0..<3 {
                let difference = means[anchor] - mean
                variance += raw[anchor] / total * (Double(anchor + 1) + difference * difference)
            }
            #expect(abs(Double(mixed.mean[channel]) - mean) < 1e-5 * max(1, mean))
            #expect(abs(Double(mixed.variance[channel]) - variance) < 1e-5 * variance)
        }
    }

    @Test("far outside the lung those of the nearest anchor hold")
    func farOutside() {
        let found = Self.statistics()
        let mixed = found.mixture(found.weights(at: [90, 70, 80]), channels: 0..<8)
        #expect(mixed.mean == (0..<8).map { Float(20 + $0) })
        #expect(mixed.variance == Array(repeating: 3, count: 8))
    }

    @Test("an encoder's file keeps them")
    func file() throws {
        let folder = try ScratchFolder()
        let encoder = PatchEncoder(architecture: Self.architecture)
        encoder.locationStatistics = Self.statistics()
        var writer = SafetensorsWriter()
        encoder.add(to: &writer, prefix: "encoder.")
        try writer.write(to: folder.file("e.safetensors"))
        let read = try PatchEncoder(from: Safetensors(contentsOf: folder.file("e.safetensors")), prefix: "encoder.")
        let p = SIMD3<Float>(0.3, 0.2, 0.1)
        let all = BatchNorm3D.affines(encoder, at: p)
        let again = BatchNorm3D.affines(read, at: p)
        #expect(all.map(\.scale) == again.map(\.scale))
        #expect(all.map(\.shift) == again.map(\.shift))
        read.locationStatistics = nil
        #expect(BatchNorm3D.affines(read, at: p)[0].shift != all[0].shift)
    }
}
