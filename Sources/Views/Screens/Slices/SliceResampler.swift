import Foundations

/// A slice, or a slab of them, resampled to a picture's pixels: first the voxels that are in view, then rows, then columns.
struct SliceResampler {
    /// How the pixels along one side come from voxels: so many each, with their weights.
    private struct Taps {
        var count: Int
        /// First voxel of each pixel, from the first in view; -1 outside of the volume.
        var starts: [Int]
        /// `count` a pixel.
        var weights: [Float]
        /// Slice positions in view.
        var range: Range<Int>

        init(_ pixels: Int, voxels: Int, perPixel: Double, _ interpolation: Interpolation, _ position: (Double) -> Double) {
            // A pixel that covers several voxels shows their mean, by how much it covers of each.
            let shrinks = perPixel > 1
            count = shrinks ? Int(perPixel.rounded(.up)) + 1 : interpolation == .linear ? 2 : 1
            starts = [Int](repeating: -1, count: pixels)
            weights = [Float](repeating: 0, count: pixels * count)
            var (low, high) = (Int.max, Int.min)
            for pixel in 0..<pixels {
                let at = position(Double(pixel) + 0.5)
                guard at >= -0.5, at < Double(voxels) - 0.5 else { continue }
                if shrinks {
                    let (from, to) = (at - perPixel / 2, at + perPixel / 2)
                    let first = max(0, Int((from + 0.5).rounded(.down)))
                    var sum: Float = 0
                    for tap in 0..<count where first + tap < voxels {
                        let middle = Double(first + tap)
                        let weight = Float(max(0, min(to, middle + 0.5) - max(from, middle - 0.5)))
                        weights[pixel * count + tap] = weight
                        sum += weight
                    }
                    for tap in 0..<count { weights[pixel * count + tap] /= max(sum, 1e-6) }
                    starts[pixel] = first
                } else if count == 2 {
                    let first = max(0, min(voxels - 1, Int(at.rounded(.down))))
                    let part = Float(max(0, min(1, at - Double(first))))
                    weights[pixel * 2] = first + 1 < voxels ? 1 - part : 1
                    weights[pixel * 2 + 1] = first + 1 < voxels ? part : 0
                    starts[pixel] = first
                } else {
                    weights[pixel] = 1
                    starts[pixel] = max(0, min(voxels - 1, Int(at.rounded())))
                }
                low = min(low, starts[pixel])
                high = max(high, min(voxels, starts[pixel] + count))
            }
            range = low < high ? low..<high : 0..<0
            for pixel in 0..<pixels where starts[pixel] >= 0 {
                starts[pixel] -= range.lowerBound
                // Taps without weight may not lie outside of what is read.
                let beyond = starts[pixel] + count - range.count
                guard beyond > 0 else { continue }
                let shift = min(beyond, starts[pixel])
                let old = Array(weights[pixel * count..<(pixel + 1) * count])
                for tap in 0..<count { weights[pixel * count + tap] = tap >= shift ? old[tap - shift] : 0 }
                starts[pixel] -= shift
            }
        }
    }

    private let projection: SliceProjection
    private let across, down: Taps
    /// Storage offset of horizontal and vertical position 0 in each slice of the slab.
    private let origins: [Int]
    private let kind: SlabView.Kind

    /// - Parameter voxel: any of the slice.
    init(_ projection: SliceProjection, through voxel: VoxelIndex, _ interpolation: Interpolation, _ slab: SlabView) {
        self.projection = projection
        let (axes, plane) = (projection.axes, projection.plane)
        across = Taps(
            projection.columns, voxels: axes.count(plane.horizontal),
            perPixel: projection.millimetresPerColumn / axes.spacing[plane.horizontal.rawValue], interpolation,
            projection.horizontalPosition)
        down = Taps(
            projection.rows, voxels: axes.count(plane.vertical),
            perPixel: projection.millimetresPerRow / axes.spacing[plane.vertical.rawValue], interpolation, projection.verticalPosition)
        let corner = axes.moving(axes.moving(voxel, plane.horizontal, to: 0), plane.vertical, to: 0)
        let position = axes.position(voxel, plane.normal)
        origins = slab.positions(about: position, axes, plane.normal).map { axes.extent.offset(axes.moving(corner, plane.normal, to: $0)) }
        kind = slab.kind
    }

