/// Quantiles of a sample.
package enum Quantile {
    /// The value at a fraction of the way from the least to the greatest, linear between neighbours (numpy's default).
    /// - Parameter sorted: ascending, not empty.
    package static func of(_ sorted: [Double], _ fraction: Double) -> Double {
        precondition(!sorted.isEmpty, "Quantile: no values")
        let place = fraction * Double(sorted.count - 1)
        let index = min(Int(place), sorted.count - 1)
        let rest = place - Double(index)
        return rest == 0 ? sorted[index] : sorted[index] + rest * (sorted[index + 1] - sorted[index])
    }
}
