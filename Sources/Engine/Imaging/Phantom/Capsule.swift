import Foundation
import Foundations

/// A piece of a tube: all points within `radius` of a line, subject mm.
struct Capsule: Sendable {
    let start: Point3
    let end: Point3
    /// Inner radius of an airway, whole radius of a vessel, mm.
    let radius: Double
}

/// A branching tree of tubes that fills a lung.
enum BranchingTree {
    /// Radius of a twig that feeds one target, mm.
    private static let twigRadius = 0.44
    /// Murray's exponent: radius grows with the number of targets to this power.
    private static let murray = 0.32

    /// A tree from `root` to all targets by recursive bisection: each branch heads for the middle of its targets, then splits them in two.
    /// Every branch bends once, so that none is straight over a long way.
    /// - Returns: the branches, thick ones before the twigs that they feed.
    static func grow(from root: Point3, to targets: [Point3], _ random: inout SeededGenerator) -> [Capsule] {
        var branches: [Capsule] = []
        var pending = [(start: root, targets: targets[...])]
        while let (start, targets) = pending.popLast() {
            guard let first = targets.first else { continue }
            let radius = twigRadius * pow(Double(targets.count), murray)
            let middle = targets.reduce(Point3.zero, +) / Double(targets.count)
            let end = targets.count == 1 ? first : start + (middle - start) * random.uniform(0.35, 0.6)
            let reach = length(end - start)
            let sway = Point3(random.normal(), random.normal(), random.normal()) * (0.06 * reach)
            let bend = (start + end) / 2 + sway
            branches.append(Capsule(start: start, end: bend, radius: radius))
            branches.append(Capsule(start: bend, end: end, radius: radius * 0.95))
            guard targets.count > 1 else { continue }

            // Split across the longest extent, turned a little so that the planes are not aligned.
            let lower = targets.reduce(first, pointwiseMin)
            let upper = targets.reduce(first, pointwiseMax)
            let normal = (upper - lower) * Point3(random.uniform(0.6, 1), random.uniform(0.6, 1), random.uniform(0.6, 1))
            let axis = normal.max() == normal.x ? 0 : normal.max() == normal.y ? 1 : 2
            let order = targets.sorted { $0[axis] < $1[axis] }
            let cut = max(1, min(order.count - 1, Int(Double(order.count) * random.uniform(0.35, 0.65))))
            pending.append((end, order[..<cut]))
            pending.append((end, order[cut...]))
        }
        return branches
    }
}
