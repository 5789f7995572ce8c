import KernelInterface

/// Moves patches into the lanes of a block and representations out of them.
package enum LaneTransposition {
    /// Writes up to 16 patches `[z][y][x]` of side³ voxels into one block `[z][y][x + 2][16]`; lanes without a patch become 0.
    package static func interleave(_ patches: [Floats], side: Int, into block: MutableFloats, planes: Range<Int>) {
        let lanes = LaneLayout.lanes
        for z in planes {
            for y in 0..<side {
                let row = block + ((z * side + y) * (side + 2) + 1) * lanes
                let offset = (z * side + y) * side
                for (lane, patch) in patches.enumerated() {
                    let source = patch + offset
                    let target = row + lane
                    for x in 0..<side { target[x * lanes] = source[x] }
                }
                for lane in patches.count..<lanes {
                    for x in 0..<side { row[x * lanes + lane] = 0 }
                }
            }
        }
    }

    /// Reads one lane of a block `[channel][1][1][3][16]`: a row of `channels` values.
    package static func row(_ block: MutableFloats, lane: Int, channels: Int, into row: MutableFloats) {
        for channel in 0..<channels { row[channel] = block[(channel * 3 + 1) * LaneLayout.lanes + lane] }
    }

    /// Writes one lane of a block `[channel][1][1][3][16]`.
    package static func setRow(_ block: MutableFloats, lane: Int, channels: Int, from row: Floats) {
        for channel in 0..<channels { block[(channel * 3 + 1) * LaneLayout.lanes + lane] = row[channel] }
    }
}
