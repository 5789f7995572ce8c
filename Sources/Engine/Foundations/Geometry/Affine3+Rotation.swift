import Foundation

extension Affine3 {
    /// Turns about x, then y, then z, by angles in radians.
    package static func rotation(x: Double, y: Double, z: Double) -> Affine3 {
        let aboutX = Affine3(columnX: [1, 0, 0], columnY: [0, cos(x), sin(x)], columnZ: [0, -sin(x), cos(x)], translation: .zero)
        let aboutY = Affine3(columnX: [cos(y), 0, -sin(y)], columnY: [0, 1, 0], columnZ: [sin(y), 0, cos(y)], translation: .zero)
        let aboutZ = Affine3(columnX: [cos(z), sin(z), 0], columnY: [-sin(z), cos(z), 0], columnZ: [0, 0, 1], translation: .zero)
        return aboutZ * aboutY * aboutX
    }
}
