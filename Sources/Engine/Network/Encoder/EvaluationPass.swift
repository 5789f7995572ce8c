import KernelInterface

/// The encoder in evaluation mode for one block of 16 samples: batch norm's running statistics are folded into the kernels, so that a layer
/// is one convolution with ELU. One pass serves one thread.
package final class EvaluationPass {
    package let architecture: EncoderArchitecture
    private let kernels: any KernelSet
    /// For blocks that are at most half full.
    private let narrowKernels: any KernelSet
    private let input: AlignedFloats
    private let outputs: [AlignedFloats]

    package init(architecture: EncoderArchitecture, kernels: any KernelSet) {
        self.architecture = architecture
        self.kernels = kernels
        narrowKernels = KernelSelection.narrow(kernels)
        input = AlignedFloats(count: architecture.layers[0].geometry.inputFloats)
        outputs = architecture.layers.map { AlignedFloats(count: $0.geometry.outputFloats) }
    }

    /// Representations of up to 16 patches that share a location.
    /// - Parameters:
    ///   - mixed: kernels mixed with `foldingNorm`.
    ///   - location: index of the location in `mixed`.
    ///   - patches: `[z][y][x]` of 32³ network inputs.
    ///   - representations: receives `[patch][128]`.
    package func forward(_ mixed: MixedKernels, location: Int, patches: [Floats], representations: MutableFloats) {
        precondition(patches.count <= LaneLayout.lanes, "EvaluationPass: \(patches.count) patches, expected at most \(LaneLayout.lanes)")
        let side = architecture.layers[0].geometry.inputWidth
        LaneTransposition.interleave(patches, side: side, into: input.pointer, planes: 0..<side)
        let kernels = 2 * patches.count <= LaneLayout.lanes ? narrowKernels : kernels
        for (index, layer) in architecture.layers.enumerated() {
            let g = layer.geometry
            for run in 0..<g.packRuns {
                let packs = g.packs(ofRun: run)
                for slab in 0..<g.slabs {
                    kernels.convolve(
                        g, packs: packs, slab: slab, input: Floats(index == 0 ? input.pointer : outputs[index - 1].pointer),
                        output: outputs[index].pointer,
                        weights: mixed.packedWeights(layer: index, location: location, pack: packs.lowerBound),
                        bias: mixed.bias(layer: index, location: location, pack: packs.lowerBound), epilogue: .elu(lanes: patches.count))
                }
            }
        }
        let channels = EncoderArchitecture.representation
        for lane in patches.indices {
            LaneTransposition.row(
                outputs[outputs.count - 1].pointer, lane: lane, channels: channels, into: representations + lane * channels)
        }
    }
}
