/// A point or vector of 3-D space. Millimetres, RAS+ (x grows to the patient's Right, y to Anterior, z to Superior) unless said otherwise;
/// also continuous voxel coordinates, where the name says so.
package typealias Point3 = SIMD3<Double>

/// An affine map of 3-D space, y = linear · x + translation.
package struct Affine3: Hashable, Sendable {
    /// The images of the three unit vectors (columns of the 3×3 matrix).
    package var columnX, columnY, columnZ: Point3
    /// The image of the origin.
    package var translation: Point3

    package init(columnX: Point3, columnY: Point3, columnZ: Point3, translation: Point3) {
        self.columnX = columnX
        self.columnY = columnY
        self.columnZ = columnZ
        self.translation = translation
    }

    package static let identity = Affine3(columnX: [1, 0, 0], columnY: [0, 1, 0], columnZ: [0, 0, 1], translation: .zero)

    /// Scales each axis, then moves.
    package init(scale: Point3, translation: Point3 = .zero) {
        self.init(columnX: [scale.x, 0, 0], columnY: [0, scale.y, 0], columnZ: [0, 0, scale.z], translation: translation)
    }

    /// From 16 (4×4) or 12 (3×4) numbers, row-major.
    package init(rowMajor m: [Double]) {
        precondition(m.count == 16 || m.count == 12, "Affine3: \(m.count) numbers, expected 12 or 16")
        self.init(
            columnX: [m[0], m[4], m[8]], columnY: [m[1], m[5], m[9]], columnZ: [m[2], m[6], m[10]], translation: [m[3], m[7], m[11]])
    }

    /// The 4×4 matrix, row-major.
    package var rowMajor: [Double] {
        [
            columnX.x, columnY.x, columnZ.x, translation.x, columnX.y, columnY.y, columnZ.y, translation.y,
            columnX.z, columnY.z, columnZ.z, translation.z, 0, 0, 0, 1,
        ]
    }

    /// The image of a point.
    package func callAsFunction(_ p: Point3) -> Point3 { columnX * p.x + columnY * p.y + columnZ * p.z + translation }

    /// The image of a vector: no translation.
    package func direction(_ v: Point3) -> Point3 { columnX * v.x + columnY * v.y + columnZ * v.z }

    /// Composition: (a * b)(p) = a(b(p)).
    package static func * (a: Affine3, b: Affine3) -> Affine3 {
        Affine3(
            columnX: a.direction(b.columnX), columnY: a.direction(b.columnY), columnZ: a.direction(b.columnZ), translation: a(b.translation)
        )
    }

    /// Determinant of the linear part: the factor by which volumes grow; negative where the map mirrors.
    package var determinant: Double { dot(columnX, cross(columnY, columnZ)) }

    /// The inverse map; nil when the linear part is singular.
    package var inverse: Affine3? {
        let volume = determinant
        guard volume.isFinite, abs(volume) > 1e-300 else { return nil }
        let rowX = cross(columnY, columnZ) / volume
        let rowY = cross(columnZ, columnX) / volume
        let rowZ = cross(columnX, columnY) / volume
        let linear = Affine3(
            columnX: [rowX.x, rowY.x, rowZ.x], columnY: [rowX.y, rowY.y, rowZ.y], columnZ: [rowX.z, rowY.z, rowZ.z], translation: .zero)
        return Affine3(columnX: linear.columnX, columnY: linear.columnY, columnZ: linear.columnZ, translation: -linear(translation))
    }

    /// The column of axis 0 (x), 1 (y) or 2 (z).
    package subscript(column axis: Int) -> Point3 {
        get { axis == 0 ? columnX : axis == 1 ? columnY : columnZ }
        set {
            switch axis {
            case 0: columnX = newValue
            case 1: columnY = newValue
            default: columnZ = newValue
            }
        }
    }
}

/// Scalar product.

package func dot(_ a: Point3, _ b: Point3) -> Double { (a * b).sum() }

/// Vector product.

package func cross(_ a: Point3, _ b: Point3) -> Point3 {
    [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
}

/// Euclidean length.

package func length(_ v: Point3) -> Double { dot(v, v).squareRoot() }
