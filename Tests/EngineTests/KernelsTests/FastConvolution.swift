import KernelInterface
import TestSupport

/// Runs one instruction set's convolution kernels on whole batches. Lanes without a sample and padding weights hold numbers that must not
/// matter.
struct FastConvolution {
    let geometry: ConvolutionGeometry
    let kernels: any KernelSet
    /// `[out][in][3][3][3]`.
    let weights: [Float]
    private static let garbage: Float = -77

    struct Result {
        let samples: [[Float]]
        let bordersAreZero: Bool
    }

    /// Of one channel of one sample.
    struct Moments {
        var mean, variance: Double
    }

    func forward(_ inputs: [[Float]], bias: [Float], elu: Bool) -> Result {
        run(geometry, inputs, weights: packedForward, bias: bias) { _, _, _ in elu ? .elu(lanes: LaneLayout.lanes) : .none }
    }

    func forwardWithStatistics(_ inputs: [[Float]], bias: [Float]) -> (output: Result, moments: [[Moments]]) {
        let g = geometry
        let perPack = LaneLayout.packedChannels * 3 * LaneLayout.lanes
        let blocks = (inputs.count + 15) / 16
        let sums = GuardedFloats(count: blocks * g.slabs * g.outputPacks * perPack)
        let output = run(g, inputs, weights: packedForward, bias: bias) { block, slab, pack in
            .statistics(sums.pointer + ((block * g.slabs + slab) * g.outputPacks + pack) * perPack)
        }
        let voxels = Double(g.outputDepth * g.outputHeight * g.outputWidth)
        let moments = inputs.indices.map { sample in
            (0..<g.outputChannels).map { channel in
                var sum = 0.0
                var squares = 0.0
                for slab in 0..<g.slabs {
                    let place = (sample / 16 * g.slabs + slab) * g.outputPacks * perPack + channel * 3 * 16 + sample % 16
                    let count = Double(g.planes(ofSlab: slab).count * g.outputHeight * g.outputWidth)
                    let shift = Double(sums.pointer[place])
                    let first = Double(sums.pointer[place + 16])
                    sum += first + count * shift
                    squares += Double(sums.pointer[place + 32]) + 2 * shift * first + count * shift * shift
                }
                return Moments(mean: sum / voxels, variance: squares / voxels - sum * sum / (voxels * voxels))
            }
        }
        return (output, moments)
    }

    func inputGradient(_ gradients: [[Float]]) -> Result {
        let g = geometry
        guard g.stride == 2 else { return run(g.transposed, gradients, weights: packedBackward, bias: nil) { _, _, _ in .none } }
        let source = g.outputBlocks.packed(gradients, unused: Self.garbage)
        let target = g.inputBlocks.blank(samples: gradients.count)
        let weights = packedBackward
        for block in 0..<(gradients.count + 15) / 16 {
            for pack in 0..<g.inputPacks {
                kernels.inputGradientStride2(
                    g, pack: pack, outputGradient: Floats(source.pointer + block * g.outputFloats),
                    inputGradient: target.pointer + block * g.inputFloats,
                    weights: Floats(weights.pointer + pack * g.outputChannels * 108))
            }
        }
        return result(target, g.inputBlocks, count: gradients.count)
    }

    /// Lanes without a sample must bring no gradient; their inputs may be anything.
    func weightGradient(_ inputs: [[Float]], _ gradients: [[Float]]) -> [Float] {
        let g = geometry
        let source = g.inputBlocks.packed(inputs, unused: Self.garbage)
        let upstream = g.outputBlocks.packed(gradients, unused: 0)
        let chunk = LaneLayout.gradientChannels
        var result = [Float](repeating: 0, count: g.weights)
        for firstOutput in stride(from: 0, to: g.outputChannels, by: chunk) {
            let outputs = firstOutput..<min(g.outputChannels, firstOutput + chunk)
            for input in 0..<g.inputChannels {
                let sums = GuardedFloats(count: 9 * chunk * 3 * 16)
                for block in 0..<(inputs.count + 15) / 16 {
                    for slab in 0..<g.slabs {
                        kernels.accumulateWeightGradient(
                            g, slab: slab, outputs: outputs, inputs: input..<input + 1,
                            input: Floats(source.pointer + block * g.inputFloats),
                            outputGradient: Floats(upstream.pointer + block * g.outputFloats), sums: sums.pointer)
                    }
                }
                var totals = [Float](repeating: 0, count: 9 * chunk * 3)
                kernels.addLaneSums(Floats(sums.pointer), count: totals.count, to: &totals)
                for output in outputs {
                    for tap in 0..<27 {
                        result[(output * g.inputChannels + input) * 27 + tap] =
                            totals[(tap / 3 * chunk + output - firstOutput) * 3 + tap % 3]
                    }
                }
            }
        }
        return result
    }

    private func run(
        _ g: ConvolutionGeometry, _ inputs: [[Float]], weights: GuardedFloats, bias: [Float]?,
        epilogue: (_ block: Int, _ slab: Int, _ pack: Int) -> ConvolutionEpilogue
    ) -> Result {
        let source = g.inputBlocks.packed(inputs, unused: Self.garbage)
        let target = g.outputBlocks.blank(samples: inputs.count)
        let biases = GuardedFloats(count: (g.outputPacks * 4 + 15) / 16 * 16)
        for channel in 0..<biases.count { biases.pointer[channel] = bias.map { channel < $0.count ? $0[channel] : Self.garbage } ?? 0 }
        for block in 0..<(inputs.count + 15) / 16 {
            for slab in 0..<g.slabs {
                for run in 0..<g.packRuns {
                    let packs = g.packs(ofRun: run)
                    let pack = packs.lowerBound
                    kernels.convolve(
                        g, packs: packs, slab: slab, input: Floats(source.pointer + block * g.inputFloats),
                        output: target.pointer + block * g.outputFloats, weights: Floats(weights.pointer + pack * g.inputChannels * 108),
                        bias: bias == nil ? nil : Floats(biases.pointer + pack * 4), epilogue: epilogue(block, slab, pack))
                }
            }
        }
        return result(target, g.outputBlocks, count: inputs.count)
    }

    private func result(_ buffer: GuardedFloats, _ layout: LaneBlocks, count: Int) -> Result {
        Result(samples: layout.samples(buffer.pointer, count: count), bordersAreZero: layout.bordersAreZero(buffer))
    }

    /// `[out / 4][in][27][4]`.
    private var packedForward: GuardedFloats {
        let g = geometry
        return packed(g.packedForward, outer: g.outputChannels, inner: g.inputChannels) { o, i, tap in
            weights[(o * g.inputChannels + i) * 27 + tap]
        }
    }

    /// `[in / 4][out][27][4]`, taps turned around where the stride is 1.
    private var packedBackward: GuardedFloats {
        let g = geometry
        return packed(g.packedBackward, outer: g.inputChannels, inner: g.outputChannels) { i, o, tap in
            weights[(o * g.inputChannels + i) * 27 + (g.stride == 1 ? 26 - tap : tap)]
        }
    }

    private func packed(_ count: Int, outer: Int, inner: Int, _ weight: (Int, Int, Int) -> Float) -> GuardedFloats {
        let buffer = GuardedFloats(count: (count + 15) / 16 * 16)
        for index in 0..<count {
            let channel = index / (inner * 108) * 4 + index % 4
            buffer.pointer[index] = channel < outer ? weight(channel, index / 108 % inner, index / 4 % 27) : Self.garbage
        }
        return buffer
    }
}
