import COpenBLAS
import Foundations

/// Least squares with an L2 penalty: minimises Σ (y - β·x - β₀)² + α |β|², intercept free; α = 0 is ordinary least squares.
/// The objective is scikit-learn's `Ridge` (`LinearRegression` at α = 0).
package struct LinearReadout: Equatable {
    package let coefficients: [Double]
    package let intercept: Double

    /// - Parameters:
    ///   - penalty: α.
    /// - Throws: `Failure` where α is 0 and the rows do not determine the coefficients.
    package init(_ features: FeatureMatrix, target: [Double], penalty: Double) throws {
        let (count, width) = (features.count, features.width)
        precondition(target.count == count, "LinearReadout: \(target.count) targets, expected \(count)")
        guard penalty > 0 || count > width else {
            throw Failure(
                "ordinary regression of \(count) subjects on \(width) features has no unique solution; use fewer features, or a penalty above 0"
            )
        }
        _ = DenseAlgebra.singleThreaded
        let mean = features.means
        let targetMean = target.reduce(0, +) / Double(count)
        let centred = features.values.enumerated().map { $1 - mean[$0 % width] }
        var gram = [Double](repeating: 0, count: width * width)
        cblas_dsyrk(
            CblasRowMajor, CblasUpper, CblasTrans, Int32(width), Int32(count), 1, centred, Int32(width), 0, &gram, Int32(width))
        for k in 0..<width { gram[k * width + k] += penalty }
        var right = [Double](repeating: 0, count: width)
        cblas_dgemv(
            CblasRowMajor, CblasTrans, Int32(count), Int32(width), 1, centred, Int32(width), target.map { $0 - targetMean }, 1, 0, &right, 1
        )
        let solution = try SymmetricSolver.solve(gram, right)
        coefficients = solution
        intercept = targetMean - zip(solution, mean).reduce(0) { $0 + $1.0 * $1.1 }
    }

    package func prediction(_ row: some Sequence<Double>) -> Double {
        zip(coefficients, row).reduce(intercept) { $0 + $1.0 * $1.1 }
    }

    /// R² = 1 - Σ (y - ŷ)² / Σ (y - ȳ)², ȳ the mean of these targets.
    /// - Returns: nil where the target is constant: nothing is there to explain.
    package static func determination(target: [Double], prediction: [Double]) -> Double? {
        guard let first = target.first, target.contains(where: { $0 != first }) else { return nil }
        let mean = target.reduce(0, +) / Double(target.count)
        let total = target.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let rest = zip(target, prediction).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return 1 - rest / total
    }
}
