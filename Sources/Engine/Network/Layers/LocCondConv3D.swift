import Foundations
import KernelInterface

/// One location-conditional 3×3×3 convolution over blocks of 16 samples, with its gradients. Each block uses the kernel of its location.
///
/// Buffers are `[block][channel][z][y][x + 2][16]` with zero border columns (see `LaneLayout`).
package struct LocCondConv3D {
    package let layer: Int
    package let geometry: ConvolutionGeometry
    package let mixed: MixedKernels
    package let kernels: any KernelSet
    package let parallel: Parallel

    package init(layer: Int, mixed: MixedKernels, kernels: any KernelSet, parallel: Parallel) {
        self.layer = layer
        geometry = mixed.architecture.layers[layer].geometry
        self.mixed = mixed
        self.kernels = kernels
        self.parallel = parallel
    }

    /// y = conv(x; kernel(p)) + bias, with batch norm's sums.
    /// - Parameter statistics: `[block][slab][channel, rounded up to 4][3][16]`.
    package func forward(_ blocks: ArraySlice<LaneBatch.Block>, input: MutableFloats, output: MutableFloats, statistics: MutableFloats) {
        let g = geometry
        let perBlock = g.slabs * g.packRuns
        let locations = blocks.map(\.location)
        parallel.forEach(blocks.count * perBlock) { task in
            let block = task / perBlock
            let slab = task % perBlock / g.packRuns
            let packs = g.packs(ofRun: task % g.packRuns)
            let place = (block * g.slabs + slab) * g.outputPacks + packs.lowerBound
            kernels.convolve(
                g, packs: packs, slab: slab, input: Floats(input + block * g.inputFloats), output: output + block * g.outputFloats,
                weights: mixed.packedWeights(layer: layer, location: locations[block], pack: packs.lowerBound),
                bias: mixed.bias(layer: layer, location: locations[block], pack: packs.lowerBound),
                epilogue: .statistics(statistics + place * LaneLayout.packedChannels * 3 * LaneLayout.lanes))
        }
    }

    /// dx from dy.
    package func inputGradient(_ blocks: ArraySlice<LaneBatch.Block>, outputGradient: MutableFloats, inputGradient: MutableFloats) {
        let g = geometry
        let locations = blocks.map(\.location)
        if g.stride == 1 {
            let transposed = g.transposed
            let perBlock = transposed.slabs * transposed.packRuns
            parallel.forEach(blocks.count * perBlock) { task in
                let block = task / perBlock
                let packs = transposed.packs(ofRun: task % transposed.packRuns)
                kernels.convolve(
                    transposed, packs: packs, slab: task % perBlock / transposed.packRuns,
                    input: Floats(outputGradient + block * g.outputFloats), output: inputGradient + block * g.inputFloats,
                    weights: mixed.packedTransposedWeights(layer: layer, location: locations[block], pack: packs.lowerBound), bias: nil,
                    epilogue: .none)
            }
        } else {
            parallel.forEach(blocks.count * g.inputPacks) { task in
                let block = task / g.inputPacks
                let pack = task % g.inputPacks
                kernels.inputGradientStride2(
                    g, pack: pack, outputGradient: Floats(outputGradient + block * g.outputFloats),
                    inputGradient: inputGradient + block * g.inputFloats,
                    weights: mixed.packedTransposedWeights(layer: layer, location: locations[block], pack: pack))
            }
        }
    }

    /// Input channels that one task of the weight gradient takes.
    private static let inputsPerTask = 4

    /// Adds ∂kernel(p) = Σ dy · x over each location's blocks, in the order of blocks, to the mixed kernels' gradients.
    package func weightGradient(_ blocks: ArraySlice<LaneBatch.Block>, input: MutableFloats, outputGradient: MutableFloats) {
        let g = geometry
        let chunk = LaneLayout.gradientChannels
        let outputChunks = (g.outputChannels + chunk - 1) / chunk
        let inputChunks = (g.inputChannels + Self.inputsPerTask - 1) / Self.inputsPerTask
        let members = Dictionary(grouping: blocks.indices.map { $0 - blocks.startIndex }) { blocks[blocks.startIndex + $0].location }
        let locations = members.keys.sorted()
        let perLocation = outputChunks * inputChunks * g.slabs
        let partial = AlignedFloats(count: g.slabs > 1 ? locations.count * g.slabs * g.weights : 0)
        parallel.forEach(locations.count * perLocation) { task in
            let place = task / perLocation
            let slab = task % perLocation % g.slabs
            let chunks = task % perLocation / g.slabs
            let outputs = (chunks / inputChunks * chunk)..<min(g.outputChannels, (chunks / inputChunks + 1) * chunk)
            let inputs = (chunks % inputChunks * Self.inputsPerTask)..<min(g.inputChannels, (chunks % inputChunks + 1) * Self.inputsPerTask)
            let target =
                g.slabs > 1
                ? partial.pointer + (place * g.slabs + slab) * g.weights : mixed.kernelGradient(layer: layer, location: locations[place])
            let rowFloats = chunk * 3 * LaneLayout.lanes
            let bytes = inputs.count * 9 * rowFloats * 4
            withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { raw in
                let sums = raw.bindMemory(to: Float.self).baseAddress!
                sums.update(repeating: 0, count: inputs.count * 9 * rowFloats)
                for block in members[locations[place]] ?? [] {
                    kernels.accumulateWeightGradient(
                        g, slab: slab, outputs: outputs, inputs: inputs, input: Floats(input + block * g.inputFloats),
                        outputGradient: Floats(outputGradient + block * g.outputFloats), sums: sums)
                }
                scatter(sums, outputs: outputs, inputs: inputs, chunk: chunk, to: target)
            }
        }
        guard g.slabs > 1 else { return }
        for (place, location) in locations.enumerated() {
            for slab in 0..<g.slabs {
                kernels.addScaled(
                    Floats(partial.pointer + (place * g.slabs + slab) * g.weights), factor: 1, count: g.weights,
                    to: mixed.kernelGradient(layer: layer, location: location))
            }
        }
    }

    /// Adds lane sums `[in][9][chunk][3][16]` to weights `[out][in][27]`.
    private func scatter(_ sums: MutableFloats, outputs: Range<Int>, inputs: Range<Int>, chunk: Int, to target: MutableFloats) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: chunk * 3) { reduced in
            for input in inputs {
                for taps in 0..<9 {
                    reduced.update(repeating: 0)
                    let source = sums + ((input - inputs.lowerBound) * 9 + taps) * chunk * 3 * LaneLayout.lanes
                    kernels.addLaneSums(Floats(source), count: outputs.count * 3, to: reduced.baseAddress!)
                    for output in outputs {
                        let place = target + (output * geometry.inputChannels + input) * 27 + taps * 3
                        let values = reduced.baseAddress! + (output - outputs.lowerBound) * 3
                        for tap in 0..<3 { place[tap] += values[tap] }
                    }
                }
            }
        }
    }
}
