import Cohorts
import Foundation
import Foundations
import Imaging
import Testing

@Suite("Landmarks")
struct LandmarksTests {
    /// A box of lung voxels in an empty grid.
    private func mask(extent: Extent3, lung: ClosedRange<Int>) -> Volume<UInt8> {
        var volume = Volume<UInt8>(extent: extent, voxelToWorld: .identity, repeating: 0)
        for z in lung { for y in lung { for x in lung { volume[VoxelIndex(x: x, y: y, z: z)] = 1 } } }
        return volume
    }

    @Test("the sweep stops before size - 32 and runs x outermost, z innermost")
    func sweepOrder() throws {
        // 84 - 32 = 52 is not reached: corners 0 and 26 only. 85 would add 52.
        let found = try Landmarks.sweep(mask(extent: Extent3(cube: 84), lung: 0...83))
        let expected = [0, 26].flatMap { x in [0, 26].flatMap { y in [0, 26].map { VoxelIndex(x: x, y: y, z: $0) } } }
        #expect(found == expected)
        #expect(try Landmarks.sweep(mask(extent: Extent3(cube: 85), lung: 0...84)).count == 27)
    }

    @Test("a box is kept above 10 % of lung, not at less")
    func coverage() throws {
        // 32³ / 10 = 3276.8 voxels: 15·15·15 = 3375 are enough, 14·14·14 = 2744 are not.
        #expect(try Landmarks.sweep(mask(extent: Extent3(cube: 33), lung: 5...19)) == [VoxelIndex(x: 0, y: 0, z: 0)])
        #expect(throws: Failure.self) { try Landmarks.sweep(self.mask(extent: Extent3(cube: 33), lung: 5...18)) }
    }

    @Test("the threshold rises while 1,000 boxes or more are kept")
    func limit() throws {
        // 10 corners an axis make 1,000 boxes. The lower half along x is full; above it only 5 of 32 planes are, 16 % of a box.
        let extent = Extent3(cube: 32 + 9 * 26 + 1)
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: .identity, repeating: 1)
        for offset in lungs.voxels.indices where offset % extent.x >= 130 && offset / (extent.x * extent.y) % 32 >= 5 {
            lungs.voxels[offset] = 0
        }
        let kept = try Landmarks.sweep(lungs)
        // Corner 104 lies in the full half but for 6 planes, corner 130 does not.
        #expect(kept.count == 500)
        #expect(kept.map(\.x).max() == 104)
    }

    @Test("ties between neighbours go to the lower index")
    func ties() {
        let row = [0, 26, 52, 78].map { VoxelIndex(x: $0, y: 0, z: 0) }
        #expect(Landmarks.neighbours(of: row) == [[1, 2, 3], [0, 2, 3], [1, 3, 0], [2, 1, 0]])
    }

    @Test("location input: corner over largest corner, times two, less one")
    func locations() throws {
        let lungs = mask(extent: Extent3(cube: 85), lung: 0...84)
        let atlas = try Atlas(lungs: lungs, landmarks: [VoxelIndex(x: 0, y: 13, z: 26), VoxelIndex(x: 40, y: 26, z: 52)])
        #expect(atlas.location(ofLandmark: 0) == SIMD3(-1, 0, 0))
        #expect(atlas.location(ofLandmark: 1) == SIMD3(1, 1, 1))
        #expect(atlas.location(ofCorner: [80, 52, -52]) == SIMD3(3, 3, -3))
    }

    @Test("bad landmark lists and masks are refused")
    func refusals() throws {
        let lungs = mask(extent: Extent3(cube: 40), lung: 0...39)
        let corner = VoxelIndex(x: 1, y: 2, z: 3)
        #expect(throws: Failure("the list of landmarks is empty; expected at least one patch corner")) {
            try Atlas(lungs: lungs, landmarks: [])
        }
        #expect(throws: Failure.self) { try Atlas(lungs: lungs, landmarks: [corner, corner]) }
        #expect(throws: Failure.self) { try Atlas(lungs: lungs, landmarks: [VoxelIndex(x: 9, y: 0, z: 0)]) }
        let coarse = Volume(extent: lungs.extent, voxelToWorld: Affine3(scale: [2, 2, 2]), voxels: lungs.voxels)
        #expect(throws: Failure.self) { try Atlas(lungs: coarse, landmarks: [corner]) }
    }

    @Test("the checksum covers voxels, geometry and landmarks")
    func checksum() throws {
        let lungs = mask(extent: Extent3(cube: 40), lung: 0...39)
        let first = try Atlas(lungs: lungs)
        var changed = lungs
        changed[VoxelIndex(x: 0, y: 0, z: 0)] = 2
        let moved = Volume(extent: lungs.extent, voxelToWorld: Affine3(scale: [1, 1, 1], translation: [0, 0, 5]), voxels: lungs.voxels)
        let checksums = [
            first.checksum, try Atlas(lungs: changed).checksum, try Atlas(lungs: moved).checksum,
            try Atlas(lungs: lungs, landmarks: [VoxelIndex(x: 1, y: 0, z: 0)]).checksum,
        ]
        #expect(Set(checksums).count == 4)
        #expect(try Atlas(lungs: lungs).checksum == first.checksum)
    }
}
