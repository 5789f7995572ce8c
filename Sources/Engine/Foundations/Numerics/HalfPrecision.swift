/// IEEE 754 half precision, as bit patterns: Swift's `Float16` is not available on every platform that we build for.
package enum HalfPrecision {
    /// The float with the same value.
    package static func float(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 31
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// The half nearest to a float, ties to even; infinity beyond 65,504.
    package static func bits(_ value: Float) -> UInt16 {
        let sign = UInt16(value.bitPattern >> 16) & 0x8000
        let magnitude = value.magnitude
        if value.isNaN { return sign | 0x7E00 }
        // Halfway between the largest half and what would follow it.
        if magnitude >= 65_520 { return sign | 0x7C00 }
        // Below the normal halves their spacing is 2⁻²⁴ throughout; rounding up to 1024 of it gives the smallest normal one.
        if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
        // Rounds the 13 bits that are dropped; a carry runs into the exponent, as it should.
        let pattern = magnitude.bitPattern
        let rounded = pattern + 0xFFF + (pattern >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) - 112 << 10)
    }

    package static func pack(_ values: UnsafePointer<Float>, count: Int, into halves: UnsafeMutablePointer<UInt16>) {
        for i in 0..<count { halves[i] = bits(values[i]) }
    }

    package static func unpack(_ halves: UnsafePointer<UInt16>, count: Int, into values: UnsafeMutablePointer<Float>) {
        for i in 0..<count { values[i] = float(halves[i]) }
    }
}
