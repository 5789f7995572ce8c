import Foundations

extension Volume where Voxel == UInt8 {
    /// First and last index of the voxels that are not 0, along each axis; nil if all are.
    private var boundingBox: (lower: VoxelIndex, upper: VoxelIndex)? {
        var lower = VoxelIndex(x: extent.x, y: extent.y, z: extent.z)
        var upper = VoxelIndex(x: -1, y: -1, z: -1)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = (z * extent.y + y) * extent.x
                guard let first = voxels[row..<(row + extent.x)].firstIndex(where: { $0 != 0 }),
                    let last = voxels[row..<(row + extent.x)].lastIndex(where: { $0 != 0 })
                else { continue }
                lower = VoxelIndex(x: min(lower.x, first - row), y: min(lower.y, y), z: min(lower.z, z))
                upper = VoxelIndex(x: max(upper.x, last - row), y: max(upper.y, y), z: max(upper.z, z))
            }
        }
        return upper.x < 0 ? nil : (lower, upper)
    }

    /// The lungs' bounding box with a margin, as far as the mask reaches; all of it if there are none.
    func croppedToLungs(marginMillimetres: Double) -> Volume {
        guard let box = boundingBox else { return self }
        var (lower, upper) = box
        for axis in 0..<3 {
            let margin = Int(marginMillimetres / spacingMillimetres[axis]) + 1
            lower[axis] = max(0, lower[axis] - margin)
            upper[axis] = min(extent[axis] - 1, upper[axis] + margin)
        }
        return cropped(from: lower, through: upper)
    }

    /// The voxels from one corner through the other.
    private func cropped(from lower: VoxelIndex, through upper: VoxelIndex) -> Volume {
        let size = Extent3(x: upper.x - lower.x + 1, y: upper.y - lower.y + 1, z: upper.z - lower.z + 1)
        var values: [UInt8] = []
        values.reserveCapacity(size.count)
        for z in lower.z...upper.z {
            for y in lower.y...upper.y {
                let start = (z * extent.y + y) * extent.x + lower.x
                values += voxels[start..<(start + size.x)]
            }
        }
        var affine = voxelToWorld
        affine.translation = voxelToWorld(lower.point)
        return Volume(extent: size, voxelToWorld: affine, voxels: values)
    }

    /// The n of `thinned` along each axis.
    func thinningSteps(to millimetres: Double) -> [Int] {
        (0..<3).map { max(1, Int((millimetres / spacingMillimetres[$0]).rounded())) }
    }

    /// Every n-th voxel along each axis, n such that their distance comes nearest to the given one.
    package func thinned(to millimetres: Double) -> Volume {
        let steps = thinningSteps(to: millimetres)
        guard steps != [1, 1, 1] else { return self }
        let size = Extent3(
            x: (extent.x - 1) / steps[0] + 1, y: (extent.y - 1) / steps[1] + 1, z: (extent.z - 1) / steps[2] + 1)
        var values: [UInt8] = []
        values.reserveCapacity(size.count)
        for z in 0..<size.z {
            for y in 0..<size.y {
                let row = (z * steps[2] * extent.y + y * steps[1]) * extent.x
                for x in 0..<size.x { values.append(voxels[row + x * steps[0]]) }
            }
        }
        let affine = Affine3(
            columnX: voxelToWorld.columnX * Double(steps[0]), columnY: voxelToWorld.columnY * Double(steps[1]),
            columnZ: voxelToWorld.columnZ * Double(steps[2]), translation: voxelToWorld.translation)
        return Volume(extent: size, voxelToWorld: affine, voxels: values)
    }
}
