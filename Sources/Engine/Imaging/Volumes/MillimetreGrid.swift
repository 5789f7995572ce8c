import Foundations

/// The 1 mm isotropic grid of an image: same axes, same first voxel centre, floor((n - 1) · spacing) + 1 samples an axis.
package struct MillimetreGrid: Sendable {
    package let extent: Extent3
    package let voxelToWorld: Affine3
    /// For each axis the grid's samples in the image's continuous voxel coordinates.
    let positions: [[Double]]

    package init<Voxel>(of volume: Volume<Voxel>) {
        let spacing = volume.spacingMillimetres
        var extent = volume.extent
        var affine = volume.voxelToWorld
        var positions: [[Double]] = []
        for axis in 0..<3 {
            let last = Double(volume.extent[axis] - 1)
            // Headers hold single-precision numbers: 2 mm may read 1.9999999, which must not cost a sample.
            extent[axis] = Int((last * spacing[axis] + 1e-4).rounded(.down)) + 1
            affine[column: axis] = volume.voxelToWorld[column: axis] / spacing[axis]
            positions.append((0..<extent[axis]).map { Self.snapped(min(Double($0) / spacing[axis], last)) })
        }
        self.extent = extent
        voxelToWorld = affine
        self.positions = positions
    }

    /// Positions within single-precision rounding of a voxel are that voxel.
    private static func snapped(_ position: Double) -> Double {
        abs(position - position.rounded()) < 1e-4 ? position.rounded() : position
    }
}
