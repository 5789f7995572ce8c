import KernelInterface

extension NativeKernels {
    public func resample(_ patches: [UnsafePointer<Int16>], side: Int, offset: Int16, matrix: Floats, output: MutableFloats) {
        let volume = side * side * side
        let room = (side + Lane.scalarCount - 1) / Lane.scalarCount * Lane.scalarCount
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: patches.count * volume) { pairs in
            for (index, patch) in patches.enumerated() {
                pairRows(patch, side: side, offset: offset, to: pairs.baseAddress! + index * volume)
            }
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: 8 * room / Lane.scalarCount) { scratch in
                let row = SampledRow(scratch: UnsafeMutableRawPointer(scratch.baseAddress!), side: side, room: room)
                for z in 0..<side {
                    for y in 0..<side {
                        row.place(z: Float(z), y: Float(y), matrix: matrix)
                        for index in patches.indices {
                            row.gather(pairs.baseAddress! + index * volume)
                            row.interpolate(to: output + index * volume + (z * side + y) * side)
                        }
                    }
                }
            }
        }
    }

    /// Each voxel with its neighbour in the next row, so that one read of 64 bits yields four corners of a cell.
    private func pairRows(_ patch: UnsafePointer<Int16>, side: Int, offset: Int16, to pairs: UnsafeMutablePointer<UInt32>) {
        for z in 0..<side {
            for y in 0..<side {
                let here = patch + (z * side + y) * side
                let next = y + 1 < side ? here + side : here
                let target = pairs + (z * side + y) * side
                for x in 0..<side {
                    let low = UInt16(bitPattern: here[x] &+ offset)
                    let high = UInt16(bitPattern: next[x] &+ offset)
                    target[x] = UInt32(low) | UInt32(high) &<< 16
                }
            }
        }
    }
}

/// One row of samples while it is made: where each lies, the corners of its cell, its place in the cell.
private struct SampledRow {
    private let side: Int
    private let places: UnsafeMutablePointer<Int32>
    private let fractionX, fractionY, fractionZ: MutableFloats
    /// Two voxels along y in 32 bits: at x and x + 1, in this plane and the next.
    private let near0, near1, far0, far1: UnsafeMutablePointer<UInt32>

    init(scratch: UnsafeMutableRawPointer, side: Int, room: Int) {
        self.side = side
        func part<T>(_ index: Int, _: T.Type) -> UnsafeMutablePointer<T> {
            (scratch + index * room * 4).assumingMemoryBound(to: T.self)
        }
        places = part(0, Int32.self)
        fractionX = part(1, Float.self)
        fractionY = part(2, Float.self)
        fractionZ = part(3, Float.self)
        near0 = part(4, UInt32.self)
        near1 = part(5, UInt32.self)
        far0 = part(6, UInt32.self)
        far1 = part(7, UInt32.self)
    }

    // Neither is inlined: each is a loop of its own for the compiler's registers.
    @inline(never)
    func place(z: Float, y: Float, matrix: Floats) {
        let rowZ = matrix[0] * z + matrix[1] * y + matrix[3]
        let rowY = matrix[4] * z + matrix[5] * y + matrix[7]
        let rowX = matrix[8] * z + matrix[9] * y + matrix[11]
        let last = Float(side - 1)
        var steps = Lane.zero
        for i in 0..<Lane.scalarCount { steps[i] = Float(i) }
        for x in Swift.stride(from: 0, to: side, by: Lane.scalarCount) {
            let pz = fused(steps, Lane(repeating: matrix[2]), rowZ).clamped(last)
            let py = fused(steps, Lane(repeating: matrix[6]), rowY).clamped(last)
            let px = fused(steps, Lane(repeating: matrix[10]), rowX).clamped(last)
            let z0 = cell(pz)
            let y0 = cell(py)
            let x0 = cell(px)
            // Whole numbers below 2²³, read from the low bits of the float.
            let place = (z0 * Float(side) + y0) * Float(side) + x0 + roundingMagic
            store(unsafeBitCast(place, to: LaneInt.self) &- roundingMagicBits, places + x)
            store(px - x0, fractionX + x)
            store(py - y0, fractionY + x)
            store(pz - z0, fractionZ + x)
            steps += Float(Lane.scalarCount)
        }
    }

    @inline(never)
    func gather(_ pairs: UnsafePointer<UInt32>) {
        let plane = side * side
        for x in 0..<side {
            let corner = UnsafeRawPointer(pairs + Int(places[x]))
            let near = corner.loadUnaligned(as: UInt64.self)
            let far = (corner + plane * 4).loadUnaligned(as: UInt64.self)
            near0[x] = UInt32(truncatingIfNeeded: near)
            near1[x] = UInt32(truncatingIfNeeded: near &>> 32)
            far0[x] = UInt32(truncatingIfNeeded: far)
            far1[x] = UInt32(truncatingIfNeeded: far &>> 32)
        }
    }

