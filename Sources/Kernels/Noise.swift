import KernelInterface

extension NativeKernels {
    public func addNoise(_ values: MutableFloats, count: Int, deviation: Float, key: UInt64) {
        // Pairs: radius and angle of counter i give the cosine to value i and the sine to value i + half.
        let half = count / 2
        let first = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Lane.self)
        let second = UnsafeMutableRawPointer(values + half).assumingMemoryBound(to: Lane.self)
        let low = UInt32(truncatingIfNeeded: key)
        let high = UInt32(truncatingIfNeeded: key >> 32)
        var counter = LaneBits.zero
        for i in 0..<Lane.scalarCount { counter[i] = UInt32(i) }
        for i in 0..<half / Lane.scalarCount {
            let a = hash(counter &* 2, low, high)
            let b = hash(counter &* 2 &+ 1, high ^ 0x9E37_79B9, low)
            // (0, 1] for the logarithm, [0, 1) for the angle, 23 bits each.
            let radius = squareRoot(logarithm(2 - unitInterval(a)) * -2) * deviation
            let (cosine, sine) = turn(unitInterval(b) - 1)
            first[i].multiplyAdd(radius, cosine)
            second[i].multiplyAdd(radius, sine)
            counter &+= UInt32(Lane.scalarCount)
        }
    }
}

/// √x of 0 ≤ x, by Newton's method on 1/√x; the library's is a loop over scalars.
@inline(__always)
private func squareRoot(_ x: Lane) -> Lane {
    var y = unsafeBitCast(0x5F37_59DF &- (unsafeBitCast(x, to: LaneInt.self) &>> 1), to: Lane.self)
    let half = x * 0.5
    for _ in 0..<3 { y = y * (1.5 - half * y * y) }
    return x * y
}

/// Two rounds of a 32-bit finaliser with the key mixed in between.
@inline(__always)
private func hash(_ counter: LaneBits, _ k0: UInt32, _ k1: UInt32) -> LaneBits {
    var x = counter ^ k0
    x = (x ^ (x &>> 16)) &* 0x7FEB_352D
    x = (x ^ (x &>> 15)) &* 0x846C_A68B
    x = (x ^ (x &>> 16)) &+ k1
    x = (x ^ (x &>> 16)) &* 0x7FEB_352D
    x = (x ^ (x &>> 15)) &* 0x846C_A68B
    return x ^ (x &>> 16)
}

/// The upper 23 bits as a float in [1, 2).
@inline(__always)
private func unitInterval(_ bits: LaneBits) -> Lane { unsafeBitCast((bits &>> 9) | 0x3F80_0000, to: Lane.self) }

/// Cosine and sine of 2π · fraction, fraction in [0, 1).
@inline(__always)
private func turn(_ fraction: Lane) -> (Lane, Lane) {
    let quarters = fraction * 4
    let rounded = quarters + roundingMagic
    let quadrant = unsafeBitCast(rounded, to: LaneInt.self) &- roundingMagicBits
    let x = (quarters - (rounded - roundingMagic)) * (Float.pi / 2)
    let z = x * x
    var s = fused(Lane(repeating: -1.951_529_59e-4), z, 8.332_160_87e-3)
    s = fused(s, z, -1.666_665_46e-1)
    let sine = fused(s * z, x, 0) + x
    var c = fused(Lane(repeating: 2.443_315_7e-5), z, -1.388_731_62e-3)
    c = fused(c, z, 4.166_664_57e-2)
    c = fused(c, z, -0.5)
    let cosine = fused(c, z, 1)
    let swapped = (quadrant & 1) .== 1
    let baseCosine = cosine.replacing(with: sine, where: swapped)
    let baseSine = sine.replacing(with: cosine, where: swapped)
    // The cosine is negative in quadrants 1 and 2, the sine in 2 and 3.
    let cosineSign = ((quadrant &+ 1) & 2) &<< 30
    let sineSign = (quadrant & 2) &<< 30
    return (
        unsafeBitCast(unsafeBitCast(baseCosine, to: LaneInt.self) ^ cosineSign, to: Lane.self),
        unsafeBitCast(unsafeBitCast(baseSine, to: LaneInt.self) ^ sineSign, to: Lane.self)
    )
}
