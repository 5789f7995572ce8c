import Foundations

/// A mask as cells between voxel centres, each with the labels of its eight corners: what trilinear interpolation of labels needs, in one load.
///
/// Two background voxels surround the mask, so that a point just outside needs no special care. Cells whose corners are all alike also know
/// how far the next other cell is, so that a row can leap over them.
package struct LabelCells {
    /// Cells along x, y and z.
    let extent: Extent3
    /// Of a mixed cell: bits 0–7 corners with label 1, bits 8–15 corners with label 2; a corner's bit number is dx + 2 dy + 4 dz.
    /// Of a uniform cell, bits 0 and 8 both set, which no corner can have: bits 1–2 label, bits 9–15 city-block distance to the next cell
    /// that is mixed (at most 127).
    let codes: [UInt16]
    /// RAS+ mm → cell coordinates: a point's whole part is its cell, its fraction the place within.
    package let worldToCell: Affine3

    static let uniformMark: UInt16 = 0x0101
    private static let padding = 2
    private static let farthest: UInt8 = 127

    /// - Parameter mask: 0, 1, 2; invertible geometry.
    package init(_ mask: Volume<UInt8>, parallel: Parallel) {
        guard let worldToVoxel = mask.voxelToWorld.inverse else { preconditionFailure("LabelCells: the mask's geometry is singular") }
        let pad = Self.padding
        let size = mask.extent
        extent = Extent3(x: size.x + 2 * pad - 1, y: size.y + 2 * pad - 1, z: size.z + 2 * pad - 1)
        worldToCell = Affine3(scale: [1, 1, 1], translation: Point3(repeating: Double(pad))) * worldToVoxel
        let corners = Self.corners(of: mask, extent, parallel)
        codes = Self.marked(corners, Self.distances(corners, extent, parallel), extent, parallel)
    }

    /// Each cell's corner bits.
    private static func corners(of mask: Volume<UInt8>, _ extent: Extent3, _ parallel: Parallel) -> [UInt16] {
        let size = mask.extent
        return mask.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z, codes: UnsafeMutableBufferPointer<UInt16>) in
                for y in 0..<extent.y {
                    let start = (z * extent.y + y) * extent.x
                    for x in 0..<extent.x { codes[start + x] = 0 }
                    // The four rows of voxels around this row of cells.
                    for corner in 0..<4 {
                        let (row, slice) = (y - padding + (corner & 1), z - padding + (corner >> 1))
                        guard row >= 0, row < size.y, slice >= 0, slice < size.z else { continue }
                        let source = (slice * size.y + row) * size.x
                        for x in 0..<size.x {
                            let label = voxels[source + x]
                            guard label != 0 else { continue }
                            let bit = UInt16(label == 1 ? 1 : 256) << UInt16(2 * corner)
                            codes[start + x + padding] |= bit
                            codes[start + x + padding - 1] |= bit << 1
                        }
                    }
                }
            }
        }
    }

    private static func isUniform(_ corners: UInt16) -> Bool { corners == 0 || corners == 0x00FF || corners == 0xFF00 }

    /// City-block distance to the nearest mixed cell: 0 on those, at most `farthest`; axis by axis, both ways.
    private static func distances(_ corners: [UInt16], _ extent: Extent3, _ parallel: Parallel) -> [UInt8] {
        let plane = extent.x * extent.y
        var result: [UInt8] = corners.withUnsafeBufferPointer { corners in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z, values: UnsafeMutableBufferPointer<UInt8>) in
                for row in stride(from: z * plane, to: (z + 1) * plane, by: extent.x) {
                    var run = farthest
                    for index in row..<(row + extent.x) {
                        run = isUniform(corners[index]) ? min(run &+ 1, farthest) : 0
                        values[index] = run
                    }
                    for index in stride(from: row + extent.x - 1, through: row, by: -1) {
                        run = min(run &+ 1, values[index])
                        values[index] = run
                    }
                }
                for row in stride(from: z * plane + extent.x, to: (z + 1) * plane, by: extent.x) {
                    for index in row..<(row + extent.x) { values[index] = min(values[index], values[index - extent.x] &+ 1) }
                }
                for row in stride(from: (z + 1) * plane - 2 * extent.x, through: z * plane, by: -extent.x) {
                    for index in row..<(row + extent.x) { values[index] = min(values[index], values[index + extent.x] &+ 1) }
                }
            }
        }
        result.withUnsafeMutableBufferPointer { buffer in
            // Each row of a plane, through all slices, belongs to one call.
            nonisolated(unsafe) let values = buffer
            parallel.forEach(extent.y) { y in
                for z in 1..<extent.z {
                    let row = z * plane + y * extent.x
                    for index in row..<(row + extent.x) { values[index] = min(values[index], values[index - plane] &+ 1) }
                }
                for z in stride(from: extent.z - 2, through: 0, by: -1) {
                    let row = z * plane + y * extent.x
                    for index in row..<(row + extent.x) { values[index] = min(values[index], values[index + plane] &+ 1) }
                }
            }
        }
        return result
    }

    /// The final codes.
    private static func marked(_ corners: [UInt16], _ distances: [UInt8], _ extent: Extent3, _ parallel: Parallel) -> [UInt16] {
        corners.withUnsafeBufferPointer { corners in
            distances.withUnsafeBufferPointer { distances in
                parallel.makeArray(count: extent.count, pieces: extent.z) { (z, codes: UnsafeMutableBufferPointer<UInt16>) in
                    for index in (z * extent.x * extent.y)..<((z + 1) * extent.x * extent.y) {
                        let label: UInt16 = corners[index] == 0 ? 0 : corners[index] == 0x00FF ? 1 : 2
                        let uniform = uniformMark | label << 1 | UInt16(distances[index]) << 9
                        codes[index] = isUniform(corners[index]) ? uniform : corners[index]
                    }
                }
            }
        }
    }
}
