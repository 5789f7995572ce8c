import Foundations
import KernelInterface
import Network

/// A network of five layers on 9³ voxels, small enough for central differences: six samples at each of two locations in two batch-norm groups.
final class TinyNetwork {
    static let architecture = architecture(.locCondConv)

    static func architecture(_ conditioning: Conditioning) -> EncoderArchitecture {
        let shapes = [(1, 4, 1), (4, 6, 2), (6, 5, 2), (5, 7, 2), (7, 8, 2)]
        var side = 9
        let layers = shapes.enumerated().map { index, shape in
            let geometry = ConvolutionGeometry(
                inputChannels: shape.0, outputChannels: shape.1, stride: shape.2, inputDepth: side, inputHeight: side, inputWidth: side)
            side = geometry.outputWidth
            return EncoderArchitecture.Layer(convolution: "conv\(index)", norm: "norm\(index)", geometry: geometry)
        }
        return EncoderArchitecture(experts: 3, layers: layers, conditioning: conditioning)
    }
    static let samples = 12
    static let voxels = 9 * 9 * 9
    static let features = 8

    let encoder: PatchEncoder
    let patches = AlignedFloats(count: samples * voxels)
    /// x, y, z of two locations.
    let locations = AlignedFloats(count: 6)
    /// The loss is Σ upstream · h.
    let upstream = AlignedFloats(count: samples * features)
    let batch = LaneBatch(subjects: 6, locations: 2, groupSize: 3)
    private let kernels: any KernelSet
    private let parallel = Parallel(threads: 2)
    private let mixed: MixedKernels
    private let pass: TrainingPass
    private let h = AlignedFloats(count: samples * features)

    init(kernels: any KernelSet, conditioning: Conditioning = .locCondConv) {
        self.kernels = kernels
        let architecture = Self.architecture(conditioning)
        encoder = PatchEncoder(architecture: architecture)
        mixed = MixedKernels(architecture: architecture, capacity: 2, trainable: true)
        pass = TrainingPass(architecture: architecture, capacity: 4, trainable: true, kernels: kernels, parallel: parallel)
        var generator = SeededGenerator(name: "tiny network")
        encoder.initialise(seed: 3, scheme: .perExpert)
        for layer in Self.architecture.layers {
            for name in [".weight", ".bias"] {
                let values = encoder.parameters[layer.norm + name]
                for i in values.indices { values[i] = Float((name == ".weight" ? 1 : 0) + generator.uniform(-0.4, 0.4)) }
            }
        }
        for buffer in [patches, locations, upstream] {
            for i in 0..<buffer.count { buffer.pointer[i] = Float(generator.uniform(-1, 1)) }
        }
    }

    func loss() -> Double {
        forward()
        return (0..<h.count).reduce(0) { $0 + Double(upstream.pointer[$1]) * Double(h.pointer[$1]) }
    }

    /// Gradients of the loss with respect to the parameters, the patches and the locations.
    func gradients() -> (parameters: ParameterSet, patches: [Float], locations: [Float]) {
        forward()
        let gradient = ParameterSet(encoder.parameters.layout)
        let patchGradient = AlignedFloats(count: patches.count)
        mixed.clearGradients()
        pass.backward(
            encoder, mixed: mixed, representationGradient: Floats(upstream.pointer), gradient: gradient,
            inputGradient: patchGradient.pointer)
        let places = mixed.expertGradients(encoder, into: gradient, kernels: kernels, parallel: parallel)
        return (gradient, patchGradient.array, places.flatMap { [$0.x, $0.y, $0.z] })
    }

    private func forward() {
        let p = locations.pointer
        mixed.mix(
            encoder, at: [SIMD3(p[0], p[1], p[2]), SIMD3(p[3], p[4], p[5])], foldingNorm: false, kernels: kernels, parallel: parallel)
        pass.forward(
            encoder, mixed: mixed, part: batch.blocks[...], patches: (0..<Self.samples).map { Floats(patches.pointer + $0 * Self.voxels) },
            representations: h.pointer)
    }
}
