import Cohorts
import Foundations
import Imaging
import TestSupport
import Testing

/// The authors' atlas and landmarks, and the numbers that their code makes of them.
@Suite("The authors' atlas")
struct AuthorsAtlasTests {
    private static let mask = SharedData.ct("drasclr_atlas_lung_mask.nii.gz")
    private static let list = SharedData.ct("drasclr_atlas_patch_loc.npy")

    @Test(
        "575 of the 581 landmarks come from the mask; all 581 give the authors' neighbours and locations",
        .enabled(if: SharedData.hasCT && SharedData.hasFixtures("landmarks.safetensors"), "no shared data"))
    func authors() throws {
        let lungs = try LungMask.normalise(labels: try NiftiFile.readLabels(Self.mask), parallel: Parallel(threads: 2))
        let file = try Safetensors(contentsOf: SharedData.fixture("landmarks.safetensors"))
        let expected = try file.integers("loc")
        let listed = try Landmarks.read(Self.list)
        #expect(listed.flatMap { [$0.x, $0.y, $0.z] } == expected)

        let swept = try Landmarks.sweep(lungs)
        #expect(swept.count == 575 && Set(swept).isSubset(of: Set(listed)))
        #expect(swept == listed.filter { Set(swept).contains($0) })

        let atlas = try Atlas(lungs: lungs, landmarks: listed)
        #expect(atlas.neighbours.flatMap { $0.prefix(2) } == (try file.integers("k2.stable")))
        #expect(atlas.neighbours.flatMap { $0.prefix(3) } == (try file.integers("k3.stable")))
        let locations = listed.indices.flatMap { index in
            let location = atlas.location(ofLandmark: index)
            return [location.x, location.y, location.z]
        }
        #expect(locations == (try file.floats("norm_f32")))
    }
}
