import KernelInterface
import TestSupport

/// The 3×3×3 convolution of one sample as its formula reads, in double precision: what the fast kernels are compared with.
struct NaiveConvolution {
    let geometry: ConvolutionGeometry

    /// Calls `body(output, input, weight)` with the indices of every product y[output] += w[weight] · x[input].
    @inline(__always)
    private func forEachProduct(_ body: (Int, Int, Int) -> Void) {
        let g = geometry
        for o in 0..<g.outputChannels {
            for i in 0..<g.inputChannels {
                for z in 0..<g.outputDepth {
                    for y in 0..<g.outputHeight {
                        for x in 0..<g.outputWidth {
                            let output = ((o * g.outputDepth + z) * g.outputHeight + y) * g.outputWidth + x
                            for tap in 0..<27 {
                                let iz = z * g.stride + tap / 9 - 1
                                let iy = y * g.stride + tap / 3 % 3 - 1
                                let ix = x * g.stride + tap % 3 - 1
                                guard iz >= 0, iz < g.inputDepth, iy >= 0, iy < g.inputHeight, ix >= 0, ix < g.inputWidth else { continue }
                                body(
                                    output, ((i * g.inputDepth + iz) * g.inputHeight + iy) * g.inputWidth + ix,
                                    (o * g.inputChannels + i) * 27 + tap)
                            }
                        }
                    }
                }
            }
        }
    }

    func forward(_ input: [Float], weights: [Float], bias: [Float]) -> [Double] {
        let voxels = geometry.outputDepth * geometry.outputHeight * geometry.outputWidth
        var output = (0..<geometry.outputChannels * voxels).map { Double(bias[$0 / voxels]) }
        forEachProduct { output[$0] += Double(weights[$2]) * Double(input[$1]) }
        return output
    }

    func inputGradient(_ outputGradient: [Float], weights: [Float]) -> [Double] {
        var gradient = [Double](repeating: 0, count: geometry.inputBlocks.sampleCount)
        forEachProduct { gradient[$1] += Double(weights[$2]) * Double(outputGradient[$0]) }
        return gradient
    }

    func addWeightGradient(_ input: [Float], _ outputGradient: [Float], to gradient: inout [Double]) {
        forEachProduct { gradient[$2] += Double(input[$1]) * Double(outputGradient[$0]) }
    }
}
