import Cohorts
import Foundation
import Foundations
import Inference
import Masks
import TestSupport
import Testing

@Suite("Progressive prediction")
struct ProgressivePredictionTests {
    private static let slices = [MaskSlice(axis: 2, index: 12), MaskSlice(axis: 0, index: 20), MaskSlice(axis: 2, index: 21)]

    private struct Outcome {
        var masks: [EmphysemaMask]
        var begin: PartialPrediction
        var parts: [PartialPrediction.Part] = []
        /// After each part.
        var partials: [PartialPrediction] = []
    }

    private func predict(_ trial: DenseCase, _ classifiers: [Classifier], stride: Int = 4, threads: Int = 2) throws -> Outcome {
        let prediction = try ProgressivePrediction(
            trial.image, atlas: TinyCohort.atlas, classifiers: classifiers, stride: stride, parallel: Parallel(threads: threads))
        var outcome = Outcome(masks: [], begin: prediction.beginning(subject: "s1"))
        var partial = outcome.begin
        var rounds = 0
        let masks = try prediction.run(
            wanted: {
                rounds += 1
                return Self.slices[rounds / 3 % Self.slices.count]
            }, isCancelled: { false },
            report: {
                partial.fold($0)
                outcome.parts.append($0)
                outcome.partials.append(partial)
            })
        outcome.masks = try #require(masks)
        return outcome
    }

    @Test("the finished masks are those of a prediction in one go, byte for byte", arguments: [(4, 8), (8, 8), (4, 9)])
    func sameBytes(stride: Int, secondEncoder: UInt64) throws {
        let trial = try DenseCase()
        let classifiers = [trial.classifier, DenseCase.classifier(.paraseptal, encoder: secondEncoder)]
        let whole = try #require(
            try EmphysemaMask.segment(
                trial.image, atlas: TinyCohort.atlas, classifiers: classifiers, stride: stride, parallel: Parallel(threads: 2)))
        for threads in [1, 3] {
            let found = try predict(trial, classifiers, stride: stride, threads: threads).masks
            #expect(found.map(\.subtype) == [.centrilobular, .paraseptal])
            for (one, other) in zip(found, whole.masks) {
                #expect(one.probability.voxels == other.probability.voxels && one.mask.voxels == other.mask.voxels)
                #expect(one.volumes == other.volumes && other.volumes.total.lung_ml > 0)
            }
        }
        let marked = whole.masks[0].mask.voxels.count { $0 != 0 }
        #expect(marked > 0 && marked < whole.masks[0].mask.voxels.count)
    }

    @Test("what is shown grows from nothing to what the finished masks say, and a slice is coarse before it is fine")
    func partial() throws {
        let trial = try DenseCase()
        let classifiers = [trial.classifier, DenseCase.classifier(.paraseptal, encoder: 8)]
        let outcome = try predict(trial, classifiers)
        let lungs = trial.image.lungs
        let inside = (0..<lungs.voxels.count).filter { lungs.voxels[$0] != 0 }.map { offset in
            VoxelIndex(x: offset % 48, y: offset / 48 % 48, z: offset / 48 / 48)
        }
        #expect(outcome.begin.done == 0 && inside.allSatisfy { outcome.begin.probabilities(at: $0) == nil })
        #expect(outcome.begin.strideReached(axis: 2, index: 12) == nil)
        let last = try #require(outcome.partials.last)
        #expect(last.fraction == 1 && last.done == last.total)
        for voxel in inside {
            let found = try #require(last.probabilities(at: voxel))
            for subtype in 0..<2 {
                // Finished probabilities are rounded to 1/1024.
                #expect(abs(found[subtype] - outcome.masks[subtype].probability[voxel]) <= 0.5 / 1024 + 1e-5)
            }
        }
        let reached = outcome.partials.map { $0.strideReached(axis: 2, index: 12) }
        #expect(reached.contains(8) && reached.last == 4)
        #expect(try #require(reached.firstIndex(of: 8)) < #require(reached.firstIndex(of: 4)))
        // Coarse values are interpolated between points that stay as they are.
        let middle = VoxelIndex(x: 16, y: 16, z: 16)
        #expect(Set(outcome.partials.compactMap { $0.probabilities(at: middle)?[0] }).count == 1)
    }

    @Test("parts that were written down and read again show the same; damaged ones are left out")
    func coding() throws {
        let outcome = try predict(try DenseCase(), [DenseCase.classifier(.paraseptal, encoder: 8)])
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        var copy = try decoder.decode(PartialPrediction.self, from: try encoder.encode(outcome.begin))
        #expect(copy == outcome.begin)
        for part in outcome.parts {
            guard case .part(let read) = try decoder.decode(MaskReport.self, from: try encoder.encode(MaskReport.part(part))) else {
                Issue.record("another report")
                return
            }
            copy.fold(read)
        }
        #expect(copy == outcome.partials.last)
        for part in [
            PartialPrediction.Part(points: [1 << 30], values: [[0.5]]), PartialPrediction.Part(points: [0], values: [[.nan]]),
            PartialPrediction.Part(points: [0], values: []), PartialPrediction.Part(points: [0, 1], values: [[0.5]]),
        ] { copy.fold(part) }
        #expect(copy == outcome.partials.last)
    }

    @Test("a cancelled prediction gives nothing")
    func cancelled() throws {
        let trial = try DenseCase()
        let prediction = try ProgressivePrediction(
            trial.image, atlas: TinyCohort.atlas, classifiers: [trial.classifier], stride: 4, parallel: Parallel(threads: 2))
        var rounds = 0
        let masks = try prediction.run(wanted: { Self.slices[0] }, isCancelled: { rounds >= 2 }, report: { _ in rounds += 1 })
        #expect(masks == nil && rounds == 2)
    }
}
