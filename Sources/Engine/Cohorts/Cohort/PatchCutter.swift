import Foundations
import Imaging

/// Cuts a subject's patches at the atlas's landmarks.
package enum PatchCutter {
    /// Voxels of -1024 that surround an image: a patch that leaves even those is counted.
    package static let paddingVoxels = 60
    /// What lies outside an image, HU.
    static let outsideHounsfield: Int16 = -1024
    /// Patches are clipped to this range, HU.
    package static let hounsfieldRange = NetworkIntensity.hounsfieldRange

    /// The lower corner of a landmark's patch in the subject: atlas voxel → atlas mm → subject mm → nearest voxel.
    ///
    /// The release moves the box's lower corner, not its centre; the box keeps its axes.
    package static func corner(of landmark: VoxelIndex, atlas: Atlas, atlasToSubject: Affine3, worldToVoxel: Affine3) -> VoxelIndex {
        VoxelIndex(nearestTo: worldToVoxel(atlasToSubject(atlas.lungs.voxelToWorld(landmark.point))))
    }

    /// Whether a patch lies within an image padded by 60 voxels.
    package static func reaches(_ extent: Extent3, corner: VoxelIndex) -> Bool {
        (0..<3).allSatisfy { corner[$0] >= -paddingVoxels && corner[$0] + Atlas.patchSide <= extent[$0] + paddingVoxels }
    }

    /// Cuts 32³ voxels from `corner` on, [z][y][x], clipped to `hounsfieldRange`; voxels outside the image are -1024.
    /// - Returns: false where the patch leaves even the padded image, and so holds nothing but -1024.
    @discardableResult
    package static func cut(_ image: Volume<Int16>, corner: VoxelIndex, into patch: UnsafeMutableBufferPointer<Int16>) -> Bool {
        let side = Atlas.patchSide
        let extent = image.extent
        precondition(
            patch.count == PatchStore.patchVoxels, "PatchCutter: a patch of \(patch.count) voxels, expected \(PatchStore.patchVoxels)")
        patch.update(repeating: outsideHounsfield)
        guard reaches(extent, corner: corner) else { return false }
        func overlap(_ axis: Int) -> Range<Int> {
            let lower = min(max(0, -corner[axis]), side)
            return lower..<max(lower, min(side, extent[axis] - corner[axis]))
        }
        let xs = overlap(0)
        image.voxels.withUnsafeBufferPointer { voxels in
            for z in overlap(2) {
                for y in overlap(1) {
                    let source = extent.offset(VoxelIndex(x: corner.x, y: corner.y + y, z: corner.z + z))
                    for x in xs {
                        patch[(z * side + y) * side + x] = min(
                            max(voxels[source + x], hounsfieldRange.lowerBound), hounsfieldRange.upperBound)
                    }
                }
            }
        }
        return true
    }
}
