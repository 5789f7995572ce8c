import Foundations

/// A 3-D image: voxels with x fastest ([z][y][x]), and the map from voxel indices to millimetres (RAS+).
package struct Volume<Voxel: Sendable>: Sendable {
    package let extent: Extent3
    /// Continuous voxel coordinates (x, y, z) → RAS+ millimetres. The centre of the first voxel is the image of (0, 0, 0).
    package let voxelToWorld: Affine3
    /// `extent.count` values, x fastest.
    package var voxels: [Voxel]

    package init(extent: Extent3, voxelToWorld: Affine3, voxels: [Voxel]) {
        precondition(voxels.count == extent.count, "Volume: \(voxels.count) voxels, expected \(extent.count) for \(extent)")
        self.extent = extent
        self.voxelToWorld = voxelToWorld
        self.voxels = voxels
    }

    /// A volume filled with one value.
    package init(extent: Extent3, voxelToWorld: Affine3, repeating value: Voxel) {
        self.init(extent: extent, voxelToWorld: voxelToWorld, voxels: Array(repeating: value, count: extent.count))
    }

    /// The voxel's value. The index must lie in the volume.
    package subscript(_ voxel: VoxelIndex) -> Voxel {
        get { voxels[extent.offset(voxel)] }
        set { voxels[extent.offset(voxel)] = newValue }
    }

    /// Distances between neighbouring voxel centres along x, y and z, mm.
    package var spacingMillimetres: Point3 {
        Point3(length(voxelToWorld.columnX), length(voxelToWorld.columnY), length(voxelToWorld.columnZ))
    }

    /// Volume of one voxel, mm³.
    package var voxelVolume: Double { abs(voxelToWorld.determinant) }

    /// How far two volumes of one grid may lie apart at their farthest corner, in voxels: programs that round their headers stay below.
    package static var gridTolerance: Double { 0.1 }

    /// True where both have the same extent and lie within a tenth of a voxel of each other at every corner.
    package func sharesGrid<Other>(with other: Volume<Other>) -> Bool {
        guard extent == other.extent else { return false }
        return extent.farthestCorner(voxelToWorld, other.voxelToWorld) <= Self.gridTolerance * voxelToWorld.shortestSide
    }

    /// The same grid with other values.
    package func mapVoxels<Other>(_ transform: (Voxel) -> Other) -> Volume<Other> {
        Volume<Other>(extent: extent, voxelToWorld: voxelToWorld, voxels: voxels.map(transform))
    }
}

extension Volume: Equatable where Voxel: Equatable {}

extension Extent3 {
    /// The eight corner voxels' centres, continuous voxel coordinates.
    package var corners: [Point3] {
        (0..<8).map { Point3($0 & 1 == 0 ? 0 : Double(x - 1), $0 & 2 == 0 ? 0 : Double(y - 1), $0 & 4 == 0 ? 0 : Double(z - 1)) }
    }
}
