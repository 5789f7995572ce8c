import Foundations

/// How much of two lung masks overlaps under a map between them.
enum LabelOverlap {
    /// Dice of the masks' unions (right and left together): 2 |A ∩ B| / (|A| + |B|), both on the fixed grid; the moving mask's nearest voxel counts.
    /// - Parameters:
    ///   - fixedToMoving: RAS+ mm → RAS+ mm.
    ///   - moving: invertible geometry.
    static func dice(fixed: Volume<UInt8>, moving: Volume<UInt8>, _ fixedToMoving: Affine3, parallel: Parallel) -> Double {
        guard let worldToMoving = moving.voxelToWorld.inverse else { return 0 }
        // Half a voxel more, so that cutting off the fraction takes the nearest voxel.
        let toNearest = Affine3(scale: [1, 1, 1], translation: Point3(repeating: 0.5))
        let map = toNearest * worldToMoving * fixedToMoving * fixed.voxelToWorld
        let size = moving.extent
        let last = Point3(Double(size.x), Double(size.y), Double(size.z)) - 1e-9
        let counts = fixed.voxels.withUnsafeBufferPointer { fixedVoxels in
            moving.voxels.withUnsafeBufferPointer { movingVoxels in
                parallel.map(fixed.extent.z) { z in
                    var (sum, both) = (0, 0)
                    for y in 0..<fixed.extent.y {
                        let labels = fixedVoxels[((z * fixed.extent.y + y) * fixed.extent.x)...].prefix(fixed.extent.x)
                        for label in labels where label != 0 { sum &+= 1 }
                        let row = GridRow(map, y: y, z: z)
                        let (start, step) = (row.start, row.step)
                        for x in row.range(within: .zero, last, count: labels.count) {
                            let place = Double(x)
                            let voxelX = Int(start.x + step.x * place)
                            let voxelY = Int(start.y + step.y * place)
                            let voxelZ = Int(start.z + step.z * place)
                            guard movingVoxels[(voxelZ &* size.y &+ voxelY) &* size.x &+ voxelX] != 0 else { continue }
                            sum &+= 1
                            both &+= labels[labels.startIndex &+ x] == 0 ? 0 : 1
                        }
                    }
                    return SIMD2(sum, both)
                }
            }
        }
        let total = counts.reduce(.zero, &+)
        return total[0] == 0 ? 0 : 2 * Double(total[1]) / Double(total[0])
    }
}