    /// Each pixel's value; `outside` where there is no voxel.
    func values<Voxel: ResampledVoxel>(_ voxels: [Voxel], outside: Float) -> [Float] {
        let (columns, rows) = (projection.columns, projection.rows)
        var result = [Float](repeating: outside, count: columns * rows)
        guard !across.range.isEmpty, !down.range.isEmpty else { return result }
        let width = across.range.count
        let read = gathered(voxels)
        var line = [Float](repeating: 0, count: width)
        // Mirrored pictures run from the last voxel to the first: their taps say so.
        result.withUnsafeMutableBufferPointer { result in
            line.withUnsafeMutableBufferPointer { line in
                read.withUnsafeBufferPointer { read in
                    across.starts.withUnsafeBufferPointer { starts in
                        across.weights.withUnsafeBufferPointer { weights in
                            for y in 0..<rows where down.starts[y] >= 0 {
                                for x in 0..<width { line[x] = 0 }
                                for tap in 0..<down.count {
                                    let weight = down.weights[y * down.count + tap]
                                    guard weight != 0 else { continue }
                                    let from = (down.starts[y] + tap) * width
                                    for x in 0..<width { line[x] += weight * read[from + x] }
                                }
                                let to = y * columns
                                switch across.count {
                                case 1: for x in 0..<columns where starts[x] >= 0 { result[to + x] = line[starts[x]] }
                                case 2 where width > 1:
                                    for x in 0..<columns where starts[x] >= 0 {
                                        let at = starts[x]
                                        result[to + x] = weights[2 * x] * line[at] + weights[2 * x + 1] * line[at + 1]
                                    }
                                default:
                                    for x in 0..<columns where starts[x] >= 0 {
                                        var sum: Float = 0
                                        for tap in 0..<min(across.count, width - starts[x]) {
                                            sum += weights[x * across.count + tap] * line[starts[x] + tap]
                                        }
                                        result[to + x] = sum
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// The voxels in view, `[vertical][horizontal]`, of all slices of the slab together.
    private func gathered<Voxel: ResampledVoxel>(_ voxels: [Voxel]) -> [Float] {
        let (axes, plane) = (projection.axes, projection.plane)
        let (strideH, strideV) = (axes.stride(plane.horizontal), axes.stride(plane.vertical))
        let (width, height) = (across.range.count, down.range.count)
        var read = [Float](repeating: 0, count: width * height)
        voxels.withUnsafeBufferPointer { voxels in
            read.withUnsafeMutableBufferPointer { read in
                for (number, origin) in origins.enumerated() {
                    for v in 0..<height {
                        var at = origin + (down.range.lowerBound + v) * strideV + across.range.lowerBound * strideH
                        let to = v * width
                        for h in 0..<width {
                            let value = voxels[at].single
                            at += strideH
                            if number == 0 {
                                read[to + h] = value
                            } else {
                                switch kind {
                                case .slice, .mean: read[to + h] += value
                                case .maximum: read[to + h] = max(read[to + h], value)
                                case .minimum: read[to + h] = min(read[to + h], value)
                                }
                            }
                        }
                    }
                }
                if kind == .mean, origins.count > 1 {
                    let scale = 1 / Float(origins.count)
                    for place in read.indices { read[place] *= scale }
                }
            }
        }
        return read
    }
}

/// What voxels hold.
protocol ResampledVoxel {
    var single: Float { get }
}

extension Int16: ResampledVoxel {
    @inline(__always) var single: Float { Float(self) }
}

extension Float: ResampledVoxel {
    @inline(__always) var single: Float { self }
}

extension UInt8: ResampledVoxel {
    @inline(__always) var single: Float { Float(self) }
}
