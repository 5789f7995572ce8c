import Foundations

/// Parts lungs that touch: in front of the heart and behind it, or in a mask with one label.
enum FusedLungs {
    /// Deepest erosion that is tried, mm.
    private static let deepestMillimetres = 24.0
    private static let stepMillimetres = 1.0
    /// Of the two parts' cores the smaller holds at least this fraction of the larger.
    private static let leastFraction = 0.2
    /// Centres of a pair of lungs are at least so far apart from right to left, mm; upper and lower part of one lung are not.
    private static let leastDistance = 30.0

    /// Erodes the mask until it falls in two, then lets both parts grow back in the order of their distance from the border, so that they meet
    /// where the bridge between them is thinnest.
    /// - Parameters:
    ///   - mask: not 0 inside.
    ///   - voxelToWorld: RAS+ mm.
    /// - Returns: 1 in the right part, 2 in the left, 0 elsewhere; nil if no erosion parts it.
    static func part(_ mask: [UInt8], extent: Extent3, voxelToWorld: Affine3, parallel: Parallel) -> [UInt8]? {
        let spacing = Point3(length(voxelToWorld.columnX), length(voxelToWorld.columnY), length(voxelToWorld.columnZ))
        let depth = DistanceMap.squared(to: { $0 == 0 }, in: mask, extent: extent, spacingMillimetres: spacing, parallel: parallel)
        for radius in stride(from: 2 * stepMillimetres, through: deepestMillimetres, by: stepMillimetres) {
            let limit = Float(radius * radius)
            let cores = ConnectedComponents(of: depth.map { $0 > limit ? 1 : 0 }, extent: extent) { $0 != 0 }
            guard cores.count >= 2, Double(cores.sizes[2]) >= leastFraction * Double(cores.sizes[1]) else { continue }
            var sums = [Point3](repeating: .zero, count: 3)
            for (index, label) in cores.labels.enumerated() where label == 1 || label == 2 {
                let (x, y, z) = (index % extent.x, index / extent.x % extent.y, index / (extent.x * extent.y))
                sums[Int(label)] += VoxelIndex(x: x, y: y, z: z).point
            }
            let apart = voxelToWorld.direction(sums[1] / Double(cores.sizes[1]) - sums[2] / Double(cores.sizes[2])).x
            guard abs(apart) > leastDistance else { continue }
            let sides: [UInt8] = apart > 0 ? [0, 1, 2] : [0, 2, 1]
            var parts = cores.labels.map { $0 <= 2 ? sides[Int($0)] : 0 }
            for level in stride(from: radius - stepMillimetres, through: 0, by: -stepMillimetres) {
                grow(&parts, extent, where: depth, above: Float(level * level))
            }
            return parts
        }
        return nil
    }

    /// Both labels advance by turns, one voxel a turn, through unlabelled voxels deeper than the limit.
    private static func grow(_ parts: inout [UInt8], _ extent: Extent3, where depth: [Float], above limit: Float) {
        var front = parts.indices.filter { parts[$0] != 0 }
        while !front.isEmpty {
            var next: [Int] = []
            for voxel in front {
                extent.forEachFaceNeighbour(of: voxel) { neighbour in
                    guard parts[neighbour] == 0, depth[neighbour] > limit else { return }
                    parts[neighbour] = parts[voxel]
                    next.append(neighbour)
                }
            }
            front = next
        }
    }
}
