import Foundations

/// How often each label of the fixed mask meets each label of the moving one, and how that changes with the affine map between them.
///
/// Partial-volume weights: a fixed voxel's eight moving neighbours count with their trilinear weights, so that the histogram is continuous.
package struct JointHistogram {
    /// Fixed label · 3 + moving label.
    package private(set) var counts = [Double](repeating: 0, count: 9)
    /// For each fixed label a and moving label b = 1, 2, at a · 2 + b - 1: the derivative of `counts[a, b]` by the 3×4 matrix that takes fixed
    /// voxels to moving cells. Row-major, the last column belongs to the translation.
    var gradients = [[Double]](repeating: [Double](repeating: 0, count: 12), count: 6)

    /// Over all voxels of the fixed mask, which hold 0, 1 or 2.
    /// - Parameter map: fixed voxel coordinates → moving cell coordinates.
    package init(fixed: LabelRows, moving: LabelCells, map: Affine3, parallel: Parallel) {
        let slices = moving.codes.withUnsafeBufferPointer { codes in
            CornerPolynomials.coefficients.withUnsafeBufferPointer { polynomials in
                parallel.map(fixed.mask.extent.z) { z in
                    var sums = SliceSums(extent: moving.extent, codes: codes, polynomials: polynomials, map: map)
                    fixed.withRows(ofSlice: z) { y, labels, running in sums.addRow(labels, running, y, z) }
                    return sums
                }
            }
        }
        for slice in slices {
            for index in 0..<9 { counts[index] += slice.counts[index] }
            for pair in 0..<6 {
                for column in 0..<4 {
                    for row in 0..<3 { gradients[pair][row * 4 + column] += slice.gradients[pair * 4 + column][row + 1] }
                }
            }
        }
    }
}

/// Trilinear interpolation of a set of corners as a polynomial of the place (x, y, z) in the cell.
private enum CornerPolynomials {
    /// For each of the 256 sets of corners the factors of 1, x, y, z, xy, xz, yz and xyz.
    static let coefficients: [Float] = (0..<256).flatMap { set in
        var factors = [Float](repeating: 0, count: 8)
        for corner in 0..<8 where set >> corner & 1 == 1 {
            // A corner's weight is a product of x or 1 - x, y or 1 - y, z or 1 - z.
            let axes = (0..<3).map { corner >> $0 & 1 == 1 ? [Float(0), 1] : [1, -1] }
            for (index, powers) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)].enumerated() {
                factors[index] += axes[0][powers.0] * axes[1][powers.1] * axes[2][powers.2]
            }
        }
        return factors
    }
}

/// One slice's part of the histogram.
private struct SliceSums {
    let extent: Extent3
    let codes: UnsafeBufferPointer<UInt16>
    let polynomials: UnsafeBufferPointer<Float>
    let map: Affine3
    var counts = InlineArray<9, Double>(repeating: 0)
    /// At pair · 4 + column, elements 1 to 3: the derivative by the matrix's column.
    var gradients = InlineArray<24, SIMD4<Double>>(repeating: .zero)

    /// - Parameters:
    ///   - labels: the fixed mask's row.
    ///   - running: its counts, as `LabelRows` keeps them.
    mutating func addRow(_ labels: UnsafeBufferPointer<UInt8>, _ running: UnsafeBufferPointer<UInt32>, _ y: Int, _ z: Int) {
        let row = GridRow(map, y: y, z: z)
        // Half a cell of slack on either side still lies in the padding; beyond, all is background.
        let last = Point3(Double(extent.x), Double(extent.y), Double(extent.z)) - 0.5
        let inside = row.range(within: Point3(repeating: 0.5), last, count: labels.count)
        // Fixed voxels of label 1 and 2 that meet uniform cells of label 0, 1, 2: halves of one number, as in `running`.
        var uniform: (UInt32, UInt32, UInt32) = (0, 0, 0)
        var voxels = (0, 0, 0)
        uniform.0 = running[inside.lowerBound] &+ running[labels.count] &- running[inside.upperBound]
        voxels.0 = labels.count - inside.count
        var mixed = RowSums()
        let (startX, startY, startZ) = (Float(row.start.x), Float(row.start.y), Float(row.start.z))
        let (stepX, stepY, stepZ) = (Float(row.step.x), Float(row.step.y), Float(row.step.z))
        let leapsPerCell = 1 / max(abs(stepX) + abs(stepY) + abs(stepZ), 1e-6)
        let (strideY, strideZ) = (extent.x, extent.x &* extent.y)
        var x = inside.lowerBound
        while x < inside.upperBound {
            let place = Float(x)
            let (px, py, pz) = (startX + stepX * place, startY + stepY * place, startZ + stepZ * place)
            let (cx, cy, cz) = (Int(px), Int(py), Int(pz))
            let code = codes[cz &* strideZ &+ cy &* strideY &+ cx]
            guard code & LabelCells.uniformMark == LabelCells.uniformMark else {
                mixed.add(code, Int(labels[x]), px - Float(cx), py - Float(cy), pz - Float(cz), place, polynomials)
                x &+= 1
                continue
            }
            // A leap ends in a cell at most its length and one more cell an axis away.
            let free = Int(code >> 9) &- 3
            let leap = free <= 0 ? 1 : min(max(Int(Float(free) * leapsPerCell), 1), inside.upperBound &- x)
            let met = running[x &+ leap] &- running[x]
            switch (code >> 1) & 3 {
            case 0:
                uniform.0 &+= met
                voxels.0 &+= leap
            case 1:
                uniform.1 &+= met
                voxels.1 &+= leap
            default:
                uniform.2 &+= met
                voxels.2 &+= leap
            }
            x &+= leap
        }
        add(uniform.0, of: voxels.0, moving: 0)
        add(uniform.1, of: voxels.1, moving: 1)
        add(uniform.2, of: voxels.2, moving: 2)
        add(mixed, y, z)
    }

