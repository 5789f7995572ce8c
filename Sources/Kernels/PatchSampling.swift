import KernelInterface

extension NativeKernels {
    public func resample(_ source: Floats, channels: Int, side: Int, matrix: Floats, output: MutableFloats) {
        let volume = side * side * side
        let last = Float(side - 1)
        let cell = Float(side - 2)
        let ramp = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
        for z in 0..<side {
            for y in 0..<side {
                // Source coordinates of x = 0 in this row.
                let rowZ = matrix[0] * Float(z) + matrix[1] * Float(y) + matrix[3]
                let rowY = matrix[4] * Float(z) + matrix[5] * Float(y) + matrix[7]
                let rowX = matrix[8] * Float(z) + matrix[9] * Float(y) + matrix[11]
                var x = 0
                while x < side {
                    let steps = ramp + Float(x)
                    let pz = SIMD8(repeating: rowZ).addingProduct8(steps, matrix[2]).clamped8(last)
                    let py = SIMD8(repeating: rowY).addingProduct8(steps, matrix[6]).clamped8(last)
                    let px = SIMD8(repeating: rowX).addingProduct8(steps, matrix[10]).clamped8(last)
                    let z0 = pz.rounded(.down).clamped8(cell)
                    let y0 = py.rounded(.down).clamped8(cell)
                    let x0 = px.rounded(.down).clamped8(cell)
                    let fz = pz - z0
                    let fy = py - y0
                    let fx = px - x0
                    // Whole numbers below 2²³, read from the low bits of the float.
                    let place = (z0 * Float(side) + y0) * Float(side) + x0 + roundingMagic
                    let base = unsafeBitCast(place, to: SIMD8<Int32>.self) &- roundingMagicBits
                    let count = min(8, side - x)
                    for channel in 0..<channels {
                        let patch = source + channel * volume
                        let target = output + channel * volume + (z * side + y) * side + x
                        var c00 = SIMD8<Float>.zero, c01 = c00, c10 = c00, c11 = c00
                        var d00 = c00, d01 = c00, d10 = c00, d11 = c00
                        for i in 0..<8 {
                            let p = patch + Int(base[i])
                            c00[i] = p[0]
                            d00[i] = p[1]
                            c01[i] = p[side]
                            d01[i] = p[side + 1]
                            let q = p + side * side
                            c10[i] = q[0]
                            d10[i] = q[1]
                            c11[i] = q[side]
                            d11[i] = q[side + 1]
                        }
                        let e00 = c00 + (d00 - c00) * fx
                        let e01 = c01 + (d01 - c01) * fx
                        let e10 = c10 + (d10 - c10) * fx
                        let e11 = c11 + (d11 - c11) * fx
                        let f0 = e00 + (e01 - e00) * fy
                        let f1 = e10 + (e11 - e10) * fy
                        let value = f0 + (f1 - f0) * fz
                        if count == 8 {
                            UnsafeMutableRawPointer(target).storeBytes(of: value, as: SIMD8<Float>.self)
                        } else {
                            for i in 0..<count { target[i] = value[i] }
                        }
                    }
                    x += 8
                }
            }
        }
    }

    public func power(_ values: MutableFloats, count: Int, exponent: Float) {
        var i = 0
        while i < count {
            let n = min(Lane.scalarCount, count - i)
            var x = Lane(repeating: 1)
            for k in 0..<n { x[k] = values[i + k] }
            let raised = exponential(logarithm(x) * exponent).replacing(with: 0, where: x .<= 0)
            for k in 0..<n { values[i + k] = raised[k] }
            i += Lane.scalarCount
        }
    }
}

extension SIMD8 where Scalar == Float {
    @inline(__always)
    func addingProduct8(_ steps: Self, _ slope: Float) -> Self { self + steps * slope }

    @inline(__always)
    func clamped8(_ upper: Float) -> Self {
        // NaN becomes 0: what is clamped here turns into an address.
        let positive = Self.zero.replacing(with: self, where: self .> Self.zero)
        let bound = Self(repeating: upper)
        return positive.replacing(with: bound, where: positive .> bound)
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
