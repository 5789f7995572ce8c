import Foundations
import Imaging

/// The points that a dense prediction classifies: every `stride`-th voxel of the 1 mm grid along each axis, anchored at index 0, so that strides
/// 16, 8, 4, 2 and 1 nest. Source: docs/method.md section 5.
package struct DenseLattice: Equatable, Sendable {
    /// Side of a block that shares its kernels, voxels of 1 mm.
    package static let blockSide = 16

    /// Points along each axis: 0, stride, 2·stride … and one beyond the last voxel, so that every voxel lies in a cell.
    package let extent: Extent3
    /// mm.
    package let stride: Int

    /// - Parameter size: voxels of the 1 mm grid.
    package init(size: Extent3, stride: Int) {
        precondition(stride >= 1 && stride <= Self.blockSide, "DenseLattice: stride \(stride), expected 1…\(Self.blockSide)")
        extent = Extent3(x: (size.x - 1) / stride + 2, y: (size.y - 1) / stride + 2, z: (size.z - 1) / stride + 2)
        self.stride = stride
    }

    /// The voxel of the 1 mm grid at a point.
    package func voxel(_ point: Int) -> VoxelIndex {
        VoxelIndex(x: point % extent.x * stride, y: point / extent.x % extent.y * stride, z: point / extent.x / extent.y * stride)
    }

    /// The first voxel of the 16 mm block that a point lies in.
    package func blockOrigin(of point: Int) -> VoxelIndex {
        let v = voxel(point)
        let side = Self.blockSide
        return VoxelIndex(x: v.x / side * side, y: v.y / side * side, z: v.z / side * side)
    }

    /// The points, grouped by block; blocks and points in rising order.
    package func blocks(_ points: [Int]) -> [[Int]] {
        let side = Self.blockSide
        let (across, down) = (extent.x * stride / side + 1, extent.y * stride / side + 1)
        return Dictionary(grouping: points) { point in
            let block = blockOrigin(of: point)
            let row = block.z / side * down + block.y / side
            return row * across + block.x / side
        }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The corners of all cells that hold lung, or that touch it across one voxel: the step to the CT's own grid looks that far.
    /// - Parameter lungs: on the 1 mm grid, 0 outside.
    package func needed(by lungs: Volume<UInt8>) -> [Int] {
        let size = lungs.extent
        var needed = [Bool](repeating: false, count: extent.count)
        func cells(_ i: Int, _ size: Int) -> ClosedRange<Int> { max(0, i - 1) / stride...min(size - 1, i + 1) / stride + 1 }
        lungs.voxels.withUnsafeBufferPointer { voxels in
            for z in 0..<size.z {
                for y in 0..<size.y {
                    let row = (z * size.y + y) * size.x
                    for x in 0..<size.x where voxels[row + x] != 0 {
                        for k in cells(z, size.z) {
                            for j in cells(y, size.y) {
                                for i in cells(x, size.x) { needed[(k * extent.y + j) * extent.x + i] = true }
                            }
                        }
                    }
                }
            }
        }
        return needed.indices.filter { needed[$0] }
    }
}
