import Foundation
import Foundations
import Imaging
import Masks
import TestSupport
import Testing

@Suite("Volumes of masks")
struct EmphysemaVolumesTests {
    @Test("thirds run from the head down, right and left apart, millilitres from the voxel's volume")
    func byHand() {
        let lungs = TwoLungColumns.volume([[1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [0, 0, 0, 0, 0, 0]])
        // Index 0 is the top. What lies outside the lungs does not count.
        let mask = TwoLungColumns.volume([[1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1]])
        let volumes = EmphysemaVolumes(mask: mask, lungs: lungs)
        let voxel = 12.0 / 1000
        func isNear(_ region: EmphysemaVolumes.Region, lung: Double, emphysema: Double) -> Bool {
            abs(region.lung_ml - lung * voxel) < 1e-9 && abs(region.emphysema_ml - emphysema * voxel) < 1e-9
        }
        #expect(isNear(volumes.total, lung: 12, emphysema: 4))
        #expect(abs(volumes.total.percent - 100.0 / 3) < 1e-9)
        #expect(isNear(volumes.right.whole, lung: 6, emphysema: 3))
        #expect(isNear(volumes.right.upper, lung: 2, emphysema: 2))
        #expect(isNear(volumes.right.middle, lung: 2, emphysema: 1))
        #expect(isNear(volumes.right.lower, lung: 2, emphysema: 0))
        #expect(isNear(volumes.left.whole, lung: 6, emphysema: 1))
        #expect(isNear(volumes.left.upper, lung: 2, emphysema: 0))
        #expect(isNear(volumes.left.lower, lung: 2, emphysema: 1))
    }

    @Test("a lung that is not there has no volume and no percentage")
    func absent() {
        let lungs = TwoLungColumns.volume([[0, 0, 0, 0, 0, 0], [2, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
        let volumes = EmphysemaVolumes(mask: lungs, lungs: lungs)
        #expect(volumes.right.whole.lung_ml == 0 && volumes.right.whole.percent == 0)
        #expect(abs(volumes.left.whole.percent - 100) < 1e-9 && volumes.left.upper.lung_ml == volumes.left.lower.lung_ml)
    }
}
