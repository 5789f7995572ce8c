import Foundations
import Imaging

/// The part of a grid that holds the lungs, with two voxels around it where there are so many.
struct LungBox {
    let lower: VoxelIndex
    let extent: Extent3

    init(_ lungs: Volume<UInt8>) {
        var low = VoxelIndex(x: .max, y: .max, z: .max)
        var high = VoxelIndex(x: -1, y: -1, z: -1)
        var index = 0
        for z in 0..<lungs.extent.z {
            for y in 0..<lungs.extent.y {
                for x in 0..<lungs.extent.x {
                    if lungs.voxels[index] != 0 {
                        low = VoxelIndex(x: min(low.x, x), y: min(low.y, y), z: min(low.z, z))
                        high = VoxelIndex(x: max(high.x, x), y: max(high.y, y), z: max(high.z, z))
                    }
                    index += 1
                }
            }
        }
        guard high.x >= 0 else {
            (lower, extent) = (VoxelIndex(x: 0, y: 0, z: 0), Extent3(cube: 1))
            return
        }
        func range(_ axis: Int) -> (Int, Int) {
            let first = max(0, low[axis] - 2)
            return (first, min(lungs.extent[axis] - 1, high[axis] + 2) - first + 1)
        }
        let (x, y, z) = (range(0), range(1), range(2))
        lower = VoxelIndex(x: x.0, y: y.0, z: z.0)
        extent = Extent3(x: x.1, y: y.1, z: z.1)
    }

    func cropped<Voxel>(_ volume: Volume<Voxel>) -> [Voxel] {
        var result: [Voxel] = []
        result.reserveCapacity(extent.count)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let start = volume.extent.offset(VoxelIndex(x: lower.x, y: lower.y + y, z: lower.z + z))
                result += volume.voxels[start..<start + extent.x]
            }
        }
        return result
    }

    func spread(_ voxels: [UInt8], over ct: Volume<Int16>) -> Volume<UInt8> {
        var result = Volume<UInt8>(extent: ct.extent, voxelToWorld: ct.voxelToWorld, repeating: 0)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let start = ct.extent.offset(VoxelIndex(x: lower.x, y: lower.y + y, z: lower.z + z))
                for x in 0..<extent.x { result.voxels[start + x] = voxels[(z * extent.y + y) * extent.x + x] }
            }
        }
        return result
    }
}
