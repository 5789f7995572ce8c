import Foundations
import KernelInterface

/// The buffers of the encoder in train mode, allocated once, and one pass through them: forward with batch statistics, then backward.
///
/// A large batch goes through in parts of whole batch-norm groups, so that memory does not grow with it. Parameter gradients add up over the
/// parts, in their order.
package final class TrainingPass {
    package let architecture: EncoderArchitecture
    /// Blocks that fit.
    package let capacity: Int
    private let kernels: any KernelSet
    private let parallel: Parallel
    private let input: AlignedFloats
    /// Outputs of the convolutions, and of norm + ELU behind them; gradients lie like both.
    private let convolved, activated, gradients: [AlignedFloats]
    private let sums: AlignedFloats
    private var groupStatistics: [[Int: BatchNorm3D.GroupStatistics]]
    private var blocks: ArraySlice<LaneBatch.Block> = []

    /// - Parameter trainable: whether `backward` will be called.
    package init(architecture: EncoderArchitecture, capacity: Int, trainable: Bool, kernels: any KernelSet, parallel: Parallel) {
        self.architecture = architecture
        self.capacity = capacity
        self.kernels = kernels
        self.parallel = parallel
        let geometries = architecture.layers.map(\.geometry)
        let first = geometries[0]
        precondition(
            first.inputDepth == first.inputWidth && first.inputHeight == first.inputWidth,
            "TrainingPass: an input of \(first.inputDepth)×\(first.inputHeight)×\(first.inputWidth), expected a cube")
        input = AlignedFloats(count: capacity * geometries[0].inputFloats)
        convolved = geometries.map { AlignedFloats(count: capacity * $0.outputFloats) }
        activated = geometries.map { AlignedFloats(count: capacity * $0.outputFloats) }
        gradients = trainable ? geometries.map { AlignedFloats(count: capacity * $0.outputFloats) } : []
        sums = AlignedFloats(
            count: capacity * (geometries.map { $0.slabs * $0.outputPacks }.max() ?? 0) * LaneLayout.packedChannels * 3 * LaneLayout.lanes)
        groupStatistics = Array(repeating: [:], count: geometries.count)
    }

    /// Memory of the buffers, bytes.
    package var bytes: Int { 4 * ([input, sums] + convolved + activated + gradients).reduce(0) { $0 + $1.count } }

    /// Encodes one part of a batch with the statistics of its groups.
    /// - Parameters:
    ///   - patches: `[z][y][x]` of 32³ network inputs for each sample of the batch.
    ///   - representations: `[sample][128]`, written for this part's samples.
    package func forward(
        _ encoder: PatchEncoder, mixed: MixedKernels, part: ArraySlice<LaneBatch.Block>, patches: [Floats], representations: MutableFloats
    ) {
        precondition(part.count <= capacity, "TrainingPass: \(part.count) blocks, capacity is \(capacity)")
        blocks = part
        let first = architecture.layers[0].geometry
        let planes = 8
        let parts = (first.inputDepth + planes - 1) / planes
        parallel.forEach(part.count * parts) { task in
            let block = task / parts
            LaneTransposition.interleave(
                part[part.startIndex + block].samples.map { patches[$0] }, side: first.inputWidth,
                into: input.pointer + block * first.inputFloats,
                planes: task % parts * planes..<min(first.inputDepth, (task % parts + 1) * planes))
        }
        for (index, layer) in architecture.layers.enumerated() {
            let g = layer.geometry
            LocCondConv3D(layer: index, mixed: mixed, kernels: kernels, parallel: parallel).forward(
                part, input: index == 0 ? input.pointer : activated[index - 1].pointer, output: convolved[index].pointer,
                statistics: sums.pointer)
            let statistics = BatchNorm3D.statistics(
                of: part, geometry: g, sums: Floats(sums.pointer), gamma: encoder.parameters[layer.norm + ".weight"],
                beta: encoder.parameters[layer.norm + ".bias"])
            groupStatistics[index].merge(statistics) { $1 }
            let channelFloats = g.outputFloats / g.outputChannels
            forEachChannel(g) { block, group, channel in
                let place = block * g.outputFloats + channel * channelFloats
                let affine = statistics[group]!.affine
                kernels.normaliseELU(
                    Floats(convolved[index].pointer + place), output: activated[index].pointer + place,
                    rows: g.outputDepth * g.outputHeight,
                    width: g.outputWidth, scale: affine.scale[channel], shift: affine.shift[channel])
            }
        }
        let last = architecture.layers[architecture.layers.count - 1].geometry
        for (index, block) in part.enumerated() {
            for (lane, sample) in block.samples.enumerated() {
                LaneTransposition.row(
                    activated[architecture.layers.count - 1].pointer + index * last.outputFloats, lane: lane, channels: last.outputChannels,
                    into: representations + sample * last.outputChannels)
            }
        }
    }

    /// Calls `body(block of the part, its group, channel)` for every channel of every block, channels in runs that share a thread.
    private func forEachChannel(_ g: ConvolutionGeometry, _ body: (Int, Int, Int) -> Void) {
        let groups = blocks.map(\.group)
        let run = max(1, min(g.outputChannels, 8192 / (g.outputDepth * g.outputHeight * g.outputWidth)))
        let runs = (g.outputChannels + run - 1) / run
        parallel.forEach(groups.count * runs) { task in
            let block = task / runs
            let start = task % runs * run
            for channel in start..<min(g.outputChannels, start + run) { body(block, groups[block], channel) }
        }
    }

    /// Ends a pass: the running statistics move by `momentum` towards the mean over the groups of all its parts.
    package func updateRunningStatistics(_ encoder: PatchEncoder, momentum: Float = BatchNorm3D.momentum) {
        for (index, layer) in architecture.layers.enumerated() {
            let groups = groupStatistics[index].sorted { $0.key < $1.key }.map(\.value)
            BatchNorm3D.updateRunning(encoder, norm: layer.norm, groups: groups, momentum: momentum)
            groupStatistics[index] = [:]
        }
        encoder.batchesTracked += 1
    }

    /// Gradients of the part that went forward last. Kernel gradients are added to `mixed`, those of batch norm to `gradient`.
    ///
    /// The convolutions' bias gradient is 0 in exact arithmetic, because batch norm subtracts the mean; it is left at 0.
    /// - Parameters:
    ///   - representationGradient: `[sample][128]`.
    ///   - inputGradient: if given, `[sample][32][32][32]` receives the gradient of the patches.
    package func backward(
        _ encoder: PatchEncoder, mixed: MixedKernels, representationGradient: Floats, gradient: ParameterSet,
        inputGradient: MutableFloats? = nil
    ) {
        let last = architecture.layers.count - 1
        let lastGeometry = architecture.layers[last].geometry
        for (index, block) in blocks.enumerated() {
            let target = gradients[last].pointer + index * lastGeometry.outputFloats
            target.update(repeating: 0, count: lastGeometry.outputFloats)
            for (lane, sample) in block.samples.enumerated() {
                LaneTransposition.setRow(
                    target, lane: lane, channels: lastGeometry.outputChannels,
                    from: representationGradient + sample * lastGeometry.outputChannels)
            }
        }
        for index in stride(from: last, through: 0, by: -1) {
            throughNormAndELU(encoder, layer: index, gradient: gradient)
            let convolution = LocCondConv3D(layer: index, mixed: mixed, kernels: kernels, parallel: parallel)
            let previous = index == 0 ? input.pointer : activated[index - 1].pointer
            convolution.weightGradient(blocks, input: previous, outputGradient: gradients[index].pointer)
            if index > 0 {
                convolution.inputGradient(blocks, outputGradient: gradients[index].pointer, inputGradient: gradients[index - 1].pointer)
            } else if let inputGradient {
                patchGradient(convolution, into: inputGradient)
            }
        }
    }

    private func throughNormAndELU(_ encoder: PatchEncoder, layer index: Int, gradient: ParameterSet) {
        let layer = architecture.layers[index]
        let g = layer.geometry
        let channelFloats = g.outputFloats / g.outputChannels
        let rows = g.outputDepth * g.outputHeight
        let lanes = LaneLayout.lanes
        let statistics = groupStatistics[index]
        let partial = sums.pointer
        forEachChannel(g) { block, group, channel in
            let place = block * g.outputFloats + channel * channelFloats
            let affine = statistics[group]!.affine
            let laneSums = partial + (block * g.outputChannels + channel) * 2 * lanes
            laneSums.update(repeating: 0, count: 2 * lanes)
            kernels.gradientThroughELU(
                Floats(convolved[index].pointer + place), gradient: gradients[index].pointer + place, rows: rows, width: g.outputWidth,
                scale: affine.scale[channel], shift: affine.shift[channel], mean: statistics[group]!.mean[channel], sums: laneSums)
        }
        // dy = γ/s · (g - mean(g) - x̂ · mean(g x̂)) with x̂ = (y - μ)/s, written as a·g + b·(y - μ) + c.
        struct Coefficients {
            var a, b, c: [Float]
        }
        var coefficients: [Int: Coefficients] = [:]
        let gammaGradient = gradient[layer.norm + ".weight"]
        let betaGradient = gradient[layer.norm + ".bias"]
        let gamma = encoder.parameters[layer.norm + ".weight"]
        for group in Set(blocks.map(\.group)).sorted() {
            let s = statistics[group]!
            var result = Coefficients(a: s.mean, b: s.mean, c: s.mean)
            for channel in 0..<g.outputChannels {
                var sum = 0.0
                var product = 0.0
                for (position, block) in blocks.enumerated() where block.group == group {
                    let laneSums = partial + (position * g.outputChannels + channel) * 2 * lanes
                    for lane in 0..<block.samples.count {
                        sum += Double(laneSums[lane])
                        product += Double(laneSums[lanes + lane])
                    }
                }
                let inverse = Double(s.inverseDeviation[channel])
                betaGradient[channel] += Float(sum)
                gammaGradient[channel] += Float(product * inverse)
                let scale = Double(gamma[channel]) * inverse
                result.a[channel] = Float(scale)
                result.b[channel] = Float(-scale * inverse * inverse * product / Double(s.count))
                result.c[channel] = Float(-scale * sum / Double(s.count))
            }
            coefficients[group] = result
        }
        let masks = blocks.map { block in (0..<lanes).map { Float($0 < block.samples.count ? 1 : 0) } }
        forEachChannel(g) { block, group, channel in
            let place = block * g.outputFloats + channel * channelFloats
            let k = coefficients[group]!
            withUnsafeTemporaryAllocation(byteCount: lanes * 4, alignment: 64) { raw in
                let mask = raw.bindMemory(to: Float.self)
                _ = mask.update(fromContentsOf: masks[block])
                kernels.gradientThroughNorm(
                    Floats(convolved[index].pointer + place), gradient: gradients[index].pointer + place, rows: rows, width: g.outputWidth,
                    mean: statistics[group]!.mean[channel], a: k.a[channel], b: k.b[channel], c: k.c[channel],
                    laneMask: Floats(mask.baseAddress!))
            }
        }
    }

    private func patchGradient(_ convolution: LocCondConv3D, into target: MutableFloats) {
        let g = convolution.geometry
        let buffer = AlignedFloats(count: blocks.count * g.inputFloats)
        convolution.inputGradient(blocks, outputGradient: gradients[0].pointer, inputGradient: buffer.pointer)
        let voxels = g.inputDepth * g.inputHeight * g.inputWidth
        for (index, block) in blocks.enumerated() {
            for (lane, sample) in block.samples.enumerated() {
                for voxel in 0..<voxels {
                    let place = (voxel / g.inputWidth * (g.inputWidth + 2) + voxel % g.inputWidth + 1) * LaneLayout.lanes + lane
                    target[sample * voxels + voxel] = buffer.pointer[index * g.inputFloats + place]
                }
            }
        }
    }
}
