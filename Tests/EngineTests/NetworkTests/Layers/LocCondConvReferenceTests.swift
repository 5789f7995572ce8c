import Foundations
import KernelInterface
import Network
import TestSupport
import Testing

/// One location-conditional convolution against the authors' `CondConv`: two samples at two locations, 9×8×7 voxels, four experts.
@Suite("Location-conditional convolution equals PyTorch", .enabled(if: SharedData.hasFixtures("condconv.safetensors")))
struct LocCondConvReferenceTests {
    /// Twenty times what float32 PyTorch itself deviates from float64 here (fixtures' README).
    private static let tolerance = 1e-5

    @Test("output and every gradient", arguments: [1, 2])
    func layer(stride: Int) throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("condconv.safetensors"))
        func values(_ name: String) throws -> [Float] { try file.floats("s\(stride).\(name)") }
        func samples(_ name: String) throws -> [[Float]] {
            let all = try values(name)
            return (0..<2).map { Array(all[$0 * all.count / 2..<($0 + 1) * all.count / 2]) }
        }
        let geometry = ConvolutionGeometry(
            inputChannels: 3, outputChannels: 5, stride: stride, inputDepth: 9, inputHeight: 8, inputWidth: 7)
        let architecture = EncoderArchitecture(
            experts: 4, layers: [EncoderArchitecture.Layer(convolution: "conv", norm: "norm", geometry: geometry)])
        let encoder = PatchEncoder(architecture: architecture)
        for name in ["weight", "bias", "_routing_fn.fc.weight", "_routing_fn.fc.bias"] {
            _ = encoder.parameters["conv." + name].update(fromContentsOf: try values(name))
        }
        let flat = try values("locs")
        let locations = [SIMD3(flat[0], flat[1], flat[2]), SIMD3(flat[3], flat[4], flat[5])]
        let blocks = (0..<2).map { LaneBatch.Block(group: 0, location: $0, samples: $0..<$0 + 1) }[...]

        for kernels in KernelSelection.available {
            let mixed = MixedKernels(architecture: architecture, capacity: 2, trainable: true)
            mixed.mix(encoder, at: locations, foldingNorm: false, kernels: kernels, parallel: Parallel(threads: 2))
            let layer = LocCondConv3D(layer: 0, mixed: mixed, kernels: kernels, parallel: Parallel(threads: 2))
            let input = try spread(samples("input"), geometry.inputBlocks, unused: 3)
            let output = AlignedFloats(count: 2 * geometry.outputFloats)
            let statistics = AlignedFloats(count: 2 * geometry.slabs * geometry.outputPacks * 4 * 3 * 16)
            layer.forward(blocks, input: input.pointer, output: output.pointer, statistics: statistics.pointer)
            let found = gathered(output.pointer, geometry.outputBlocks)
            #expect(relativeToLargest(found, try values("output")) < Self.tolerance, "\(kernels.name)")

            let upstream = try spread(samples("upstream"), geometry.outputBlocks, unused: 0)
            let inputGradient = AlignedFloats(count: 2 * geometry.inputFloats)
            layer.inputGradient(blocks, outputGradient: upstream.pointer, inputGradient: inputGradient.pointer)
            let dx = gathered(inputGradient.pointer, geometry.inputBlocks)
            #expect(relativeToLargest(dx, try values("grad.input")) < Self.tolerance, "\(kernels.name)")

            mixed.clearGradients()
            layer.weightGradient(blocks, input: input.pointer, outputGradient: upstream.pointer)
            let gradient = ParameterSet(architecture.parameterLayout)
            let places = mixed.expertGradients(encoder, into: gradient, kernels: kernels, parallel: Parallel(threads: 2))
            for name in ["weight", "_routing_fn.fc.weight", "_routing_fn.fc.bias"] {
                let expected = try values("grad." + name)
                #expect(relativeToLargest(Array(gradient["conv." + name]), expected) < Self.tolerance, "\(kernels.name), \(name)")
            }
            #expect(relativeToLargest(places.flatMap { [$0.x, $0.y, $0.z] }, try values("grad.locs")) < Self.tolerance, "\(kernels.name)")
        }
    }

    /// One sample a block, in lane 0.
    private func spread(_ samples: [[Float]], _ layout: LaneBlocks, unused: Float) -> GuardedFloats {
        let buffer = GuardedFloats(count: samples.count * layout.blockFloats)
        for (block, sample) in samples.enumerated() {
            let packed = layout.packed([sample], unused: unused)
            (buffer.pointer + block * layout.blockFloats).update(from: packed.pointer, count: layout.blockFloats)
        }
        return buffer
    }

    private func gathered(_ buffer: UnsafeMutablePointer<Float>, _ layout: LaneBlocks) -> [Float] {
        (0..<2).flatMap { layout.samples(buffer + $0 * layout.blockFloats, count: 1)[0] }
    }
}