    private mutating func add(_ met: UInt32, of voxels: Int, moving: Int) {
        let (right, left) = (Int(met & 0xFFFF), Int(met >> 16))
        counts[moving] += Double(voxels - right - left)
        counts[3 + moving] += Double(right)
        counts[6 + moving] += Double(left)
    }

    /// Adds a row's mixed cells; y and z are the same for all of them.
    private mutating func add(_ row: RowSums, _ y: Int, _ z: Int) {
        for fixed in 0..<3 where row.voxels[fixed] > 0 {
            counts[fixed * 3] += Double(row.voxels[fixed])
            for moving in 0..<2 {
                let pair = fixed * 2 + moving
                let sum = SIMD4<Double>(row.sums[pair])
                counts[fixed * 3 + moving + 1] += sum[0]
                counts[fixed * 3] -= sum[0]
                gradients[pair * 4] += SIMD4<Double>(row.sumsByPlace[pair])
                gradients[pair * 4 + 1] += sum * Double(y)
                gradients[pair * 4 + 2] += sum * Double(z)
                gradients[pair * 4 + 3] += sum
            }
        }
    }
}

/// Sums over a row's mixed cells, at pair = fixed label · 2 + moving label - 1.
private struct RowSums {
    /// Of each fixed label.
    var voxels = InlineArray<3, Int>(repeating: 0)
    /// Weight, and its derivative by the place in the cell (x, y, z).
    var sums = InlineArray<6, SIMD4<Float>>(repeating: .zero)
    /// The same times the voxel's x index.
    var sumsByPlace = InlineArray<6, SIMD4<Float>>(repeating: .zero)

    @inline(__always)
    mutating func add(
        _ code: UInt16, _ label: Int, _ x: Float, _ y: Float, _ z: Float, _ place: Float, _ polynomials: UnsafeBufferPointer<Float>
    ) {
        voxels[label] &+= 1
        if code & 0xFF != 0 { add(Int(code & 0xFF), label &* 2, x, y, z, place, polynomials) }
        if code >> 8 != 0 { add(Int(code >> 8), label &* 2 &+ 1, x, y, z, place, polynomials) }
    }

    @inline(__always)
    private mutating func add(
        _ corners: Int, _ pair: Int, _ x: Float, _ y: Float, _ z: Float, _ place: Float, _ polynomials: UnsafeBufferPointer<Float>
    ) {
        let c = corners &* 8
        let (xy, xz, yz, xyz) = (polynomials[c + 4], polynomials[c + 5], polynomials[c + 6], polynomials[c + 7])
        let byX = polynomials[c + 1] + xy * y + (xz + xyz * y) * z
        let byY = polynomials[c + 2] + xy * x + (yz + xyz * x) * z
        let byZ = polynomials[c + 3] + xz * x + (yz + xyz * x) * y
        let weight = polynomials[c] + byX * x + (polynomials[c + 2] + yz * z) * y + polynomials[c + 3] * z
        let values = SIMD4(weight, byX, byY, byZ)
        sums[pair] += values
        sumsByPlace[pair] += values * place
    }
}
