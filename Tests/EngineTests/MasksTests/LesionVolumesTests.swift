import Foundations
import Imaging
import Masks
import Testing

@Suite struct LesionVolumesTests {
    /// Volumes of a mask that covers so many of 1,000 voxels of one lung.
    private func volumes(_ marked: Int) -> EmphysemaVolumes {
        let extent = Extent3(cube: 10)
        var mask = Volume<UInt8>(extent: extent, voxelToWorld: .identity, repeating: 0)
        for i in 0..<marked { mask.voxels[i] = 1 }
        return EmphysemaVolumes(mask: mask, lungs: Volume<UInt8>(extent: extent, voxelToWorld: .identity, repeating: 1))
    }

    @Test(
        "a region far beyond what density allows is implausible, with both numbers",
        arguments: [(520, 5, true), (90, 5, false), (520, 190, false)])
    func plausibility(marked: Int, low: Int, isImplausible: Bool) {
        let found = LesionVolumes(lesion: volumes(0), lowAttenuation: volumes(0), allLowAttenuation: volumes(low))
        let reason = found.implausible(region: volumes(marked))
        #expect((reason != nil) == isImplausible)
        if isImplausible { #expect(reason == "it marks 52.0 % of the lung, of which 0.5 % lies below -950 HU") }
    }
}
