import Foundations

/// Puts images on other grids.
package enum Resampler {
    private typealias Lanes = CubicSpline.Lanes
    private static let laneCount = 16

    /// A CT on its 1 mm isotropic grid by cubic B-splines (prefiltered, mirrored at the borders), rounded to whole HU.
    ///
    /// Axes keep their order: reorient first. Separable: x and y within each slice, then z.
    package static func toMillimetres(_ ct: Volume<Int16>, parallel: Parallel) -> Volume<Int16> {
        let grid = MillimetreGrid(of: ct)
        let splines = (0..<3).map { CubicSpline(sampleCount: ct.extent[$0], positions: grid.positions[$0]) }
        let rowTiles = (grid.extent.x + laneCount - 1) / laneCount
        // [z of the CT][y of the grid][tile of 16 x of the grid]
        let slices: [Lanes] = ct.voxels.withUnsafeBufferPointer { source in
            let sliceLanes = grid.extent.y * rowTiles
            return parallel.makeArray(count: ct.extent.z * sliceLanes, pieces: ct.extent.z) { z, target in
                let plane = UnsafeBufferPointer(rebasing: source[(z * ct.extent.x * ct.extent.y)...].prefix(ct.extent.x * ct.extent.y))
                resampleSlice(
                    plane, rows: ct.extent.y, splines[0], splines[1],
                    into: UnsafeMutableBufferPointer(rebasing: target[(z * sliceLanes)..<((z + 1) * sliceLanes)]))
            }
        }
        let voxels: [Int16] = slices.withUnsafeBufferPointer { slices in
            parallel.makeArray(count: grid.extent.count, pieces: grid.extent.y) { y, target in
                resampleRow(y, of: slices, extent: grid.extent, splines[2], into: target)
            }
        }
        return Volume(extent: grid.extent, voxelToWorld: grid.voxelToWorld, voxels: voxels)
    }

    /// Labels on the 1 mm grid: each sample takes the nearest voxel, of two equally near the higher index.
    package static func labelsToMillimetres<Voxel: BitwiseCopyable & Sendable>(_ labels: Volume<Voxel>, parallel: Parallel) -> Volume<Voxel>
    {
        let grid = MillimetreGrid(of: labels)
        let nearest = grid.positions.enumerated().map { axis, positions in
            positions.map { min(Int(($0 + 0.5).rounded(.down)), labels.extent[axis] - 1) }
        }
        let voxels = labels.voxels.withUnsafeBufferPointer { source in
            parallel.makeArray(count: grid.extent.count, pieces: grid.extent.z) { (z, target: UnsafeMutableBufferPointer<Voxel>) in
                for y in 0..<grid.extent.y {
                    let row = (nearest[2][z] * labels.extent.y + nearest[1][y]) * labels.extent.x
                    let out = (z * grid.extent.y + y) * grid.extent.x
                    for x in 0..<grid.extent.x { target[out + x] = source[row + nearest[0][x]] }
                }
            }
        }
        return Volume(extent: grid.extent, voxelToWorld: grid.voxelToWorld, voxels: voxels)
    }

    // MARK: Separable passes

    /// One slice, `rows` rows of x samples → grid rows in tiles of 16 x.
    private static func resampleSlice(
        _ plane: UnsafeBufferPointer<Int16>, rows: Int, _ alongX: CubicSpline, _ alongY: CubicSpline,
        into target: UnsafeMutableBufferPointer<Lanes>
    ) {
        let columns = alongX.sampleCount
        let rowTiles = target.count / alongY.positionCount
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: max(columns, rows)) { line in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * rowTiles * laneCount) { between in
                // x: 16 rows side by side in the lanes; rows that do not fill the last tile repeat the last one.
                for firstRow in stride(from: 0, to: rows, by: laneCount) {
                    for lane in 0..<laneCount {
                        let row = min(firstRow + lane, rows - 1) * columns
                        for x in 0..<columns { line[x][lane] = Float(plane[row + x]) }
                    }
                    if !alongX.isIdentity { alongX.prefilter(line) }
                    let rowCount = min(laneCount, rows - firstRow)
                    for x in 0..<alongX.positionCount {
                        let values = alongX.isIdentity ? line[x] : alongX.value(x, line)
                        for lane in 0..<rowCount { between[(firstRow + lane) * rowTiles * laneCount + x] = values[lane] }
                    }
                }
                for row in 0..<rows {
                    for x in alongX.positionCount..<(rowTiles * laneCount) { between[row * rowTiles * laneCount + x] = 0 }
                }
                between.withMemoryRebound(to: Lanes.self) { between in
                    for tile in 0..<rowTiles {
                        for y in 0..<rows { line[y] = between[y * rowTiles + tile] }
                        if !alongY.isIdentity { alongY.prefilter(line) }
                        for y in 0..<alongY.positionCount {
                            target[y * rowTiles + tile] = alongY.isIdentity ? line[y] : alongY.value(y, line)
                        }
                    }
                }
            }
        }
    }

    /// Row `y` of every slice of the grid.
    private static func resampleRow(
        _ y: Int, of slices: UnsafeBufferPointer<Lanes>, extent: Extent3, _ alongZ: CubicSpline,
        into target: UnsafeMutableBufferPointer<Int16>
    ) {
        let rowTiles = (extent.x + laneCount - 1) / laneCount
        let lowest = Lanes(repeating: Float(Int16.min))
        let highest = Lanes(repeating: Float(Int16.max))
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: alongZ.sampleCount) { line in
            for tile in 0..<rowTiles {
                for z in 0..<alongZ.sampleCount { line[z] = slices[(z * extent.y + y) * rowTiles + tile] }
                if !alongZ.isIdentity { alongZ.prefilter(line) }
                let lanes = min(laneCount, extent.x - tile * laneCount)
                for z in 0..<extent.z {
                    let values = alongZ.isIdentity ? line[z] : alongZ.value(z, line)
                    let rounded = values.rounded(.toNearestOrAwayFromZero).clamped(lowerBound: lowest, upperBound: highest)
                    let out = (z * extent.y + y) * extent.x + tile * laneCount
                    for lane in 0..<lanes { target[out + lane] = Int16(rounded[lane]) }
                }
            }
        }
    }
}
