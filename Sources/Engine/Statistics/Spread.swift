/// Mean and standard deviation over folds or seeds.
package struct Spread: Equatable, Codable, Sendable {
    package let mean: Double
    /// With n - 1; 0 for a single value.
    package let deviation: Double
    package let count: Int

    package init(_ values: [Double]) {
        count = values.count
        mean = values.reduce(0, +) / Double(max(1, values.count))
        let mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }
}
