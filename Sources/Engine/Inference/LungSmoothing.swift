import Foundation
import Foundations

/// A Gaussian over a CT that looks at lung only: neither the chest wall nor the air outside gets into the lung's density.
struct LungSmoothing {
    let extent: Extent3
    /// Weights along each axis, from the middle outwards.
    private let taps: [[Float]]

    /// - Parameters:
    ///   - spacing: between voxels, mm.
    ///   - sigma: mm.
    init(extent: Extent3, spacing: Point3, sigma: Double) {
        self.extent = extent
        taps = (0..<3).map { axis in
            let width = sigma / spacing[axis]
            // Three deviations out nothing is left; an axis of thick slices is left as it is.
            return (0...Int(3 * width)).map { Float(exp(-Double($0 * $0) / (2 * width * width))) }
        }
    }

    /// - Parameters:
    ///   - hounsfield: in the grid.
    ///   - lungs: the same grid, 0 outside.
    /// - Returns: the weighted mean of the lung around each voxel of lung; outside of it the CT as it is.
    func smoothed(_ hounsfield: [Int16], lungs: [UInt8], parallel: Parallel) -> [Float] {
        var values = lungs.indices.map { lungs[$0] == 0 ? Float(0) : Float(hounsfield[$0]) }
        var weights = lungs.map { $0 == 0 ? Float(0) : 1 }
        for axis in 0..<3 where taps[axis].count > 1 {
            values = blurred(values, axis, parallel)
            weights = blurred(weights, axis, parallel)
        }
        return lungs.indices.map { lungs[$0] == 0 ? Float(hounsfield[$0]) : values[$0] / weights[$0] }
    }

    private func blurred(_ source: [Float], _ axis: Int, _ parallel: Parallel) -> [Float] {
        let stride = [1, extent.x, extent.x * extent.y][axis]
        let length = extent[axis]
        let taps = taps[axis]
        return source.withUnsafeBufferPointer { source in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z: Int, target: UnsafeMutableBufferPointer<Float>) in
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        let place = (z * extent.y + y) * extent.x + x
                        let position = axis == 0 ? x : axis == 1 ? y : z
                        var sum = source[place] * taps[0]
                        for step in 1..<taps.count {
                            if position >= step { sum += source[place - step * stride] * taps[step] }
                            if position + step < length { sum += source[place + step * stride] * taps[step] }
                        }
                        target[place] = sum
                    }
                }
            }
        }
    }
}
