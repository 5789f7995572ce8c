import Foundations
import Imaging
import Studies
import Testing

/// Scores of masks against counts by hand.
@Suite struct MaskEvaluationTests {
    private let extent = Extent3(x: 4, y: 1, z: 1)

    private func volume<Voxel>(_ voxels: [Voxel]) -> Volume<Voxel> { Volume(extent: extent, voxelToWorld: .identity, voxels: voxels) }

    @Test("Dice, volume error, area under the curve and share of healthy lung")
    func scores() throws {
        var found = MaskEvaluation()
        let lungs = volume([UInt8](repeating: 1, count: 4))
        found.add(
            "a", region: volume([1, 1, 1, 0]), lesion: volume([1, 0, 0, 0]), probability: volume([0.9, 0.8, 0.6, 0.1]),
            truth: (volume([1, 0, 1, 0]), volume([1, 1, 0, 0])), lungs: lungs, isHealthy: false)
        found.add(
            "b", region: volume([1, 0, 0, 0]), lesion: volume([0, 0, 0, 0]), probability: volume([0.7, 0, 0, 0]),
            truth: (volume([0, 0, 0, 0]), volume([0, 0, 0, 0])), lungs: lungs, isHealthy: true)
        #expect(abs(try #require(found.regionDice) - 4.0 / 6) < 1e-12)
        #expect(abs(try #require(found.lesionDice) - 2.0 / 3) < 1e-12)
        #expect(found.volumeError == 0.5)
        // Of the diseased subject: 0.9 and 0.6 against 0.8 and 0.1.
        #expect(found.areaUnderCurve == 0.75)
        #expect(found.healthyShare == 0.25)
    }

    @Test("without probabilities the mask stands for them, and nothing to find is none")
    func withoutProbabilities() {
        var found = MaskEvaluation()
        let lungs = volume([UInt8](repeating: 1, count: 4))
        found.add(
            "a", region: volume([1, 1, 0, 0]), lesion: volume([1, 1, 0, 0]), probability: nil,
            truth: (volume([1, 0, 1, 0]), volume([1, 0, 0, 0])), lungs: lungs, isHealthy: false)
        #expect(found.areaUnderCurve == 0.5 && found.healthyShare == nil)
        var empty = MaskEvaluation()
        #expect(empty.regionDice == nil && empty.volumeError == nil && empty.areaUnderCurve == nil)
        empty.add(
            "b", region: volume([0, 0, 0, 0]), lesion: volume([0, 0, 0, 0]), probability: nil,
            truth: (volume([0, 0, 0, 0]), volume([0, 0, 0, 0])), lungs: lungs, isHealthy: true)
        #expect(empty.regionDice == nil && empty.healthyShare == 0)
    }
}
