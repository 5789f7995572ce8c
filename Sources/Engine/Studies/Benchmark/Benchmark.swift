import Cohorts
import Foundation
import Foundations
import KernelInterface
import Learning
import Network
import SessionFormat

/// Measurements of the engine's parts, as `workbench bench` prints them.
package enum Benchmark {
    /// What was measured. Times are of one repeat, seconds.
    package struct Result: Codable, Sendable {
        package var what: String
        package var threads: Int
        package var batch: Int?
        package var isa: String
        package var repeats: Int
        package var median_s: Double
        package var min_s: Double
        /// Real multiply-adds × 2 / median time.
        package var gflops: Double?
        /// `gflops` over those of `gemm` right after it, on as many threads.
        package var sgemm_ratio: Double?
        package var samples_per_s: Double?
        package var layers: [LayerResult]?
        package var peak_mb: Double?
        /// Relative spread of the repeats, (largest - least) / median: the machine's noise.
        package var noise: Double
    }

    /// One layer and direction of `conv`.
    package struct LayerResult: Codable, Sendable {
        package var layer: String
        package var shape: String
        package var forward_gflops: Double
        package var input_gradient_gflops: Double?
        package var weight_gradient_gflops: Double
    }

    /// Who measures.
    package struct Setup: Sendable {
        package var threads: Int
        package var batch: Int
        package var repeats: Int
        package var kernels: any KernelSet

        package init(threads: Int, batch: Int, repeats: Int, isa: String?) throws {
            self.threads = threads
            self.batch = batch
            self.repeats = repeats
            kernels = try isa.map(KernelSelection.named) ?? KernelSelection.best
        }

        var parallel: Parallel { Parallel(threads: threads) }

        /// Times `body` after one run that is not counted.
        func time(_ what: String, batch: Int? = nil, multiplyAdds: Double? = nil, samples: Int? = nil, _ body: () throws -> Void) rethrows
            -> Result
        {
            try body()
            var times: [Double] = []
            for _ in 0..<repeats {
                let began = Journal.now()
                try body()
                times.append(Journal.now() - began)
            }
            times.sort()
            let median = times[times.count / 2]
            return Result(
                what: what, threads: threads, batch: batch, isa: kernels.name, repeats: repeats, median_s: median, min_s: times[0],
                gflops: multiplyAdds.map { 2e-9 * $0 / median }, samples_per_s: samples.map { Double($0) / median },
                noise: (times[times.count - 1] - times[0]) / median)
        }
    }

    /// OpenBLAS `sgemm` of 2048³, the yardstick.
    package static func gemm(_ setup: Setup) -> Result {
        let size = 2048
        var generator = SeededGenerator(1)
        let a = (0..<size * size).map { _ in Float(generator.uniform(-1, 1)) }
        let b = a.reversed().map { $0 }
        var c = [Float](repeating: 0, count: size * size)
        var result = setup.time("gemm", multiplyAdds: pow(Double(size), 3)) {
            DenseAlgebra.squareProduct(a, b, into: &c, size: size, threads: setup.threads)
        }
        result.isa = DenseAlgebra.coreName
        return result
    }

    /// The result with its ratio to `gemm`, measured now.
    package static func comparedWithGemm(_ result: Result, _ setup: Setup) -> Result {
        var result = result
        if let gflops = result.gflops, let yardstick = gemm(setup).gflops { result.sgemm_ratio = gflops / yardstick }
        return result
    }

    /// Every convolution of the encoder: forward, input gradient, weight gradient.
    package static func convolutions(_ setup: Setup) -> Result {
        let architecture = EncoderArchitecture(experts: 1)
        let encoder = PatchEncoder(architecture: architecture)
        encoder.initialise(seed: 1, scheme: .perExpert)
        let mixed = MixedKernels(architecture: architecture, capacity: 1, trainable: true)
        mixed.mix(encoder, at: [.zero], foldingNorm: false, kernels: setup.kernels, parallel: setup.parallel)
        let batch = LaneBatch(subjects: setup.batch, locations: 1, groupSize: setup.batch)
        let blocks = batch.blocks[...]
        var layers: [LayerResult] = []
        var totals = (forward: 0.0, least: 0.0, noise: 0.0)
        for (index, layer) in architecture.layers.enumerated() {
            let g = layer.geometry
            let input = AlignedFloats(count: blocks.count * g.inputFloats)
            let output = AlignedFloats(count: blocks.count * g.outputFloats)
            let sums = AlignedFloats(count: blocks.count * g.slabs * g.outputPacks * 4 * 48)
            var generator = SeededGenerator(2)
            for i in 0..<input.count { input.pointer[i] = Float(generator.uniform(-1, 1)) }
            let convolution = LocCondConv3D(layer: index, mixed: mixed, kernels: setup.kernels, parallel: setup.parallel)
            let work = Double(g.multiplyAdds) * Double(setup.batch)
            let forward = setup.time(layer.convolution, multiplyAdds: work) {
                convolution.forward(blocks, input: input.pointer, output: output.pointer, statistics: sums.pointer)
            }
            let weight = setup.time(layer.convolution, multiplyAdds: work) {
                convolution.weightGradient(blocks, input: input.pointer, outputGradient: output.pointer)
            }
            let back =
                index == 0
                ? nil
                : setup.time(layer.convolution, multiplyAdds: work) {
                    convolution.inputGradient(blocks, outputGradient: output.pointer, inputGradient: input.pointer)
                }
            totals.forward += forward.median_s
            totals.least += forward.min_s
            totals.noise = max(totals.noise, forward.noise)
            layers.append(
                LayerResult(
                    layer: layer.convolution, shape: "\(g.inputChannels)→\(g.outputChannels) @ \(g.inputWidth)³ /\(g.stride)",
                    forward_gflops: forward.gflops ?? 0, input_gradient_gflops: back?.gflops, weight_gradient_gflops: weight.gflops ?? 0))
        }
        let work = Double(architecture.multiplyAdds) * Double(setup.batch)
        return Result(
            what: "conv", threads: setup.threads, batch: setup.batch, isa: setup.kernels.name, repeats: setup.repeats,
            median_s: totals.forward, min_s: totals.least, gflops: 2e-9 * work / totals.forward,
            samples_per_s: Double(setup.batch) / totals.forward, layers: layers, noise: totals.noise)
    }

    /// The encoder in evaluation mode, 16 samples a thread at a time.
    package static func forward(_ setup: Setup) -> Result {
        let architecture = EncoderArchitecture(experts: 8)
        let encoder = PatchEncoder(architecture: architecture)
        encoder.initialise(seed: 1, scheme: .perExpert)
        let mixed = MixedKernels(architecture: architecture, capacity: 1, trainable: false)
        mixed.mix(encoder, at: [.zero], foldingNorm: true, kernels: setup.kernels, parallel: setup.parallel)
        let blocks = (setup.batch + LaneLayout.lanes - 1) / LaneLayout.lanes
        let passes = (0..<blocks).map { _ in EvaluationPass(architecture: architecture, kernels: setup.kernels) }
        let patch = randomPatch()
        let features = AlignedFloats(count: setup.batch * EncoderArchitecture.representation)
        return setup.time(
            "forward", batch: setup.batch, multiplyAdds: Double(architecture.multiplyAdds) * Double(setup.batch), samples: setup.batch
        ) {
            setup.parallel.forEach(blocks) { block in
                let count = min(LaneLayout.lanes, setup.batch - block * LaneLayout.lanes)
                passes[block].forward(
                    mixed, location: 0, patches: Array(repeating: Floats(patch.pointer), count: count),
                    representations: features.pointer + block * LaneLayout.lanes * EncoderArchitecture.representation)
            }
        }
    }

    /// A whole step: augmentation of all views, keys, query and neighbour passes, both losses, gradients, update.
    package static func train(_ setup: Setup, neighbours: Int = 2, landmarks: Int = 581, bankSize: Int = 4096) throws -> Result {
        let architecture = EncoderArchitecture(experts: 8)
        let query = PatchEncoder(architecture: architecture)
        query.initialise(seed: 1, scheme: .perExpert)
        let optimiser = SGD(layout: query.parameters.layout, momentum: 0.9, weightDecay: 1e-4)
        let bank = MemoryBank(landmarks: landmarks, size: bankSize, seed: 1)
        let step = ContrastiveStep(
            query: query, key: query.copy(), optimiser: optimiser, bank: bank, batch: setup.batch, neighbours: neighbours,
            batchNormGroup: 32,
            maskOwnKeys: true, kernels: setup.kernels, parallel: setup.parallel)
        let augmentation = PatchAugmentation(kernels: setup.kernels)
        let voxels = PatchStore.patchVoxels
        let source = randomHounsfield()
        // Queries, keys, then each sample's neighbours.
        let views = AlignedFloats(count: setup.batch * (2 + neighbours) * voxels)
        func place(_ index: Int) -> MutableFloats { views.pointer + index * voxels }
        func neighbour(_ r: Int, _ sample: Int) -> MutableFloats { place(2 * setup.batch + sample * neighbours + r) }
        let samples = 0..<setup.batch
        var number = 0
        // Three passes forward for query and neighbours, one for the keys; each of the former costs two more backward.
        let work = Double(architecture.multiplyAdds) * Double(setup.batch) * Double(1 + 3 * (1 + neighbours))
        var result = try setup.time("train", batch: setup.batch, multiplyAdds: work, samples: setup.batch) {
            number += 1
            source.withUnsafeBufferPointer { source in
                setup.parallel.forEach(setup.batch) { sample in
                    func draw(_ view: AugmentationDraw.View) -> AugmentationDraw {
                        AugmentationDraw(seed: 1, epoch: number, landmark: 0, subject: sample, view: view)
                    }
                    augmentation.apply(draw(.query), to: [source.baseAddress!], output: place(sample))
                    augmentation.apply(draw(.key), to: [source.baseAddress!], output: place(setup.batch + sample))
                    augmentation.apply(
                        draw(.neighbours), to: Array(repeating: source.baseAddress!, count: neighbours), output: neighbour(0, sample))
                }
            }
            _ = try step.run(
                ContrastiveStep.Input(
                    landmark: 0, location: .zero, neighbourLocations: Array(repeating: SIMD3(0.1, 0, 0), count: neighbours),
                    subjects: samples.map { Int32($0) }, queries: samples.map { Floats(place($0)) },
                    keys: samples.map { Floats(place(setup.batch + $0)) },
                    neighbours: (0..<neighbours).map { r in samples.map { Floats(neighbour(r, $0)) } },
                    keyOrder: Array((0..<setup.batch).reversed())),
                rates: ContrastiveStep.Rates(learningRate: 0.001, temperature: 0.2, momentum: 0.999, beta: 1))
        }
        result.peak_mb = peakMegabytes()
        return result
    }

    /// Augmented views made in a second: one patch a draw.
    package static func augment(_ setup: Setup) -> Result {
        let augmentation = PatchAugmentation(kernels: setup.kernels)
        let source = randomHounsfield()
        let voxels = PatchStore.patchVoxels
        let output = AlignedFloats(count: setup.batch * voxels)
        return setup.time("augment", batch: setup.batch, samples: setup.batch) {
            source.withUnsafeBufferPointer { source in
                setup.parallel.forEach(setup.batch) { sample in
                    let draw = AugmentationDraw(seed: 1, epoch: 0, landmark: 0, subject: sample, view: .query)
                    augmentation.apply(draw, to: [source.baseAddress!], output: output.pointer + sample * voxels)
                }
            }
        }
    }

    private static func randomPatch() -> AlignedFloats {
        let patch = AlignedFloats(count: PatchStore.patchVoxels)
        var generator = SeededGenerator(3)
        for i in 0..<patch.count { patch.pointer[i] = Float(generator.uniform(-1, 1)) }
        return patch
    }

    private static func randomHounsfield() -> [Int16] {
        var generator = SeededGenerator(4)
        return (0..<PatchStore.patchVoxels).map { _ in Int16(generator.uniform(-1000, 200)) }
    }

    /// The largest resident size of this process so far, MB.
    static func peakMegabytes() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
