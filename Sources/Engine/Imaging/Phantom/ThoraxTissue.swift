/// What lies around the lungs, HU: skin to spine, from the schematic thorax's coordinates.
struct ThoraxTissue: Sendable {
    private static let fat: Float = -100
    private static let muscle: Float = 52
    private static let mediastinalFat: Float = -80
    private static let blood: Float = 42
    private static let marrow: Float = 170
    private static let cortex: Float = 480

    let scale: Float
    /// Height of the table's upper face, subject mm.
    let tableHeight: Float
    /// Width over which the scanner blurs edges, mm.
    let blur: Float

    /// - Parameters:
    ///   - anatomy: the interpolated anatomy at the place.
    ///   - world: subject mm.
    ///   - dome: schematic height of the diaphragm there, mm.
    @inline(__always)
    func hounsfield(_ anatomy: AnatomyGrid.Node, world: SIMD3<Float>, dome: Float) -> Float {
        let (x, y, z) = (anatomy[0], anatomy[1], anatomy[2])
        let (cage, skin, heart) = (anatomy[5], anatomy[6], anatomy[7])
        var value: Float = -1000
        if skin > blur {
            let table = SignedDistance.slabCoverage(distance: world.y - tableHeight, half: 1.2, width: blur)
            return table > 0 && abs(x) < 150 ? value + table * 800 : value
        }
        mix(&value, Self.fat, cover(skin))
        mix(&value, Self.muscle, cover(skin + (8 + 0.04 * abs(x)) * scale))
        if cage < blur {
            var inside = Self.mediastinalFat
            if z < dome + 4 {
                inside = abdomen(x, y, z, dome)
            } else {
                mix(&inside, Self.blood, cover(heart))
                // Ascending and descending aorta, superior vena cava, oesophagus; the arch joins the aortas.
                mix(&inside, Self.blood, cover((disc(x - 14, y - 22) - 15) * scale, where: z > -40 && z < 62))
                mix(&inside, Self.blood, cover((disc(x + 20, y + 54) - 12) * scale, where: z < 56))
                mix(&inside, Self.blood, cover((disc(x - 28, y - 14) - 9) * scale, where: z > -20))
                mix(&inside, Self.blood, cover((ball(x + 6, (y + 14) * 0.45, z - 58) - 14) * scale))
                mix(&inside, 30, cover((disc(x + 4, y + 42) - 8) * scale))
                // Pulmonary trunk and its two branches.
                mix(&inside, Self.blood, cover((ball(x * 0.32, y + 8, z - 4) - 13) * scale))
            }
            mix(&value, inside, cover(cage))
        }
        bones(&value, x, y, z, cage)
        return value
    }

    @inline(__always)
    private func abdomen(_ x: Float, _ y: Float, _ z: Float, _ dome: Float) -> Float {
        var value: Float = x > -18 ? 62 : 48
        // Gas in the stomach, under the left dome.
        let depth = ball((x + 62) / 30, (y - 22) / 24, (z + 138) / 15)
        mix(&value, -980, cover((depth - 1) * 15 * scale))
        return value
    }

    @inline(__always)
    private func bones(_ value: inout Float, _ x: Float, _ y: Float, _ z: Float, _ cage: Float) {
        let shell = cage / scale
        if shell > 1, shell < 22 {
            // Ribs descend from the spine to the front; there they end in cartilage beside the sternum.
            let along = (z + 0.42 * (y + 100)) / 25
            let off = (along - along.rounded()) * 25
            let rib = ((((shell - 7) / 3.6) * ((shell - 7) / 3.6) + off * off / 40).squareRoot() - 1) * 3.6
            let cartilage = y > 40 && abs(x) < 52
            if z < 118 { bone(&value, rib * scale, marrow: cartilage ? 95 : Self.marrow, cortex: cartilage ? 120 : Self.cortex) }
            if y > 30, z > -70, z < 100 {
                let sternum = max(abs(x) - (z > 60 ? 24 : 14), abs(shell - 8) - 5)
                bone(&value, sternum * scale, marrow: 120, cortex: 300)
            }
            if y < -20, z > 0, z < 118, abs(x) > 52 {
                bone(&value, max(abs(shell - 17) - 2.6, abs(z - 60) - 56, abs(abs(x) - 86) - 34) * scale, marrow: 200, cortex: 420)
            }
        }
        guard y < -48, abs(x) < 44 else { return }
        let along = z / 25
        let disc = abs(along - along.rounded()) * 25 > 9.8
        let vertebra = max(self.disc(x / 1.15, y + 78) - 15.5, 0.1 * abs(z) - 40)
        if disc { mix(&value, 80, cover(vertebra * scale)) } else { bone(&value, vertebra * scale, marrow: 150, cortex: 330) }
        let canal = self.disc(x, y + 100) - 8
        if !disc {
            bone(&value, max(canal - 5, -canal) * scale, marrow: 250, cortex: 420)
            bone(&value, max(abs(x) - 3.5, abs(y + 114) - 6) * scale, marrow: 220, cortex: 400)
            bone(&value, max(abs(abs(x) - 20) - 12, abs(y + 98) - 4.5) * scale, marrow: 220, cortex: 400)
        }
        mix(&value, 15, cover(canal * scale))
    }

    @inline(__always)
    private func bone(_ value: inout Float, _ distance: Float, marrow: Float, cortex: Float) {
        mix(&value, cortex, cover(distance))
        mix(&value, marrow, cover(distance + 1.6 * max(scale, 0.6)))
    }

    @inline(__always)
    private func mix(_ value: inout Float, _ other: Float, _ part: Float) { value += (other - value) * part }

    @inline(__always)
    private func cover(_ distance: Float, where condition: Bool = true) -> Float {
        condition ? SignedDistance.coverage(distance, width: blur) : 0
    }

    @inline(__always)
    private func disc(_ x: Float, _ y: Float) -> Float { (x * x + y * y).squareRoot() }

    @inline(__always)
    private func ball(_ x: Float, _ y: Float, _ z: Float) -> Float { (x * x + y * y + z * z).squareRoot() }
}
