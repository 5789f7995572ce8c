/// How often each label of the fixed mask meets each label of the moving one, and how that changes with the affine map between them.
///
/// Partial-volume weights: a fixed voxel's eight moving neighbours count with their trilinear weights, so that the histogram is continuous.
struct JointHistogram {
    /// Fixed label · 3 + moving label.
    var counts = [Double](repeating: 0, count: 9)
    /// For each fixed label a and moving label b = 1, 2, at a · 2 + b - 1: the derivative of `counts[a, b]` by the 3×4 matrix that takes fixed
    /// voxels to moving cells. Row-major, the last column belongs to the translation.
    var gradients = [[Double]](repeating: [Double](repeating: 0, count: 12), count: 6)

    /// Over all voxels of the fixed mask, which hold 0, 1 or 2.
    /// - Parameter map: fixed voxel coordinates → moving cell coordinates.
    init(fixed: Volume<UInt8>, moving: LabelCells, map: Affine3, parallel: Parallel) {
        let slices = fixed.voxels.withUnsafeBufferPointer { voxels in
            moving.codes.withUnsafeBufferPointer { codes in
                parallel.map(fixed.extent.z) { z in
                    var sums = SliceSums(extent: moving.extent, codes: codes, map: map)
                    for y in 0..<fixed.extent.y {
                        let start = (z * fixed.extent.y + y) * fixed.extent.x
                        sums.addRow(UnsafeBufferPointer(rebasing: voxels[start..<(start + fixed.extent.x)]), y, z)
                    }
                    return sums.result
                }
            }
        }
        for slice in slices {
            for index in counts.indices { counts[index] += slice.counts[index] }
            for index in gradients.indices {
                for entry in 0..<12 { gradients[index][entry] += slice.gradients[index][entry] }
            }
        }
    }

    fileprivate init() {}
}

/// One slice's part of the histogram.
private struct SliceSums {
    let extent: Extent3
    let codes: UnsafeBufferPointer<UInt16>
    let map: Affine3
    var result = JointHistogram()

    private static let cornerX = SIMD8<Float>(0, 1, 0, 1, 0, 1, 0, 1)
    private static let cornerY = SIMD8<Float>(0, 0, 1, 1, 0, 0, 1, 1)
    private static let cornerZ = SIMD8<Float>(0, 0, 0, 0, 1, 1, 1, 1)
    private static let bits = SIMD8<UInt32>(1, 2, 4, 8, 16, 32, 64, 128)

    /// The voxels whose cells lie inside the moving grid; all others meet background.
    private func insideRange(_ start: Point3, _ count: Int) -> Range<Int> {
        var lower = 0.0
        var upper = Double(count)
        for axis in 0..<3 {
            // Half a cell of slack on either side still lies in the padding.
            let (first, last) = (0.5, Double(extent[axis]) - 0.5)
            let step = map.columnX[axis]
            if abs(step) < 1e-12 {
                if start[axis] < first || start[axis] > last { return 0..<0 }
            } else {
                let (a, b) = ((first - start[axis]) / step, (last - start[axis]) / step)
                lower = max(lower, min(a, b))
                upper = min(upper, max(a, b))
            }
        }
        guard lower < upper else { return 0..<0 }
        return Int(lower.rounded(.up))..<max(Int(lower.rounded(.up)), Int(upper.rounded(.down)))
    }

    mutating func addRow(_ labels: UnsafeBufferPointer<UInt8>, _ y: Int, _ z: Int) {
        let start = map.columnY * Double(y) + map.columnZ * Double(z) + map.translation
        let inside = insideRange(start, labels.count)
        // Whole cells of one label are only counted: fixed label · 3 + moving label.
        var whole = (0, 0, 0, 0, 0, 0, 0, 0, 0)
        // Per fixed label and moving label 1, 2: Σ weight; Σ gradient and Σ gradient · x, per axis.
        var mixed = RowSums()
        let (startX, startY, startZ) = (Float(start.x), Float(start.y), Float(start.z))
        let (stepX, stepY, stepZ) = (Float(map.columnX.x), Float(map.columnX.y), Float(map.columnX.z))
        let (strideY, strideZ) = (extent.x, extent.x &* extent.y)
        withUnsafeMutableBytes(of: &whole) { bytes in
            let whole = bytes.bindMemory(to: Int.self)
            for x in 0..<inside.lowerBound { whole[Int(labels[x]) &* 3] &+= 1 }
            for x in inside.upperBound..<labels.count { whole[Int(labels[x]) &* 3] &+= 1 }
            for x in inside {
                let place = Float(x)
                let (px, py, pz) = (startX + stepX * place, startY + stepY * place, startZ + stepZ * place)
                let (cx, cy, cz) = (Int(px), Int(py), Int(pz))
                let code = codes[cz &* strideZ &+ cy &* strideY &+ cx]
                let label = Int(labels[x])
                switch code {
                case 0: whole[label &* 3] &+= 1
                case 0x00FF: whole[label &* 3 &+ 1] &+= 1
                case 0xFF00: whole[label &* 3 &+ 2] &+= 1
                default: mixed.add(code, label, px - Float(cx), py - Float(cy), pz - Float(cz), place)
                }
            }
            for index in 0..<9 { result.counts[index] += Double(whole[index]) }
        }
        mixed.flush(into: &result, y, z)
    }

