import Cohorts
import Foundations
import KernelInterface
import Network
import SessionFormat

/// Re-estimates batch norm's running statistics over patches of all landmarks: at the end of training they reflect the last landmarks visited
/// only. Mean and variance are pooled over the whole sample, or kept for each landmark (`LocationStatistics`), layer after layer. Source:
/// docs/method.md section 3 (`bnCalibration`); `landmark` is ours.
package struct BatchNormCalibration {
    /// Patches that the statistics are taken over, at most.
    package static let sampleSize = 4096
    /// Standard deviation of the Gaussian that mixes landmarks' statistics; landmarks lie 26 mm apart.
    private static let widthMillimetres = 10.0
    /// Landmarks that the sample comes from, at most; their mixed kernels are held in memory.
    private static let landmarkLimit = 128

    /// Up to 16 patches at one landmark.
    struct Block: Equatable {
        let landmark: Int
        /// Rows of the patch store.
        let rows: [Int]
    }

    private let encoder: PatchEncoder
    private let kernels: any KernelSet
    private let parallel: Parallel

    package init(encoder: PatchEncoder, kernels: any KernelSet, parallel: Parallel) {
        self.encoder = encoder
        self.kernels = kernels
        self.parallel = parallel
    }

    /// A seeded sample: landmarks spread over the atlas, subjects in a seeded order of each landmark.
    static func sample(rows: [Int], landmarks: Int, seed: UInt64) -> [Block] {
        var generator = SeededGenerator(seed, .calibration)
        let chosen = generator.permutation(landmarks).prefix(landmarkLimit).sorted()
        let lanes = LaneLayout.lanes
        let blocksEach = max(1, min(sampleSize / lanes / chosen.count, (rows.count + lanes - 1) / lanes))
        return chosen.flatMap { landmark in
            let order = generator.permutation(rows.count).map { rows[$0] }
            return (0..<blocksEach).map { block in
                Block(landmark: landmark, rows: Array(order[min(block * lanes, order.count)..<min((block + 1) * lanes, order.count)]))
            }
        }
    }

    /// Sets the encoder's statistics from a cohort's unaugmented patches: the running ones pooled over all landmarks, and for `landmark` also
    /// those that depend on the location.
    /// - Parameter rows: rows of the cohort's store, for example the training subjects'.
    /// - Throws: where patches are damaged.
    package func run(_ kind: TrainingSettings.NormCalibration, cohort: PreparedCohort, rows: [Int], seed: UInt64) throws {
        encoder.locationStatistics = nil
        guard kind != .last else { return }
        let sample = Self.sample(rows: rows, landmarks: cohort.atlas.landmarks.count, seed: seed).filter { !$0.rows.isEmpty }
        try cohort.patches.requireWhole(Set(sample.map(\.landmark)), parallel: parallel)
        estimate(sample, cohort: cohort)
        guard kind == .landmark else { return }
        let anchors = Set(sample.map(\.landmark)).sorted().map(cohort.atlas.location(ofLandmark:))
        encoder.locationStatistics = LocationStatistics(
            anchors: anchors, width: cohort.atlas.normalised(millimetres: Self.widthMillimetres), architecture: encoder.architecture)
        estimate(sample, cohort: cohort)
    }

    /// Estimates the running statistics or, where the encoder has them, those by location, layer after layer.
    private func estimate(_ sample: [Block], cohort: PreparedCohort) {
        let landmarks = Set(sample.map(\.landmark)).sorted()
        let locations = landmarks.map(cohort.atlas.location(ofLandmark:))
        let place = Dictionary(uniqueKeysWithValues: landmarks.enumerated().map { ($1, $0) })
        let mixed = MixedKernels(architecture: encoder.architecture, capacity: landmarks.count, trainable: false)
        mixed.mix(encoder, at: locations, foldingNorm: false, kernels: kernels, parallel: parallel)
        let blocks = sample.map { block in
            let location = place[block.landmark] ?? 0
            return LaneBatch.Block(
                group: encoder.locationStatistics == nil ? 0 : location, location: location, samples: 0..<block.rows.count)
        }
        var firstAffines: [BatchNorm3D.Affine] = []
        let layers = encoder.architecture.layers
        let first = layers[0].geometry
        let spaces = Pool { (input: AlignedFloats(count: first.inputFloats), output: AlignedFloats(count: first.outputFloats)) }
        var activations = AlignedFloats(count: 0)
        for (index, layer) in layers.enumerated() {
            let g = layer.geometry
            let perBlock = g.slabs * g.outputPacks * LaneLayout.packedChannels * 3 * LaneLayout.lanes
            let sums = AlignedFloats(count: blocks.count * perBlock)
            // The first layer's output is the largest by far: it is computed again for the second instead of being kept.
            let output = AlignedFloats(count: index == 0 ? 0 : blocks.count * g.outputFloats)
            let previous = activations
            parallel.forEach(blocks.count) { block in
                func convolve(_ layer: Int, from input: MutableFloats, to output: MutableFloats, sums: MutableFloats) {
                    self.convolve(layer, mixed: mixed, location: blocks[block].location, from: input, to: output, sums: sums)
                }
                guard index <= 1 else {
                    convolve(
                        index, from: previous.pointer + block * g.inputFloats, to: output.pointer + block * g.outputFloats,
                        sums: sums.pointer + block * perBlock)
                    return
                }
                spaces.with { space in
                    interleave(sample[block], cohort: cohort, into: space.input.pointer)
                    if index == 0 {
                        convolve(0, from: space.input.pointer, to: space.output.pointer, sums: sums.pointer + block * perBlock)
                        return
                    }
                    let unused = AlignedFloats(count: first.slabs * first.outputPacks * LaneLayout.packedChannels * 3 * LaneLayout.lanes)
                    convolve(0, from: space.input.pointer, to: space.output.pointer, sums: unused.pointer)
                    normalise(0, space.output.pointer, firstAffines[blocks[block].location])
                    convolve(
                        1, from: space.output.pointer, to: output.pointer + block * g.outputFloats, sums: sums.pointer + block * perBlock)
                }
            }
            setStatistics(index, blocks: blocks, sums: sums)
            let affines = locations.map { BatchNorm3D.affines(encoder, at: $0)[index] }
            if index == 0 {
                firstAffines = affines
            } else {
                parallel.forEach(blocks.count) { normalise(index, output.pointer + $0 * g.outputFloats, affines[blocks[$0].location]) }
            }
            activations = output
        }
    }

    private func interleave(_ block: Block, cohort: PreparedCohort, into input: MutableFloats) {
        let augmentation = PatchAugmentation(kernels: kernels)
        let patches = AlignedFloats(count: block.rows.count * PatchStore.patchVoxels)
        for (lane, row) in block.rows.enumerated() {
            cohort.patches.withPatch(landmark: block.landmark, subject: row) {
                augmentation.plain($0.baseAddress!, output: patches.pointer + lane * PatchStore.patchVoxels)
            }
        }
        LaneTransposition.interleave(
            block.rows.indices.map { Floats(patches.pointer + $0 * PatchStore.patchVoxels) }, side: Atlas.patchSide, into: input,
            planes: 0..<Atlas.patchSide)
    }

    private func convolve(
        _ layer: Int, mixed: MixedKernels, location: Int, from input: MutableFloats, to output: MutableFloats, sums: MutableFloats
    ) {
        let g = encoder.architecture.layers[layer].geometry
        for slab in 0..<g.slabs {
            for run in 0..<g.packRuns {
                let packs = g.packs(ofRun: run)
                kernels.convolve(
                    g, packs: packs, slab: slab, input: Floats(input), output: output,
                    weights: mixed.packedWeights(layer: layer, location: location, pack: packs.lowerBound),
                    bias: mixed.bias(layer: layer, location: location, pack: packs.lowerBound),
                    epilogue: .statistics(
                        sums + (slab * g.outputPacks + packs.lowerBound) * LaneLayout.packedChannels * 3 * LaneLayout.lanes))
            }
        }
    }

    private func normalise(_ layer: Int, _ block: MutableFloats, _ affine: BatchNorm3D.Affine) {
        let g = encoder.architecture.layers[layer].geometry
        let channelFloats = g.outputFloats / g.outputChannels
        for channel in 0..<g.outputChannels {
            let place = block + channel * channelFloats
            kernels.normaliseELU(
                Floats(place), output: place, rows: g.outputDepth * g.outputHeight, width: g.outputWidth, scale: affine.scale[channel],
                shift: affine.shift[channel])
        }
    }

    private func setStatistics(_ index: Int, blocks: [LaneBatch.Block], sums: AlignedFloats) {
        let layers = encoder.architecture.layers
        let layer = layers[index]
        let groups = BatchNorm3D.statistics(
            of: blocks[...], geometry: layer.geometry, sums: Floats(sums.pointer), gamma: encoder.parameters[layer.norm + ".weight"],
            beta: encoder.parameters[layer.norm + ".bias"])
        for (number, group) in groups {
            let variance = group.variance.map { Float($0 * Double(group.count) / Double(max(1, group.count - 1))) }
            if encoder.locationStatistics == nil {
                _ = encoder.statistics[layer.norm + ".running_mean"].update(fromContentsOf: group.mean)
                _ = encoder.statistics[layer.norm + ".running_var"].update(fromContentsOf: variance)
            } else {
                let first = layers[..<index].reduce(0) { $0 + $1.geometry.outputChannels }
                encoder.locationStatistics?.set(anchor: number, first: first, mean: group.mean, variance: variance)
            }
        }
    }
}
