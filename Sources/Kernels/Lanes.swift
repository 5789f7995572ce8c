import KernelInterface

// The vector of this instruction set. A voxel has 16 samples, hence `pieces` vectors.
#if KERNEL_V4
    typealias Lane = SIMD16<Float>
    typealias LaneInt = SIMD16<Int32>
    typealias LaneBits = SIMD16<UInt32>
#elseif KERNEL_V3
    typealias Lane = SIMD8<Float>
    typealias LaneInt = SIMD8<Int32>
    typealias LaneBits = SIMD8<UInt32>
#else
    typealias Lane = SIMD4<Float>
    typealias LaneInt = SIMD4<Int32>
    typealias LaneBits = SIMD4<UInt32>
#endif

let pieces = LaneLayout.lanes / Lane.scalarCount

typealias Lanes = UnsafePointer<Lane>
typealias MutableLanes = UnsafeMutablePointer<Lane>

@inline(__always)
func lanes(_ pointer: Floats) -> Lanes { UnsafeRawPointer(pointer).assumingMemoryBound(to: Lane.self) }

@inline(__always)
func lanes(_ pointer: MutableFloats) -> MutableLanes { UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Lane.self) }

extension SIMD where Scalar == Float {
    /// self += x · y, fused where the instruction set can.
    @inline(__always)
    mutating func multiplyAdd(_ x: Self, _ y: Self) {
        #if KERNEL_V3 || KERNEL_V4
            self.addProduct(x, y)
        #else
            self = self + x * y
        #endif
    }

    /// self += x · w.
    @inline(__always)
    mutating func multiplyAdd(_ x: Self, _ w: Float) { multiplyAdd(x, Self(repeating: w)) }
}

/// 1.5 · 2²³: a float that is added to this has its integer value in the low bits.
let roundingMagic: Float = 12_582_912
let roundingMagicBits: Int32 = 0x4B40_0000

/// e^x for x ≤ 88; relative error below 2·10⁻⁷; values under -87 give about 0.
@inline(__always)
func exponential(_ x: Lane) -> Lane {
    let clamped = x.replacing(with: Lane(repeating: -87), where: x .< Lane(repeating: -87))
    // Adding 1.5 · 2²³ rounds to the nearest integer and leaves it in the low bits.
    let rounded = fused(clamped, Lane(repeating: 1.442_695_04), roundingMagic)
    let k = rounded - roundingMagic
    var r = clamped
    r.multiplyAdd(k, Lane(repeating: -0.693_359_375))
    r.multiplyAdd(k, Lane(repeating: 2.121_944_4e-4))
    var p = Lane(repeating: 1.987_569_15e-4)
    p = fused(p, r, 1.398_199_95e-3)
    p = fused(p, r, 8.333_451_9e-3)
    p = fused(p, r, 4.166_579_6e-2)
    p = fused(p, r, 1.666_666_55e-1)
    p = fused(p, r, 5.000_000_1e-1)
    p = fused(p, r, 1)
    p = fused(p, r, 1)
    let exponent = (unsafeBitCast(rounded, to: LaneInt.self) &+ (127 &- roundingMagicBits)) &<< 23
    return p * unsafeBitCast(exponent, to: Lane.self)
}

/// a · b + c.
@inline(__always)
func fused(_ a: Lane, _ b: Lane, _ c: Float) -> Lane {
    var sum = Lane(repeating: c)
    sum.multiplyAdd(a, b)
    return sum
}

/// min(x, 0).
///
/// Not the library's `pointwiseMin`: that is a scalar loop out of line, whose one name in all three instruction sets' modules would let the
/// linker put one set's code in place of another's.
@inline(__always)
func negativePart(_ x: Lane) -> Lane { x.replacing(with: Lane.zero, where: x .> Lane.zero) }

/// ELU with α = 1.
@inline(__always)
func elu(_ x: Lane) -> Lane {
    let negative = exponential(negativePart(x)) - 1
    return x.replacing(with: negative, where: x .<= 0)
}