    /// Sums over a row's mixed cells.
    private struct RowSums {
        private var counts = (0, 0, 0)
        /// At fixed label · 2 + moving label - 1: weight, gradient x y z, gradient · place x y z.
        private var sums = (
            SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero
        )

        @inline(__always)
        mutating func add(_ code: UInt16, _ label: Int, _ fx: Float, _ fy: Float, _ fz: Float, _ place: Float) {
            // Each corner's weight is a product of f or 1 - f per axis; its derivative by f is ±1 times the other two.
            let signX = SliceSums.cornerX * 2 - 1
            let signY = SliceSums.cornerY * 2 - 1
            let signZ = SliceSums.cornerZ * 2 - 1
            let weightX = (1 - SliceSums.cornerX) + signX * fx
            let weightY = (1 - SliceSums.cornerY) + signY * fy
            let weightZ = (1 - SliceSums.cornerZ) + signZ * fz
            let yz = weightY * weightZ
            let derivativeX = signX * yz
            let derivativeY = signY * (weightX * weightZ)
            let derivativeZ = signZ * (weightX * weightY)
            let weight = weightX * yz
            switch label {
            case 0: counts.0 &+= 1
            case 1: counts.1 &+= 1
            default: counts.2 &+= 1
            }
            withUnsafeMutableBytes(of: &sums) { bytes in
                let sums = bytes.bindMemory(to: SIMD8<Float>.self)
                for moving in 0..<2 {
                    let corners = UInt32(moving == 0 ? code & 0xFF : code >> 8)
                    guard corners != 0 else { continue }
                    let isCorner = (SIMD8(repeating: corners) & SliceSums.bits) .!= 0
                    let (gx, gy, gz) = (
                        SIMD8<Float>.zero.replacing(with: derivativeX, where: isCorner).sum(),
                        SIMD8<Float>.zero.replacing(with: derivativeY, where: isCorner).sum(),
                        SIMD8<Float>.zero.replacing(with: derivativeZ, where: isCorner).sum()
                    )
                    let share = SIMD8<Float>.zero.replacing(with: weight, where: isCorner).sum()
                    sums[label &* 2 &+ moving] += SIMD8(share, gx, gy, gz, gx * place, gy * place, gz * place, 0)
                }
            }
        }

        /// Adds the row's sums; y and z are the same for all of it.
        func flush(into result: inout JointHistogram, _ y: Int, _ z: Int) {
            let total = [counts.0, counts.1, counts.2]
            guard total.contains(where: { $0 > 0 }) else { return }
            let parts = [sums.0, sums.1, sums.2, sums.3, sums.4, sums.5]
            for fixed in 0..<3 {
                result.counts[fixed * 3] += Double(total[fixed])
                for moving in 0..<2 {
                    let part = parts[fixed * 2 + moving]
                    result.counts[fixed * 3 + moving + 1] += Double(part[0])
                    result.counts[fixed * 3] -= Double(part[0])
                    for axis in 0..<3 {
                        let gradient = Double(part[1 + axis])
                        result.gradients[fixed * 2 + moving][axis * 4] += Double(part[4 + axis])
                        result.gradients[fixed * 2 + moving][axis * 4 + 1] += gradient * Double(y)
                        result.gradients[fixed * 2 + moving][axis * 4 + 2] += gradient * Double(z)
                        result.gradients[fixed * 2 + moving][axis * 4 + 3] += gradient
                    }
                }
            }
        }
    }
}
