import Cohorts
import Foundations

/// The atlas, ready to show. Immutable and shared; two are equal when they are the same one.
package final class LoadedAtlas: Equatable, Sendable {
    package let map: AtlasMap
    package let axes: AnatomicalAxes

    /// Throws if the atlas is empty or a landmark lies outside it.
    package init(_ map: AtlasMap) throws {
        self.map = map
        let extent = map.lungs.extent
        guard extent.x > 0, extent.y > 0, extent.z > 0 else { throw Failure("the atlas mask holds no voxels; make the atlas again") }
        guard map.neighbours.count == map.landmarks.count else {
            throw Failure("the atlas has \(map.landmarks.count) landmarks but neighbours for \(map.neighbours.count); make the atlas again")
        }
        for (index, corner) in map.landmarks.enumerated() where !extent.contains(corner) {
            throw Failure("landmark \(index) of the atlas lies at \(corner), outside its mask of \(extent) voxels; make the atlas again")
        }
        if let ct = map.ct, !ct.sharesGrid(with: map.lungs) {
            throw Failure("the atlas's CT has another grid (\(ct.extent)) than its mask (\(extent)); make the atlas again")
        }
        axes = AnatomicalAxes(extent: extent, voxelToWorld: map.lungs.voxelToWorld)
    }

    package static func == (a: LoadedAtlas, b: LoadedAtlas) -> Bool { a === b }

    /// The voxel in the middle of a landmark's box: corner + 16, kept inside the mask's grid.
    package func centre(landmark: Int) -> VoxelIndex {
        let half = Atlas.patchSide / 2
        let corner = map.landmarks[landmark]
        let extent = map.lungs.extent
        return VoxelIndex(
            x: min(corner.x + half, extent.x - 1), y: min(corner.y + half, extent.y - 1), z: min(corner.z + half, extent.z - 1))
    }

    /// The landmark whose box centre is nearest to a voxel; nil if there are no landmarks.
    package func landmark(nearest voxel: VoxelIndex) -> Int? {
        map.landmarks.indices.min { squaredDistance($0, voxel) < squaredDistance($1, voxel) }
    }

    private func squaredDistance(_ landmark: Int, _ voxel: VoxelIndex) -> Int {
        let c = centre(landmark: landmark)
        return (c.x - voxel.x) * (c.x - voxel.x) + (c.y - voxel.y) * (c.y - voxel.y) + (c.z - voxel.z) * (c.z - voxel.z)
    }
}
