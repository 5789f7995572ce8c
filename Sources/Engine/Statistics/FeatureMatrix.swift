/// Features of subjects or patches as a table: one row each, row-major.
package struct FeatureMatrix: Equatable {
    package let count: Int
    package let width: Int
    /// `[count][width]`.
    package let values: [Double]

    package init(values: [Double], width: Int) {
        precondition(width > 0 && values.count % width == 0, "FeatureMatrix: \(values.count) values, expected rows of \(width)")
        self.values = values
        self.width = width
        count = values.count / width
    }

    package init(rows: [[Double]]) {
        self.init(values: rows.flatMap { $0 }, width: rows.first?.count ?? 1)
    }

    package subscript(row: Int) -> ArraySlice<Double> { values[row * width..<(row + 1) * width] }

    /// The rows of these numbers, in this order.
    package func rows(_ chosen: [Int]) -> FeatureMatrix { FeatureMatrix(values: chosen.flatMap { self[$0] }, width: width) }

    /// This table with the columns of another one to its right.
    package func appending(_ other: FeatureMatrix) -> FeatureMatrix {
        precondition(count == other.count, "FeatureMatrix: \(other.count) rows to append, expected \(count)")
        return FeatureMatrix(values: (0..<count).flatMap { self[$0] + other[$0] }, width: width + other.width)
    }

    /// Mean of each column.
    package var means: [Double] {
        var sums = [Double](repeating: 0, count: width)
        for (i, value) in values.enumerated() { sums[i % width] += value }
        return sums.map { $0 / Double(count) }
    }
}
