import Foundation
import Foundations

/// A schematic adult thorax as implicit shapes, in its own frame: mm, x to the right, y anterior, z superior, the carina near the origin.
struct ThoraxAnatomy: Sendable {
    /// What holds the body but for the arms, with the lungs well inside along z.
    static let lower = Point3(-172, -146, -184)
    static let upper = Point3(172, 122, 146)
    /// Where vessels and bronchi enter the lungs.
    static let rightHilum = Point3(40, -12, -2)
    static let leftHilum = Point3(-40, -12, 4)
    static let tracheaTop = Point3(0, -22, 150)
    static let carina = Point3(0, -16, 28)

    /// Differences between subjects: factors near 1.
    var heartSize = 1.0
    /// Height of the diaphragm's domes above the mean, mm.
    var domeHeight = 0.0

    init(_ random: inout SeededGenerator) {
        heartSize = random.uniform(0.92, 1.08)
        domeHeight = random.uniform(-8, 8)
    }

    /// The mean anatomy.
    init() {}

    /// Half the thorax's inner width as a fraction of its largest, by height: widest at z = -60, narrowing to the apex.
    private static func girth(_ z: Double) -> Double {
        let above = (z + 60) / 196
        return above <= 0 ? 1 - 0.16 * above * above : pow(max(1 - pow(above, 2.1), 1e-4), 0.58)
    }

    /// Inner surface of the chest wall, without floor.
    static func cage(_ p: Point3) -> Double {
        let girth = girth(min(p.z, 130))
        let half = Point3(139 * girth, 103 * girth, 1)
        let x = abs(p.x) / half.x
        let y = abs(p.y + 12 + 0.13 * (p.z + 60)) / half.y
        let side = (pow(pow(x, 2.3) + pow(y, 2.3), 1 / 2.3) - 1) * half.y
        return SignedDistance.intersection(side, p.z - 132, rounding: 20)
    }

    /// Skin.
    static func body(_ p: Point3) -> Double {
        let x = abs(p.x) / (166 + 0.2 * max(p.z - 90, 0))
        let y = abs(p.y + 10) / (124 - 0.25 * max(p.z - 90, 0))
        return (pow(pow(x, 2.4) + pow(y, 2.4), 1 / 2.4) - 1) * 110
    }

    /// Height of a dome of the diaphragm, mm.
    func diaphragm(_ p: Point3) -> Double {
        let right = p.x > 0
        // The top lies in front; from there the floor falls a little to the front and far to the back.
        let x = (abs(p.x) - 66) / 75
        let y = p.y - 28
        let fall = 38 * x * x + (y > 0 ? 20 * (y / 70) * (y / 70) : 55 * (y / 100) * (y / 100))
        return (right ? -82 : -91) + domeHeight - min(fall, 76)
    }

    func heart(_ p: Point3) -> Double {
        SignedDistance.ellipsoid(p, centre: [-28, 28, -62], radii: Point3(64, 49, 61) * heartSize)
    }

    /// Both lungs.
    /// - Parameter cage: `Self.cage(p)`.
    func lungs(_ p: Point3, cage: Double) -> (right: Double, left: Double) {
        if cage > 40 { return (cage, cage) }
        let floor = (diaphragm(p) - p.z) * 0.75
        var both = SignedDistance.intersection(cage, floor, rounding: 8)
        both = SignedDistance.subtraction(both, heart(p), rounding: 10)
        // The spine with its muscles, the great vessels with the trachea, and what lies behind the heart.
        both = SignedDistance.subtraction(both, SignedDistance.column(p, x: 0, y: -88, radiusX: 27, radiusY: 34), rounding: 10)
        both = SignedDistance.subtraction(
            both, SignedDistance.column(p, x: -4, y: 2, radiusX: 24 + 0.05 * max(p.z, 0), radiusY: 58), rounding: 12)
        both = SignedDistance.subtraction(both, SignedDistance.ellipsoid(p, centre: [-24, -2, 52], radii: [22, 30, 19]), rounding: 8)
        both = SignedDistance.subtraction(both, SignedDistance.column(p, x: -22, y: -58, radiusX: 14, radiusY: 14), rounding: 8)
        let rightHilum = length(p - Self.rightHilum) - 15
        let leftHilum = length(p - Self.leftHilum) - 15
        return (
            SignedDistance.subtraction(SignedDistance.intersection(both, 2 - p.x, rounding: 10), rightHilum, rounding: 8),
            SignedDistance.subtraction(SignedDistance.intersection(both, p.x + 13, rounding: 10), leftHilum, rounding: 8)
        )
    }

    /// Height of the dome under an interpolated place, mm.
    func dome(_ node: AnatomyGrid.Node) -> Float { Float(diaphragm(Point3(Double(node[0]), Double(node[1]), 0))) }

    /// Signed distance to the nearest fissure's plane: the oblique one of both lungs, above it in the right lung also the horizontal one.
    @inline(__always)
    static func fissure(_ node: AnatomyGrid.Node) -> Float {
        let oblique = (node[2] + 0.95 * node[1] + 34) / 1.38
        guard node[0] > 0, oblique > 0 else { return oblique }
        let horizontal = node[2] + 0.12 * node[1] + 20
        return abs(horizontal) < oblique ? horizontal : oblique
    }
}
