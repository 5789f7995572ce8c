import Foundations

/// A mask whose rows can be counted piecewise: how many voxels of each label lie between two places.
package struct LabelRows {
    let mask: Volume<UInt8>
    /// For each row x-size + 1 running counts: low half label 1, high half label 2.
    private let running: [UInt32]

    /// - Parameter mask: 0, 1, 2; rows shorter than 65,536.
    package init(_ mask: Volume<UInt8>, parallel: Parallel) {
        precondition(mask.extent.x < 1 << 16, "LabelRows: rows of \(mask.extent.x) voxels, expected below 65536")
        self.mask = mask
        let extent = mask.extent
        running = mask.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: (extent.x + 1) * extent.y * extent.z, pieces: extent.z) { z, counts in
                for row in (z * extent.y)..<((z + 1) * extent.y) {
                    var sum: UInt32 = 0
                    counts[row * (extent.x + 1)] = 0
                    for x in 0..<extent.x {
                        let label = voxels[row * extent.x + x]
                        sum &+= label == 0 ? 0 : label == 1 ? 1 : 0x10000
                        counts[row * (extent.x + 1) + x + 1] = sum
                    }
                }
            }
        }
    }

    /// Calls `body` with slice `z`'s rows: the labels and the running counts of each.
    func withRows(ofSlice z: Int, _ body: (_ y: Int, UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt32>) -> Void) {
        let extent = mask.extent
        mask.voxels.withUnsafeBufferPointer { voxels in
            running.withUnsafeBufferPointer { running in
                for y in 0..<extent.y {
                    let row = z * extent.y + y
                    body(
                        y, UnsafeBufferPointer(rebasing: voxels[(row * extent.x)..<((row + 1) * extent.x)]),
                        UnsafeBufferPointer(rebasing: running[(row * (extent.x + 1))..<((row + 1) * (extent.x + 1))]))
                }
            }
        }
    }
}
