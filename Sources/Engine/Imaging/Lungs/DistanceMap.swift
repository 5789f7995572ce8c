import Foundations

/// Exact Euclidean distances on a grid, and the dilation, erosion and closing by balls that follow from them.
package struct DistanceMap {
    /// Beyond every real distance; stands where the grid holds no marked voxel.
    package static let unreachable: Float = 1e12

    /// For each voxel of `extent`, the squared distance in mm² to the nearest voxel where `isMarked`; 0 on those themselves.
    ///
    /// Lower envelopes of parabolas, axis by axis (Felzenszwalb and Huttenlocher 2012).
    package static func squared(
        to isMarked: (UInt8) -> Bool, in mask: [UInt8], extent: Extent3, spacingMillimetres spacing: Point3, parallel: Parallel
    ) -> [Float] {
        precondition(mask.count == extent.count, "DistanceMap: \(mask.count) voxels, expected \(extent.count)")
        var distances = mask.map { isMarked($0) ? 0 : unreachable }
        distances.withUnsafeMutableBufferPointer { buffer in
            // Each line of an axis is read and written by one call alone.
            nonisolated(unsafe) let values = buffer
            let strides = [1, extent.x, extent.x * extent.y]
            for axis in 0..<3 {
                let (inner, outer) = axis == 0 ? (1, 2) : axis == 1 ? (0, 2) : (0, 1)
                parallel.forEach(extent[outer]) { slice in
                    var envelope = Envelope(capacity: extent[axis])
                    for line in 0..<extent[inner] {
                        let start = slice * strides[outer] + line * strides[inner]
                        envelope.transform(values, start, strides[axis], extent[axis], Float(spacing[axis]))
                    }
                }
            }
        }
        return distances
    }

    /// One line's lower envelope of parabolas value + (x - position)²; scratch memory is kept between lines.
    private struct Envelope {
        private var positions: [Float]
        private var heights: [Float]
        private var starts: [Float]

        init(capacity: Int) {
            positions = Array(repeating: 0, count: capacity)
            heights = positions
            starts = positions
        }

        mutating func transform(
            _ values: UnsafeMutableBufferPointer<Float>, _ start: Int, _ stride: Int, _ count: Int, _ spacing: Float
        ) {
            var last = -1
            for index in 0..<count {
                let height = values[start + index * stride]
                guard height < DistanceMap.unreachable else { continue }
                let position = Float(index) * spacing
                var crossing = -Float.infinity
                while last >= 0 {
                    let gap = position - positions[last]
                    crossing = (position + positions[last]) / 2 + (height - heights[last]) / (2 * gap)
                    guard crossing <= starts[last] else { break }
                    last -= 1
                    crossing = -.infinity
                }
                last += 1
                positions[last] = position
                heights[last] = height
                starts[last] = crossing
            }
            guard last >= 0 else { return }
            var part = 0
            for index in 0..<count {
                let position = Float(index) * spacing
                while part < last, starts[part + 1] < position { part += 1 }
                let gap = position - positions[part]
                values[start + index * stride] = heights[part] + gap * gap
            }
        }
    }
}
