/// A mask as cells between voxel centres, each with the labels of its eight corners: what trilinear interpolation of labels needs, in one load.
///
/// Two background voxels surround the mask, so that a point just outside needs no special care.
struct LabelCells {
    /// Cells along x, y and z.
    let extent: Extent3
    /// Bits 0–7: corners with label 1; bits 8–15: corners with label 2. A corner's bit number is dx + 2 dy + 4 dz.
    let codes: [UInt16]
    /// RAS+ mm → cell coordinates: a point's whole part is its cell, its fraction the place within.
    let worldToCell: Affine3

    private static let padding = 2

    /// - Parameter mask: 0, 1, 2; invertible geometry.
    init(_ mask: Volume<UInt8>, parallel: Parallel) {
        guard let worldToVoxel = mask.voxelToWorld.inverse else { preconditionFailure("LabelCells: the mask's geometry is singular") }
        let pad = Self.padding
        let size = mask.extent
        let extent = Extent3(x: size.x + 2 * pad - 1, y: size.y + 2 * pad - 1, z: size.z + 2 * pad - 1)
        self.extent = extent
        worldToCell = Affine3(scale: [1, 1, 1], translation: Point3(repeating: Double(pad))) * worldToVoxel
        codes = mask.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z, codes: UnsafeMutableBufferPointer<UInt16>) in
                for y in 0..<extent.y {
                    let start = (z * extent.y + y) * extent.x
                    for x in 0..<extent.x { codes[start + x] = 0 }
                    // The four rows of voxels around this row of cells.
                    for corner in 0..<4 {
                        let (row, slice) = (y - pad + (corner & 1), z - pad + (corner >> 1))
                        guard row >= 0, row < size.y, slice >= 0, slice < size.z else { continue }
                        let source = (slice * size.y + row) * size.x
                        for x in 0..<size.x {
                            let label = voxels[source + x]
                            guard label != 0 else { continue }
                            let bit = UInt16(label == 1 ? 1 : 256) << UInt16(2 * corner)
                            codes[start + x + pad] |= bit
                            codes[start + x + pad - 1] |= bit << 1
                        }
                    }
                }
            }
        }
    }
}
