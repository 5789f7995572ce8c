import Foundation
import Foundations
import Imaging
import Inference
import Testing

@Suite("Agreement of masks")
struct MaskAgreementTests {
    /// Two columns of six voxels of 2 × 3 × 2 mm, the first in the right lung, the second in the left; a third column is outside. The scan is
    /// stored head first and tilted by 20° in the coronal plane.
    private static let geometry = Affine3(
        columnX: [2 * cos(0.35), 0, 2 * sin(0.35)], columnY: [0, 3, 0], columnZ: [2 * sin(0.35), 0, -2 * cos(0.35)],
        translation: [10, -20, 300])
    private static let extent = Extent3(x: 3, y: 1, z: 6)

    private func volume(_ columns: [[UInt8]]) -> Volume<UInt8> {
        Volume(extent: Self.extent, voxelToWorld: Self.geometry, voxels: (0..<6).flatMap { z in columns.map { $0[z] } })
    }

    @Test("agreement: counts, Dice over subjects, volume error")
    func agreement() {
        let truth = volume([[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
        let mask = volume([[2, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
        let one = MaskAgreement(mask: mask, truth: truth)
        #expect(one.intersection == 1 && one.predicted == 3 && one.truth == 2)
        #expect(abs(one.volumeErrorMillilitres - 0.012) < 1e-9)
        #expect(MaskAgreement.dice([one]) == 2.0 / 5)
        let two = MaskAgreement(mask: truth, truth: truth)
        #expect(MaskAgreement.dice([one, two]) == 6.0 / 9)
        let empty = truth.mapVoxels { _ in UInt8(0) }
        #expect(MaskAgreement.dice([MaskAgreement(mask: empty, truth: empty)]) == nil)
        #expect(MaskAgreement.dice([MaskAgreement(mask: empty, truth: truth)]) == 0)
    }
}
