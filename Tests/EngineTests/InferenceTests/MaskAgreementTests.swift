import Foundation
import Foundations
import Imaging
import Inference
import TestSupport
import Testing

@Suite("Agreement of masks")
struct MaskAgreementTests {
    @Test("agreement: counts, Dice over subjects, volume error")
    func agreement() {
        let truth = TwoLungColumns.volume([[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
        let mask = TwoLungColumns.volume([[2, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
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
