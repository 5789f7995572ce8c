import Foundation
import Foundations
import KernelInterface
import Network
import TestSupport
import Testing

/// Every instruction set's convolutions against the naive one, over seeded random shapes: channels 1…130, sizes 1…33, batch 1…37, strides 1
/// and 2. Small ones always; any in that range where `WORKBENCH_SOAK` is set.
@Suite("Convolution kernels equal the naive version")
struct ConvolutionAgainstNaiveTests {
    /// Rounding of single-precision sums of up to some ten thousand products, relative to the largest result.
    private static let tolerance = 2e-5
    private static let isSoak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] != nil

    struct Shape: CustomTestStringConvertible, Sendable {
        let geometry: ConvolutionGeometry
        let batch: Int
        var testDescription: String {
            let g = geometry
            return
                "\(g.inputChannels)→\(g.outputChannels), \(g.inputDepth)×\(g.inputHeight)×\(g.inputWidth), stride \(g.stride), batch \(batch)"
        }
    }

    /// Sizes spread evenly over their logarithms, so that small and large ones meet; kept where the naive version takes a bearable time.
    static let shapes: [Shape] = {
        var generator = SeededGenerator(name: "convolution shapes")
        func size(_ largest: Double) -> Int { min(Int(largest), Int(exp(generator.uniform() * log(largest + 1)))) }
        var found: [Shape] = []
        while found.count < (isSoak ? 60 : 24) {
            let geometry = ConvolutionGeometry(
                inputChannels: size(130), outputChannels: size(130), stride: 1 + found.count % 2, inputDepth: size(33),
                inputHeight: size(33), inputWidth: size(33))
            let shape = Shape(geometry: geometry, batch: size(37))
            if geometry.multiplyAdds * shape.batch < (isSoak ? 3_000_000_000 : 3_000_000) { found.append(shape) }
        }
        return found
    }()

    @Test("forward, input gradient, weight gradient", arguments: shapes)
    func allDirections(shape: Shape) {
        let g = shape.geometry
        var generator = SeededGenerator(name: shape.testDescription)
        let inputs = (0..<shape.batch).map { _ in randomFloats(g.inputBlocks.sampleCount, &generator) }
        let gradients = (0..<shape.batch).map { _ in randomFloats(g.outputBlocks.sampleCount, &generator) }
        let weights = randomFloats(g.weights, &generator)
        let bias = randomFloats(g.outputChannels, &generator)
        let naive = NaiveConvolution(geometry: g)
        let outputs = Parallel.allProcessors.map(shape.batch) { naive.forward(inputs[$0], weights: weights, bias: bias) }
        let inputGradients = Parallel.allProcessors.map(shape.batch) { naive.inputGradient(gradients[$0], weights: weights) }
        var weightGradient = [Double](repeating: 0, count: g.weights)
        for sample in 0..<shape.batch { naive.addWeightGradient(inputs[sample], gradients[sample], to: &weightGradient) }

        for kernels in KernelSelection.available {
            let fast = FastConvolution(geometry: g, kernels: kernels, weights: weights)
            let plain = fast.forward(inputs, bias: bias, elu: false)
            #expect(Self.deviation(plain.samples, outputs) < Self.tolerance, "\(kernels.name), forward")
            #expect(plain.bordersAreZero, "\(kernels.name), forward")
            let activated = fast.forward(inputs, bias: bias, elu: true)
            let expected = outputs.map { $0.map { $0 > 0 ? $0 : expm1($0) } }
            #expect(Self.deviation(activated.samples, expected) < Self.tolerance, "\(kernels.name), forward with ELU")
            let measured = fast.forwardWithStatistics(inputs, bias: bias)
            #expect(measured.output.samples == plain.samples, "\(kernels.name), forward with statistics")
            for (sample, moments) in measured.moments.enumerated() {
                Self.check(moments, outputs[sample], channels: g.outputChannels, "\(kernels.name), statistics of sample \(sample)")
            }
            let backward = fast.inputGradient(gradients)
            #expect(Self.deviation(backward.samples, inputGradients) < Self.tolerance, "\(kernels.name), input gradient")
            #expect(backward.bordersAreZero, "\(kernels.name), input gradient")
            let found = fast.weightGradient(inputs, gradients)
            #expect(Self.deviation([found], [weightGradient]) < Self.tolerance, "\(kernels.name), weight gradient")
        }
    }

    /// Mean and variance of each channel; the variance is compared with what it rounds from, the mean square.
    private static func check(_ moments: [FastConvolution.Moments], _ output: [Double], channels: Int, _ what: String) {
        let voxels = output.count / channels
        for channel in 0..<channels {
            let values = output[channel * voxels..<(channel + 1) * voxels]
            let mean = values.reduce(0, +) / Double(voxels)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(voxels)
            let scale = (variance + mean * mean).squareRoot() + 1e-3
            #expect(abs(moments[channel].mean - mean) < 1e-4 * scale, "\(what), channel \(channel)")
            #expect(abs(moments[channel].variance - variance) < 1e-4 * scale * scale, "\(what), channel \(channel)")
        }
    }

    private static func deviation(_ found: [[Float]], _ expected: [[Double]]) -> Double {
        var worst = 0.0
        var largest = 0.0
        for (a, b) in zip(found, expected) {
            for (x, y) in zip(a, b) {
                worst = max(worst, abs(Double(x) - y))
                largest = max(largest, abs(y))
                if !x.isFinite { return .infinity }
            }
        }
        return worst / max(largest, 1e-3)
    }
}
