import Foundation
import Foundations

/// Building blocks of implicit shapes: distances in mm, negative inside, close to Euclidean near the surface.
enum SignedDistance {
    /// Intersection (`max`) whose edge is rounded over `rounding` mm.
    static func intersection(_ a: Double, _ b: Double, rounding: Double) -> Double {
        let overlap = max(rounding - abs(a - b), 0) / rounding
        return max(a, b) + overlap * overlap * rounding / 4
    }

    /// `a` without `b`, with a rounded edge.
    static func subtraction(_ a: Double, _ b: Double, rounding: Double) -> Double { intersection(a, -b, rounding: rounding) }

    static func ellipsoid(_ p: Point3, centre: Point3, radii: Point3) -> Double {
        let unit = (p - centre) / radii
        let outer = length(unit)
        let gradient = length(unit / radii)
        return gradient > 1e-9 ? outer * (outer - 1) / gradient : -radii.min()
    }

    /// An elliptic cylinder along z.
    static func column(_ p: Point3, x: Double, y: Double, radiusX: Double, radiusY: Double) -> Double {
        ellipsoid([p.x, p.y, 0], centre: [x, y, 0], radii: [radiusX, radiusY, 1])
    }

    /// Part of a voxel of width `width` that lies within a slab of half thickness `half`, the voxel's centre `distance` off the slab's centre:
    /// what a box-shaped point spread makes of a thin wall.
    @inline(__always)
    static func slabCoverage(distance: Float, half: Float, width: Float) -> Float {
        let overlap = min(distance + width / 2, half) - max(distance - width / 2, -half)
        return max(overlap, 0) / width
    }

    /// Part of a voxel that lies inside a surface at a signed distance.
    @inline(__always)
    static func coverage(_ distance: Float, width: Float) -> Float { min(max(0.5 - distance / width, 0), 1) }
}
