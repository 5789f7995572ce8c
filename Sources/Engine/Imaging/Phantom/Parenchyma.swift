import Foundations

/// How dense one subject's healthy lung is, HU.
struct Parenchyma: Sendable {
    /// Mean at the middle of the lungs.
    let base: Float
    /// Rise from the middle to the lung's base, and from the middle to the dependent (posterior) pleura.
    let caudalRise: Float
    let dependentRise: Float
    /// Standard deviations of the fine (about 2 mm) and coarse (about 8 mm) texture.
    let fineTexture: Float
    let coarseTexture: Float
    /// Moves the texture block, mm.
    let offset: SIMD3<Float>

    init(_ random: inout SeededGenerator) {
        base = Float(-903 + 10 * min(max(random.normal(), -1.8), 1.8))
        caudalRise = Float(random.uniform(6, 16))
        dependentRise = Float(random.uniform(8, 22))
        fineTexture = Float(random.uniform(15, 20))
        coarseTexture = Float(random.uniform(8, 12))
        offset = SIMD3<Float>(Float(random.uniform(0, 64)), Float(random.uniform(0, 64)), Float(random.uniform(0, 64)))
    }

    /// HU at a place.
    /// - Parameters:
    ///   - world: subject mm.
    ///   - anatomy: x, y, z of the schematic thorax in the first three lanes.
    @inline(__always)
    func hounsfield(_ world: SIMD3<Float>, anatomy: AnatomyGrid.Node, texture: LungTexture) -> Float {
        let p = world + offset
        let gradient = base - caudalRise * anatomy[2] / 120 - dependentRise * (anatomy[1] + 12) / 90
        return gradient + fineTexture * texture(p.x, p.y, p.z) + coarseTexture * texture(p.z * 0.3, p.x * 0.3, p.y * 0.3)
    }
}
