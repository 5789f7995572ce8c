/// Perceptually uniform, colour-blind-safe colours for a quantity.
package enum ColourMap {
    /// The map *viridis* at t in 0…1, dark violet to yellow: a polynomial of degree 6 in each channel fitted to the published table
    /// (Zucker, shadertoy WlfXRN, CC0); largest error below 0.01.
    package static func viridis(_ t: Double) -> Colour {
        let x = t.isFinite ? max(0, min(1, t)) : 0
        let value = coefficients.reversed().reduce(SIMD3<Double>.zero) { $0 * x + $1 }
        func byte(_ v: Double) -> UInt8 { UInt8(max(0, min(255, (v * 255).rounded()))) }
        return Colour(byte(value.x), byte(value.y), byte(value.z))
    }

    /// Apart from every colour of the map, by hue and by brightness.
    package static let crosshair = Colour(hex: 0xFF5F5F)

    private static let coefficients: [SIMD3<Double>] = [
        [0.2777273272234177, 0.005407344544966578, 0.3340998053353061], [0.1050930431085774, 1.404613529898575, 1.384590162594685],
        [-0.3308618287255563, 0.214847559468213, 0.09509516302823659], [-4.634230498983486, -5.799100973351585, -19.33244095627987],
        [6.228269936347081, 14.17993336680509, 56.69055260068105], [4.776384997670288, -13.74514537774601, -65.35303263337234],
        [-5.435455855934631, 4.645852612178535, 26.3124352495832],
    ]
}
