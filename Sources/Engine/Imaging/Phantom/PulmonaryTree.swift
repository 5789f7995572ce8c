import Foundation
import Foundations

/// The vessels and airways of one subject, subject mm.
struct PulmonaryTree: Sendable {
    private(set) var vessels: [Capsule] = []
    private(set) var airways: [Capsule] = []

    /// Lung volume that one arterial twig feeds, mm³: real lungs show about this many vessels above 1 mm.
    private static let territory = 480.0
    /// Twigs end at least this far from the pleura, mm.
    private static let pleuralMargin = 3.0

    init(shape: SubjectShape, _ random: inout SeededGenerator) {
        let trachea = Self.curve(shape, ThoraxAnatomy.tracheaTop, ThoraxAnatomy.carina, radius: 8.5)
        airways += trachea
        for (isRight, hilum) in [(true, ThoraxAnatomy.rightHilum), (false, ThoraxAnatomy.leftHilum)] {
            airways += Self.curve(shape, ThoraxAnatomy.carina, hilum, radius: isRight ? 6.5 : 5.5)
            let targets = Self.targets(shape, right: isRight, &random)
            let root = shape.world(hilum)
            let arteries = BranchingTree.grow(from: root, to: targets.arteries, &random)
            vessels += arteries
            vessels += BranchingTree.grow(from: shape.world(hilum + [0, -6, -14]), to: targets.veins, &random)
            // Bronchi run beside the arteries, a little wider than they, and are lost to sight below 1.2 mm.
            let thickest = arteries.map(\.radius).max() ?? 0
            let offset = shape.world(hilum + [0, -1, 1]) - root
            let beside = offset / max(length(offset), 1e-6)
            for artery in arteries where artery.radius > max(1.3, thickest * 0.45) {
                let move = beside * (artery.radius * 2.0 + 0.6)
                airways.append(Capsule(start: artery.start + move, end: artery.end + move, radius: artery.radius * 0.75))
            }
        }
    }

    /// Outer radius of an airway, mm.
    static func outerRadius(_ lumen: Double) -> Double { lumen * 1.1 + 0.45 }

    private static func curve(_ shape: SubjectShape, _ start: Point3, _ end: Point3, radius: Double) -> [Capsule] {
        let points = (0...6).map { shape.world(start + (end - start) * (Double($0) / 6)) }
        return zip(points, points.dropFirst()).map { Capsule(start: $0, end: $1, radius: radius * shape.scale) }
    }

    /// Where arteries and veins end: seeded points all over one lung.
    private static func targets(_ shape: SubjectShape, right: Bool, _ random: inout SeededGenerator) -> (
        arteries: [Point3], veins: [Point3]
    ) {
        var lower = ThoraxAnatomy.lower
        var upper = ThoraxAnatomy.upper
        if right { lower.x = 0 } else { upper.x = 0 }
        let size = (upper - lower) * shape.scale
        let tries = Int(size.x * size.y * size.z / territory)
        var kinds: [[Point3]] = [[], []]
        for kind in 0..<2 {
            for _ in 0..<tries {
                let canonical = Point3(random.uniform(lower.x, upper.x), random.uniform(lower.y, upper.y), random.uniform(lower.z, upper.z))
                let distances = shape.distances(canonical)
                if (right ? distances.right : distances.left) < -pleuralMargin { kinds[kind].append(shape.world(canonical)) }
            }
        }
        return (kinds[0], kinds[1])
    }
}
