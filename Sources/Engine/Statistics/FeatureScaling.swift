import COpenBLAS
import Foundation
import Foundations

/// Brings features to mean 0 and standard deviation 1 over the training rows, and onto no more axes than there are training rows.
///
/// A model with an L2 penalty does not change when its features are rotated, and features beyond the span of the training rows cannot get a
/// weight; so with more features than rows the smaller table gives the same predictions in a fraction of the time.
package struct FeatureScaling {
    private let mean, deviation: [Double]
    /// `[width][axes]`; empty where the features are kept as they are.
    private let basis: [Double]
    /// Columns of the scaled table.
    package let axes: Int

    /// - Parameter training: rows that the scaling may see. Constant features get the value 0.
    package init(_ training: FeatureMatrix) {
        let width = training.width
        let mean = training.means
        var squares = [Double](repeating: 0, count: width)
        for (i, value) in training.values.enumerated() { squares[i % width] += (value - mean[i % width]) * (value - mean[i % width]) }
        let deviation = zip(squares, mean).map { sum, mean in
            let deviation = (sum / Double(max(1, training.count))).squareRoot()
            // What rounding leaves of a constant is no deviation.
            return deviation > 1e-12 * max(1, abs(mean)) ? deviation : .infinity
        }
        self.mean = mean
        self.deviation = deviation
        guard training.count < width, training.count > 0 else {
            basis = []
            axes = width
            return
        }
        let scaled = Self.standardise(training, mean, deviation)
        basis = Self.span(scaled, rows: training.count, width: width)
        axes = basis.count / width
    }

    /// The scaled table of any rows.
    package func apply(_ rows: FeatureMatrix) -> FeatureMatrix {
        let scaled = Self.standardise(rows, mean, deviation)
        guard !basis.isEmpty else { return FeatureMatrix(values: scaled, width: rows.width) }
        _ = DenseAlgebra.singleThreaded
        var result = [Double](repeating: 0, count: rows.count * axes)
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows.count), Int32(axes), Int32(rows.width), 1, scaled, Int32(rows.width),
            basis, Int32(axes), 0, &result, Int32(axes))
        return FeatureMatrix(values: result, width: axes)
    }

    private static func standardise(_ rows: FeatureMatrix, _ mean: [Double], _ deviation: [Double]) -> [Double] {
        rows.values.enumerated().map { ($1 - mean[$0 % rows.width]) / deviation[$0 % rows.width] }
    }

    /// Orthonormal axes that the rows span, `[width][axes]`, by Gram–Schmidt, each row orthogonalised twice.
    private static func span(_ values: [Double], rows: Int, width: Int) -> [Double] {
        var axes: [[Double]] = []
        for row in 0..<rows {
            var vector = Array(values[row * width..<(row + 1) * width])
            let length = cblas_dnrm2(Int32(width), vector, 1)
            for _ in 0..<2 {
                for axis in axes { cblas_daxpy(Int32(width), -cblas_ddot(Int32(width), axis, 1, vector, 1), axis, 1, &vector, 1) }
            }
            let rest = cblas_dnrm2(Int32(width), vector, 1)
            if rest > 1e-9 * max(length, 1e-300) { axes.append(vector.map { $0 / rest }) }
        }
        // All rows alike: one axis of zeros keeps the table a table.
        if axes.isEmpty { axes = [[Double](repeating: 0, count: width)] }
        return (0..<width).flatMap { k in axes.map { $0[k] } }
    }
}