    @inline(never)
    func interpolate(to target: MutableFloats) {
        for x in Swift.stride(from: 0, to: side, by: Lane.scalarCount) {
            let fx = load(fractionX + x)
            let fy = load(fractionY + x)
            let near = alongXY(near0 + x, near1 + x, fx, fy)
            let far = alongXY(far0 + x, far1 + x, fx, fy)
            var value = near
            value.multiplyAdd(far - near, load(fractionZ + x))
            if x + Lane.scalarCount <= side {
                UnsafeMutableRawPointer(target + x).storeBytes(of: value, as: Lane.self)
            } else {
                for i in 0..<(side - x) { target[x + i] = value[i] }
            }
        }
    }

    @inline(__always)
    private func alongXY(_ left: UnsafeMutablePointer<UInt32>, _ right: UnsafeMutablePointer<UInt32>, _ fx: Lane, _ fy: Lane) -> Lane {
        let a = alongY(left, fy)
        var value = a
        value.multiplyAdd(alongY(right, fy) - a, fx)
        return value
    }

    /// Halves of 32 bits as floats: their bits under the exponent of 2²³ make 2²³ + value.
    @inline(__always)
    private func alongY(_ pair: UnsafeMutablePointer<UInt32>, _ fy: Lane) -> Lane {
        let bits = UnsafeRawPointer(pair).loadUnaligned(as: LaneBits.self)
        let low = unsafeBitCast(bits & 0xFFFF | 0x4B00_0000, to: Lane.self)
        let high = unsafeBitCast(bits &>> 16 | 0x4B00_0000, to: Lane.self)
        var value = low - 8_388_608
        value.multiplyAdd(high - low, fy)
        return value
    }

    @inline(__always)
    private func load(_ pointer: MutableFloats) -> Lane { UnsafeRawPointer(pointer).loadUnaligned(as: Lane.self) }

    @inline(__always)
    private func store<V: SIMD, T>(_ value: V, _ pointer: UnsafeMutablePointer<T>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: V.self)
    }
}

/// The lower corner of the cell that x lies in, 0 ≤ x ≤ side - 1 with an even side: the whole number nearest to x - ½, ties to even, so that
/// the last voxel belongs to the last cell.
@inline(__always)
private func cell(_ x: Lane) -> Lane { (x - 0.5 + roundingMagic) - roundingMagic }

extension Lane {
    /// NaN becomes 0: what is clamped here turns into an address.
    @inline(__always)
    fileprivate func clamped(_ upper: Float) -> Lane {
        let positive = Lane.zero.replacing(with: self, where: self .> Lane.zero)
        let bound = Lane(repeating: upper)
        return positive.replacing(with: bound, where: positive .> bound)
    }
}

extension NativeKernels {
    public func changeContrast(_ values: MutableFloats, count: Int, gamma: Float) {
        precondition(count % Lane.scalarCount == 0)
        let vectors = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Lane.self)
        let n = count / Lane.scalarCount
        var least = Lane(repeating: .infinity)
        var largest = Lane(repeating: -.infinity)
        for i in 0..<n {
            let x = vectors[i]
            least.replace(with: x, where: x .< least)
            largest.replace(with: x, where: x .> largest)
        }
        let low = (0..<Lane.scalarCount).reduce(Float.infinity) { Swift.min($0, least[$1]) }
        let high = (0..<Lane.scalarCount).reduce(-Float.infinity) { Swift.max($0, largest[$1]) }
        let range = high - low
        let inverse = 1 / (range + 1e-7)
        for i in 0..<n {
            let x = (vectors[i] - low) * inverse
            let raised = exponential(logarithm(x) * gamma).replacing(with: 0, where: x .<= 0)
            vectors[i] = fused(raised, Lane(repeating: range), low)
        }
    }
}

/// Natural logarithm of positive normal numbers; relative error about 10⁻⁷.
@inline(__always)
func logarithm(_ x: Lane) -> Lane {
    let bits = unsafeBitCast(x, to: LaneInt.self)
    // Mantissa in [√½, √2).
    let offset = (bits &- 0x3F35_04F3) &>> 23
    let mantissa = unsafeBitCast(bits &- (offset &<< 23), to: Lane.self)
    let e = unsafeBitCast(offset &+ roundingMagicBits, to: Lane.self) - roundingMagic
    let f = mantissa - 1
    let z = f * f
    var p = Lane(repeating: 7.037_683_6e-2)
    p = fused(p, f, -1.151_461_03e-1)
    p = fused(p, f, 1.167_699_87e-1)
    p = fused(p, f, -1.242_014_08e-1)
    p = fused(p, f, 1.424_932_28e-1)
    p = fused(p, f, -1.666_805_77e-1)
    p = fused(p, f, 2.000_071_48e-1)
    p = fused(p, f, -2.499_999_40e-1)
    p = fused(p, f, 3.333_333_12e-1)
    var y = p * f * z
    y.multiplyAdd(e, Lane(repeating: -2.121_944_4e-4))
    y.multiplyAdd(z, Lane(repeating: -0.5))
    var result = f + y
    result.multiplyAdd(e, Lane(repeating: 0.693_359_375))
    return result
}
