import Foundations

/// Where a subject's points lie in the atlas.
package struct AtlasRegistration: Sendable {
    /// Subject millimetres (RAS+) → voxels of the atlas.
    private let worldToVoxel: Affine3

    /// Nil where one of the maps has no inverse.
    /// - Parameters:
    ///   - atlasToSubject: atlas millimetres → subject millimetres, both RAS+.
    ///   - voxelToWorld: of the atlas.
    package init?(atlasToSubject: Affine3, voxelToWorld: Affine3) {
        guard let toAtlas = atlasToSubject.inverse, let toVoxel = voxelToWorld.inverse else { return nil }
        worldToVoxel = toVoxel * toAtlas
    }

    /// The continuous voxel of the atlas, in which landmarks are given, of a point of the subject: V⁻¹ · A⁻¹ · point.
    /// - Parameter point: RAS+ mm.
    package func voxel(_ point: Point3) -> Point3 { worldToVoxel(point) }
}
