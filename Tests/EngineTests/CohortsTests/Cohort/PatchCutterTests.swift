import Cohorts
import Foundations
import Imaging
import Testing

@Suite("Cutting patches")
struct PatchCutterTests {
    /// Voxel value = 100 z + 10 y + x, on a 1 mm grid.
    private let image: Volume<Int16> = {
        let extent = Extent3(x: 40, y: 38, z: 36)
        let voxels = (0..<extent.count).map { Int16($0 / (extent.x * extent.y) * 7 + $0 / extent.x % extent.y * 3 + $0 % extent.x) }
        return Volume(extent: extent, voxelToWorld: .identity, voxels: voxels)
    }()

    private func cut(at corner: VoxelIndex) -> (inside: Bool, voxels: [Int16]) {
        var patch = [Int16](repeating: 1, count: 32 * 32 * 32)
        let inside = patch.withUnsafeMutableBufferPointer { PatchCutter.cut(image, corner: corner, into: $0) }
        return (inside, patch)
    }

    private func expected(at corner: VoxelIndex) -> [Int16] {
        (0..<32 * 32 * 32).map { index in
            let voxel = VoxelIndex(x: corner.x + index % 32, y: corner.y + index / 32 % 32, z: corner.z + index / 1024)
            return image.extent.contains(voxel) ? min(max(image[voxel], -1024), 240) : -1024
        }
    }

    @Test(
        "voxels inside are copied and clipped, others are -1024",
        arguments: [
            VoxelIndex(x: 3, y: 2, z: 1), VoxelIndex(x: -5, y: 30, z: -31), VoxelIndex(x: 39, y: -7, z: 20), VoxelIndex(x: -60, y: 0, z: 0),
            VoxelIndex(x: 40, y: 5, z: 64),
        ])
    func voxels(_ corner: VoxelIndex) {
        let found = cut(at: corner)
        #expect(found.inside)
        #expect(found.voxels == expected(at: corner))
    }

    @Test(
        "a patch beyond the 60 voxels of padding is -1024 throughout and said to be",
        arguments: [VoxelIndex(x: -61, y: 0, z: 0), VoxelIndex(x: 0, y: 0, z: 65), VoxelIndex(x: 1000, y: 0, z: 0)])
    func beyond(_ corner: VoxelIndex) {
        let found = cut(at: corner)
        #expect(!found.inside)
        #expect(found.voxels.allSatisfy { $0 == -1024 })
    }

    @Test("a landmark's corner goes through atlas and subject millimetres to the nearest voxel")
    func corner() throws {
        let lungs = Volume<UInt8>(
            extent: Extent3(cube: 40),
            voxelToWorld: Affine3(columnX: [-1, 0, 0], columnY: [0, 1, 0], columnZ: [0, 0, 1], translation: [10, 20, 30]),
            repeating: 1)
        let atlas = try Atlas(lungs: lungs, landmarks: [VoxelIndex(x: 1, y: 2, z: 3)])
        let toSubject = Affine3(scale: [2, 1, 1], translation: [0.4, 0.6, -100])
        // (1, 2, 3) → (9, 22, 33) mm → (18.4, 22.6, -67) mm → voxel (16.4, 19.6, -70) → nearest.
        let worldToVoxel = Affine3(scale: [1, 1, 1], translation: [-2, -3, -3])
        let found = PatchCutter.corner(of: atlas.landmarks[0], atlas: atlas, atlasToSubject: toSubject, worldToVoxel: worldToVoxel)
        #expect(found == VoxelIndex(x: 16, y: 20, z: -70))
    }
}
