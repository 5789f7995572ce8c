import Foundations

extension DistanceMap {
    /// As `squared(to:…)`, but only as far as `reach` mm, which makes it several times as fast: what lies farther is `unreachable`.
    ///
    /// The nearest mark within a row, then the least of the rows around, then of the slices: rows are contiguous, so that each step is a pass of
    /// vectors.
    package static func squared(
        to isMarked: (UInt8) -> Bool, in mask: [UInt8], extent: Extent3, spacingMillimetres spacing: Point3, within reach: Double,
        parallel: Parallel
    ) -> [Float] {
        precondition(mask.count == extent.count, "DistanceMap: \(mask.count) voxels, expected \(extent.count)")
        // Rounding must not leave out what lies at the reach itself.
        let reach = reach * 1.0001
        let (width, plane) = (extent.x, extent.x * extent.y)
        let marked = (0...255).map { isMarked(UInt8($0)) }
        let rows = parallel.makeArray(count: extent.count, pieces: extent.z) { (z, values: UnsafeMutableBufferPointer<Float>) in
            mask.withUnsafeBufferPointer { mask in
                for row in 0..<extent.y {
                    let start = z * plane + row * width
                    sweep(values.baseAddress! + start, width, Float(spacing.x), reach) { marked[Int(mask[start + $0])] }
                }
            }
        }
        let slices = spread(rows, over: extent.y, stride: width, pieces: extent.z, apart: plane, spacing.y, reach, extent, parallel)
        return spread(slices, over: extent.z, stride: plane, pieces: extent.y, apart: width, spacing.z, reach, extent, parallel)
    }

    /// Squared distances within a row.
    private static func sweep(
        _ values: UnsafeMutablePointer<Float>, _ count: Int, _ spacing: Float, _ reach: Double, _ isMarked: (Int) -> Bool
    ) {
        let far = count + Int(reach / Double(spacing)) + 2
        var steps = far
        for x in 0..<count {
            steps = isMarked(x) ? 0 : steps + 1
            values[x] = Float(steps)
        }
        steps = far
        let most = Float(reach)
        for x in stride(from: count - 1, through: 0, by: -1) {
            steps = values[x] == 0 ? 0 : steps + 1
            let distance = Swift.min(values[x], Float(steps)) * spacing
            values[x] = distance <= most ? distance * distance : unreachable
        }
    }

    /// The least over the rows of one axis, each with the square of its distance.
    /// - Parameters:
    ///   - count: rows along the axis, `stride` values from one to the next.
    ///   - pieces: lines of rows that are worked on apart, `apart` values from one to the next.
    private static func spread(
        _ source: [Float], over count: Int, stride: Int, pieces: Int, apart: Int, _ spacing: Double, _ reach: Double, _ extent: Extent3,
        _ parallel: Parallel
    ) -> [Float] {
        let width = extent.x
        let taps = Int(reach / spacing)
        let most = Float(reach * reach)
        return [Float](unsafeUninitializedCapacity: source.count) { buffer, initialised in
            // Each piece writes rows of its own.
            nonisolated(unsafe) let target = buffer.baseAddress!
            source.withUnsafeBufferPointer { buffer in
                nonisolated(unsafe) let values = buffer.baseAddress!
                parallel.forEach(pieces) { piece in
                    for row in 0..<count {
                        let place = piece * apart + row * stride
                        let own = target + place
                        own.initialize(from: values + place, count: width)
                        for tap in 1..<(taps + 1) {
                            let step = Float(tap) * Float(spacing)
                            let square = step * step
                            if row >= tap { take(values + place - tap * stride, plus: square, into: own, width) }
                            if row + tap < count { take(values + place + tap * stride, plus: square, into: own, width) }
                        }
                        for x in 0..<width where own[x] > most { own[x] = unreachable }
                    }
                }
            }
            initialised = source.count
        }
    }

    @inline(__always)
    private static func take(_ row: UnsafePointer<Float>, plus square: Float, into own: UnsafeMutablePointer<Float>, _ count: Int) {
        for x in 0..<count {
            let value = row[x] + square
            own[x] = value < own[x] ? value : own[x]
        }
    }
}
