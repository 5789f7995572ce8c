import Cohorts
import Foundations
import Imaging
import Testing

@Suite("The phantom's atlas")
struct PhantomAtlasTests {
    @Test("the atlas subject is healthy, on 1 mm voxels in L-A-S order, and gives 40 to 60 landmarks")
    func atlas() throws {
        let scan = ThoraxPhantom(size: .compact, seed: 11).atlasScan(parallel: .allProcessors)
        #expect(Orientation.name(of: scan.lungs.voxelToWorld) == "LAS")
        #expect(scan.centrilobular.voxels.allSatisfy { $0 == 0 } && scan.paraseptal.voxels.allSatisfy { $0 == 0 })
        let atlas = try Atlas(lungs: scan.lungs)
        #expect((40...60).contains(atlas.landmarks.count))
    }
}
