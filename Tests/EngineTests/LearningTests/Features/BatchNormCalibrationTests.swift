import Cohorts
import Foundation
import Foundations
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

@Suite("Batch-norm calibration")
struct BatchNormCalibrationTests {
    @Test("on one landmark it finds the statistics of a training pass over the same patches as one group")
    func equalsTrainingPass() throws {
        let folder = try ScratchFolder()
        let subjects = 40
        let cohort = try TinyCohort(folder.file("prepared"), subjects: subjects, landmarks: 1).cohort
        let calibrated = PatchEncoder(architecture: EncoderArchitecture(experts: 2))
        calibrated.initialise(seed: 4, scheme: .perExpert)
        let trained = calibrated.copy()
        let kernels = KernelSelection.best
        let parallel = Parallel(threads: 2)
        try BatchNormCalibration(encoder: calibrated, kernels: kernels, parallel: parallel).run(
            .all, cohort: cohort, rows: Array(0..<subjects), seed: 1)

        let inputs = AlignedFloats(count: subjects * PatchStore.patchVoxels)
        for subject in 0..<subjects {
            cohort.patches.withPatch(landmark: 0, subject: subject) {
                PatchAugmentation(kernels: kernels).plain(
                    $0.baseAddress!, output: inputs.pointer + subject * PatchStore.patchVoxels)
            }
        }
        let mixed = MixedKernels(architecture: trained.architecture, capacity: 1, trainable: false)
        mixed.mix(trained, at: [cohort.atlas.location(ofLandmark: 0)], foldingNorm: false, kernels: kernels, parallel: parallel)
        let batch = LaneBatch(subjects: subjects, locations: 1, groupSize: subjects)
        let pass = TrainingPass(
            architecture: trained.architecture, capacity: batch.blocks.count, trainable: false, kernels: kernels, parallel: parallel)
        let h = AlignedFloats(count: subjects * 128)
        pass.forward(
            trained, mixed: mixed, part: batch.blocks[...],
            patches: (0..<subjects).map { Floats(inputs.pointer + $0 * PatchStore.patchVoxels) }, representations: h.pointer)
        pass.updateRunningStatistics(trained)
        for layer in trained.architecture.layers {
            // One update from (0, 1) with momentum 0.1 is turned around: statistic = (running - 0.9 · start) / 0.1.
            let mean = Array(trained.statistics[layer.norm + ".running_mean"]).map { $0 * 10 }
            let variance = Array(trained.statistics[layer.norm + ".running_var"]).map { ($0 - 0.9) * 10 }
            // Calibration normalises with the unbiased variance, as inference does, training with the biased one: with 8 · 40 values in the
            // last layers that is 0.2 % of the deviation. Turning the update around costs 10⁻⁶ of the variance's start.
            #expect(relativeToLargest(Array(calibrated.statistics[layer.norm + ".running_mean"]), mean) < 5e-3, "\(layer.norm)")
            let found = Array(calibrated.statistics[layer.norm + ".running_var"])
            let worst = zip(found, variance).map { abs($0 - $1) / max($1, 1e-3) }.max() ?? .infinity
            #expect(worst < 1e-2, "\(layer.norm): variance off by \(worst)")
        }
        let first = trained.architecture.layers[0].norm
        let exact = Array(trained.statistics[first + ".running_mean"]).map { $0 * 10 }
        #expect(relativeToLargest(Array(calibrated.statistics[first + ".running_mean"]), exact) < 1e-5)
    }

    @Test("by landmark, the first layer's statistics are the mixture of those that each landmark has alone")
    func byLandmark() throws {
        let folder = try ScratchFolder()
        let subjects = 20
        let kernels = KernelSelection.best
        let parallel = Parallel(threads: 2)
        let encoder = PatchEncoder(architecture: EncoderArchitecture(experts: 2))
        encoder.initialise(seed: 4, scheme: .perExpert)
        let cohort = try TinyCohort(folder.file("prepared"), subjects: subjects).cohort
        let byLandmark = encoder.copy()
        try BatchNormCalibration(encoder: byLandmark, kernels: kernels, parallel: parallel).run(
            .landmark, cohort: cohort, rows: Array(0..<subjects), seed: 1)
        let local = try #require(byLandmark.locationStatistics)
        let pooled = encoder.copy()
        try BatchNormCalibration(encoder: pooled, kernels: kernels, parallel: parallel).run(
            .all, cohort: cohort, rows: Array(0..<subjects), seed: 1)
        #expect(pooled.locationStatistics == nil)
        let norm = encoder.architecture.layers[0].norm
        #expect(Array(pooled.statistics[norm + ".running_mean"]) == Array(byLandmark.statistics[norm + ".running_mean"]))

        // The landmarks' own: the first layer of a training pass over one landmark, whose single update is turned around.
        let mixed = MixedKernels(architecture: encoder.architecture, capacity: 1, trainable: false)
        let batch = LaneBatch(subjects: subjects, locations: 1, groupSize: subjects)
        let pass = TrainingPass(
            architecture: encoder.architecture, capacity: batch.blocks.count, trainable: false, kernels: kernels, parallel: parallel)
        let own = cohort.atlas.landmarks.indices.map { landmark in
            let alone = encoder.copy()
            let inputs = AlignedFloats(count: subjects * PatchStore.patchVoxels)
            for subject in 0..<subjects {
                cohort.patches.withPatch(landmark: landmark, subject: subject) {
                    PatchAugmentation(kernels: kernels).plain(
                        $0.baseAddress!, output: inputs.pointer + subject * PatchStore.patchVoxels)
                }
            }
            mixed.mix(
                alone, at: [cohort.atlas.location(ofLandmark: landmark)], foldingNorm: false, kernels: kernels, parallel: parallel)
            let h = AlignedFloats(count: subjects * 128)
            pass.forward(
                alone, mixed: mixed, part: batch.blocks[...],
                patches: (0..<subjects).map { Floats(inputs.pointer + $0 * PatchStore.patchVoxels) }, representations: h.pointer)
            pass.updateRunningStatistics(alone)
            return (
                mean: alone.statistics[norm + ".running_mean"].map { Double($0) * 10 },
                variance: alone.statistics[norm + ".running_var"].map { (Double($0) - 0.9) * 10 }
            )
        }
        for landmark in own.indices {
            // 10 mm along each axis, from this landmark's corner to the others'.
            let raw: [Double] = own.indices.map { other in
                let d = cohort.atlas.landmarks[other].point - cohort.atlas.landmarks[landmark].point
                return exp(-(d.x * d.x + d.y * d.y + d.z * d.z) / 200)
            }
            let total = raw.reduce(0, +)
            let found = local.mixture(local.weights(at: cohort.atlas.location(ofLandmark: landmark)), channels: 0..<8)
            for channel in 0..<8 {
                var mean = 0.0
                var square = 0.0
                for other in own.indices {
                    let part = own[other].mean[channel]
                    mean += raw[other] / total * part
                    square += raw[other] / total * (own[other].variance[channel] + part * part)
                }
                #expect(abs(Double(found.mean[channel]) - mean) < 1e-4 * square.squareRoot())
                #expect(abs(Double(found.variance[channel]) - (square - mean * mean)) < 1e-3 * square)
            }
        }
    }
}
