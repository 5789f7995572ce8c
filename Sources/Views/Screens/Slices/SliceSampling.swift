import Foundations

/// Which voxels each pixel of a slice's picture shows, by their place in storage: several where a pixel covers several voxels.
///
/// Kept in flat arrays and read volume by volume, since a screen has tens of thousands of pixels and each is drawn anew with every key.
struct SliceSampling {
    let columns, rows: Int
    /// Storage offset of the slice's voxel at horizontal and vertical position 0.
    private let origin: Int
    private let across, down: Side

    /// A voxel that is shown, along one side of the picture.
    private struct Sample {
        let pixel: Int
        /// Its slice position, and how far in storage that is from position 0.
        let position, offset: Int
    }

    /// The samples along one side of the picture, pixel after pixel.
    private struct Side {
        let samples: [Sample]
        /// How many voxels each pixel shows: 0 outside the volume.
        let counts: [Int]

        init(_ pixels: [[Int]], stride: Int) {
            samples = pixels.enumerated().flatMap { pixel, positions in
                positions.map { Sample(pixel: pixel, position: $0, offset: $0 * stride) }
            }
            counts = pixels.map(\.count)
        }

        /// The offset of each pixel's middle voxel; nil outside the volume.
        var middles: [Int?] {
            var first = 0
            return counts.map { count in
                defer { first += count }
                return count > 0 ? samples[first + count / 2].offset : nil
            }
        }
    }

    /// - Parameter voxel: any of the slice.
    init(_ projection: SliceProjection, through voxel: VoxelIndex) {
        let axes = projection.axes
        let plane = projection.plane
        columns = projection.columns
        rows = projection.rows
        origin = axes.extent.offset(axes.moving(axes.moving(voxel, plane.horizontal, to: 0), plane.vertical, to: 0))
        across = Side(projection.columnSamples(), stride: axes.stride(plane.horizontal))
        down = Side(projection.rowSamples(), stride: axes.stride(plane.vertical))
    }

    /// Whether a pixel lies in the volume.
    func holds(x: Int, y: Int) -> Bool { across.counts[x] > 0 && down.counts[y] > 0 }

    /// Calls `body` with the pixel (row-major), slice positions and place in storage of every sample.
    @inline(__always)
    func forEach(_ body: (_ pixel: Int, _ horizontal: Int, _ vertical: Int, _ offset: Int) -> Void) {
        across.samples.withUnsafeBufferPointer { across in
            for v in down.samples {
                let (first, row) = (v.pixel * columns, origin + v.offset)
                for h in across { body(first + h.pixel, h.position, v.position, row + h.offset) }
            }
        }
    }

    /// Each pixel's mean over its voxels; 0 outside the volume.
    func means(_ voxels: [Int16]) -> [Float] {
        var sums = [Float](repeating: 0, count: columns * rows)
        sums.withUnsafeMutableBufferPointer { sums in
            voxels.withUnsafeBufferPointer { voxels in forEach { pixel, _, _, offset in sums[pixel] += Float(voxels[offset]) } }
            for y in 0..<rows {
                for x in 0..<columns where holds(x: x, y: y) { sums[y * columns + x] /= Float(across.counts[x] * down.counts[y]) }
            }
        }
        return sums
    }

    /// Adds a bit to the pixels that show a marked voxel.
    func mark(_ bit: UInt8, where marked: MarkedVoxels, in pixels: inout [UInt8]) {
        pixels.withUnsafeMutableBufferPointer { pixels in
            marked.withTest { isMarked in
                forEach { pixel, _, _, offset in if isMarked(offset) { pixels[pixel] |= bit } }
            }
        }
    }

    /// Raises each pixel to the highest of its voxels.
    func raise(_ pixels: inout [Float], to voxels: [Float]) {
        pixels.withUnsafeMutableBufferPointer { pixels in
            voxels.withUnsafeBufferPointer { voxels in
                forEach { pixel, _, _, offset in pixels[pixel] = max(pixels[pixel], voxels[offset]) }
            }
        }
    }

    /// Calls `body` for each pixel that lies in the volume, with the voxel in its middle.
    func forEachMiddle(_ body: (_ x: Int, _ y: Int, _ offset: Int) -> Void) {
        let columns = across.middles
        for (y, vertical) in down.middles.enumerated() {
            guard let vertical else { continue }
            for (x, horizontal) in columns.enumerated() { if let horizontal { body(x, y, origin + vertical + horizontal) } }
        }
    }
}
