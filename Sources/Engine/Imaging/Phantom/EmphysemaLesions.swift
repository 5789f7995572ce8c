import Foundation
import Foundations

/// A round lesion, subject mm.
struct Lesion: Sendable {
    let centre: Point3
    let radius: Double
    /// HU inside.
    let hounsfield: Float
}

/// Where a subject's emphysema lies.
struct EmphysemaLesions: Sendable {
    /// Centrilobular foci of 2–8 mm, which merge where they are many.
    private(set) var foci: [Lesion] = []
    /// Paraseptal cysts of 5–20 mm in rows along the pleura, each with a thin wall.
    private(set) var cysts: [Lesion] = []

    /// Foci keep this far from the pleura, mm.
    static let pleuralMargin = 4.0
    /// Half the thickness of a cyst's wall, mm.
    static let wallHalf = 0.24

    /// - Parameter lungVolume: both lungs, mm³.
    init(_ grade: EmphysemaGrade, shape: SubjectShape, lungVolume: Double, _ random: inout SeededGenerator) {
        if grade.paraseptal > 0 { placeCysts(volume: grade.paraseptalFraction * random.uniform(0.8, 1.25) * lungVolume, shape, &random) }
        if grade.centrilobular > 0 {
            let fraction = min(grade.centrilobularFraction * random.uniform(0.8, 1.25), 0.6)
            // Foci overlap by chance: to cover a fraction f, spheres of -ln(1 - f) times the volume are needed.
            placeFoci(volume: -log(1 - fraction) * lungVolume, meanRadius: grade.focusRadius, shape, &random)
        }
    }

    private static func sphereVolume(_ radius: Double) -> Double { 4 / 3 * .pi * radius * radius * radius }

    private mutating func placeFoci(volume: Double, meanRadius: Double, _ shape: SubjectShape, _ random: inout SeededGenerator) {
        // Disease is patchy: places near a few seeded centres are favoured.
        let hearts = (0..<8).map { _ in Self.anywhere(&random) }
        var placed = 0.0
        for _ in 0..<2_000_000 where placed < volume {
            let canonical = Self.anywhere(&random)
            // Upper zones first: the odds fall from 1 at the apex to 0.06 at the base.
            let upper = 0.06 + 0.94 / (1 + exp(-(canonical.z + 5) / 22))
            let near = hearts.map { length($0 - canonical) }.min() ?? 0
            let odds = upper * (0.25 + 0.75 * exp(-near * near / (2 * 42 * 42)))
            guard random.uniform() < odds else { continue }
            let radius = min(max(meanRadius * exp(0.25 * random.normal()), 1), 4)
            let depth = shape.distances(canonical)
            guard min(depth.right, depth.left) < -(radius + Self.pleuralMargin) else { continue }
            let centre = shape.world(canonical)
            let clear = cysts.allSatisfy { length($0.centre - centre) > $0.radius + radius + 1 }
            guard clear else { continue }
            foci.append(Lesion(centre: centre, radius: radius, hounsfield: Float(-955 - 10 * radius + 10 * random.normal())))
            placed += Self.sphereVolume(radius)
        }
    }

    private mutating func placeCysts(volume: Double, _ shape: SubjectShape, _ random: inout SeededGenerator) {
        var placed = 0.0
        for _ in 0..<20_000 where placed < volume {
            guard var place = Self.pleuralPoint(shape, &random) else { continue }
            let rowRadius = random.uniform(2.8, 7)
            var heading = Point3(random.normal(), random.normal(), random.normal())
            for _ in 0..<(3 + random.below(6)) where placed < volume {
                let radius = min(max(rowRadius * exp(0.18 * random.normal()), 2.5), 10)
                let inward = -Self.outward(shape, at: place)
                // The sphere is cut by the pleura: cysts sit on it with a broad base.
                let centre = place + inward * (radius * 0.62)
                if shape.lungDistance(centre) < -radius * 0.35 {
                    cysts.append(Lesion(centre: centre, radius: radius, hounsfield: Float(-982 + 9 * random.normal())))
                    placed += Self.sphereVolume(radius) * 0.8
                }
                // One diameter on along the pleura, back onto it, turning a little.
                heading -= inward * dot(heading, inward)
                heading /= max(length(heading), 1e-6)
                place += heading * (radius * 1.6)
                for _ in 0..<3 { place -= Self.outward(shape, at: place) * shape.lungDistance(place) }
                heading += Point3(random.normal(), random.normal(), random.normal()) * 0.15
            }
        }
    }

    /// A point of the pleura in the upper two thirds, found from a seeded point inside; nil where the draw was outside the lungs.
    private static func pleuralPoint(_ shape: SubjectShape, _ random: inout SeededGenerator) -> Point3? {
        let canonical = anywhere(&random)
        let distances = shape.distances(canonical)
        guard min(distances.right, distances.left) < 0, canonical.z > -55, random.uniform() < 0.35 + 0.65 / (1 + exp(-canonical.z / 25))
        else {
            return nil
        }
        var point = shape.world(canonical)
        for _ in 0..<6 { point -= outward(shape, at: point) * shape.lungDistance(point) }
        return abs(shape.lungDistance(point)) < 1 ? point : nil
    }

    /// The direction in which the distance to the lungs grows.
    private static func outward(_ shape: SubjectShape, at point: Point3) -> Point3 {
        let step = 0.5
        let gradient = Point3(
            shape.lungDistance(point + [step, 0, 0]) - shape.lungDistance(point - [step, 0, 0]),
            shape.lungDistance(point + [0, step, 0]) - shape.lungDistance(point - [0, step, 0]),
            shape.lungDistance(point + [0, 0, step]) - shape.lungDistance(point - [0, 0, step]))
        return gradient / max(length(gradient), 1e-9)
    }

    /// A seeded point of the schematic thorax's box, schematic mm.
    private static func anywhere(_ random: inout SeededGenerator) -> Point3 {
        Point3(random.uniform(-140, 140), random.uniform(-118, 94), random.uniform(-168, 132))
    }
}
