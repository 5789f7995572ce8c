import Foundation

extension Double {
    /// Natural logarithm.
    var logarithm: Double { Foundation.log(self) }
    /// Cosine of an angle in radians.
    var cosine: Double { Foundation.cos(self) }
}
