/// How much of two lung masks overlaps under a map between them.
enum LabelOverlap {
    /// Dice of the masks' unions (right and left together): 2 |A ∩ B| / (|A| + |B|), both on the fixed grid; the moving mask's nearest voxel counts.
    /// - Parameter fixedToMoving: RAS+ mm → RAS+ mm.
    static func dice(fixed: Volume<UInt8>, moving: Volume<UInt8>, _ fixedToMoving: Affine3, parallel: Parallel) throws -> Double {
        let moved = try Resampler.nearest(
            moving, onto: fixed.extent, voxelToWorld: fixed.voxelToWorld, through: fixedToMoving, fill: 0, parallel: parallel)
        var (sum, both) = (0, 0)
        for (a, b) in zip(fixed.voxels, moved.voxels) {
            sum += (a == 0 ? 0 : 1) + (b == 0 ? 0 : 1)
            both += a != 0 && b != 0 ? 1 : 0
        }
        return sum == 0 ? 0 : 2 * Double(both) / Double(sum)
    }
}
