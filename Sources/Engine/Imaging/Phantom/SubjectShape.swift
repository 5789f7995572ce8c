import Foundation
import Foundations

/// One subject's shape: the map from its millimetres (RAS) to the schematic thorax, and distances measured through it.
///
/// canonical = c + Σ amplitude · sin(wave · c + phase), c = linear · (p - centre) / scale: a random affine map and a smooth deformation.
struct SubjectShape: Sendable {
    private struct Wave {
        let amplitude: Point3
        let vector: Point3
        let phase: Double
    }

    let anatomy: ThoraxAnatomy
    /// Length of the subject against the schematic adult: distances grow by it.
    let scale: Double
    private let toAnatomy: Affine3
    private let fromAnatomy: Affine3
    private let waves: [Wave]

    /// - Parameter variation: 0 gives the schematic thorax itself at `size`, 1 the whole range between subjects.
    init(size: PhantomSize, variation: Double, _ random: inout SeededGenerator) {
        func draw(_ range: Double) -> Double { random.uniform(-range, range) * variation }
        scale = size.scale * (1 + draw(0.08))
        let stretch = Point3(1 + draw(0.07), 1 + draw(0.09), 1 + draw(0.09))
        let turn = Affine3.rotation(x: draw(0.08), y: draw(0.05), z: draw(0.08))
        var linear = turn * Affine3(scale: stretch)
        linear.columnZ += Point3(draw(0.05), draw(0.08), 0)
        let centre = Point3(draw(25), draw(25), draw(60))
        fromAnatomy = Affine3(scale: [1, 1, 1], translation: centre) * linear * Affine3(scale: Point3(repeating: scale))
        guard let inverse = fromAnatomy.inverse else { preconditionFailure("SubjectShape: the affine map is singular") }
        toAnatomy = inverse
        waves = (0..<4).map { _ in
            let direction = Point3(random.normal(), random.normal(), random.normal())
            let wavelength = random.uniform(160, 320)
            return Wave(
                amplitude: Point3(draw(2.4), draw(3.8), draw(3.8)),
                vector: direction / max(length(direction), 1e-3) * (2 * .pi / wavelength),
                phase: random.uniform(0, 2 * .pi))
        }
        anatomy = variation > 0 ? ThoraxAnatomy(&random) : ThoraxAnatomy()
    }

    /// Subject mm → schematic mm.
    func canonical(_ world: Point3) -> Point3 {
        let affine = toAnatomy(world)
        return affine + displacement(affine)
    }

    /// Schematic mm → subject mm. The deformation contracts, so that a few rounds of the fixed point are exact to well below a voxel.
    func world(_ canonical: Point3) -> Point3 {
        var affine = canonical
        for _ in 0..<12 { affine = canonical - displacement(affine) }
        return fromAnatomy(affine)
    }

    /// Signed distances in subject mm to right lung, left lung and chest wall.
    func distances(_ canonical: Point3) -> (right: Double, left: Double, cage: Double) {
        let cage = ThoraxAnatomy.cage(canonical)
        let lungs = anatomy.lungs(canonical, cage: cage)
        return (lungs.right * scale, lungs.left * scale, cage * scale)
    }

    /// Signed distance to the nearer lung, subject mm.
    func lungDistance(_ world: Point3) -> Double {
        let found = distances(canonical(world))
        return min(found.right, found.left)
    }

    /// The box around the body, subject mm.
    var bounds: (lower: Point3, upper: Point3) {
        let corners = (0..<8).map { corner in
            world(
                Point3(
                    corner & 1 == 0 ? ThoraxAnatomy.lower.x : ThoraxAnatomy.upper.x,
                    corner & 2 == 0 ? ThoraxAnatomy.lower.y : ThoraxAnatomy.upper.y,
                    corner & 4 == 0 ? ThoraxAnatomy.lower.z : ThoraxAnatomy.upper.z))
        }
        return (corners.dropFirst().reduce(corners[0], pointwiseMin), corners.dropFirst().reduce(corners[0], pointwiseMax))
    }

    private func displacement(_ p: Point3) -> Point3 {
        waves.reduce(Point3.zero) { $0 + $1.amplitude * sin(dot($1.vector, p) + $1.phase) }
    }
}
