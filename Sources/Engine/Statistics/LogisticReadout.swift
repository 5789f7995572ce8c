import COpenBLAS
import Foundation
import Foundations

/// Binary logistic regression with an L2 penalty: minimises Σ_i w_i log(1 + e^(-s_i)) + |β|²/(2C), s_i = ±(β·x_i + β₀), intercept free.
/// Newton's method on the full Hessian. The objective is scikit-learn's `LogisticRegression`.
package struct LogisticReadout: Equatable {
    package let coefficients: [Double]
    package let intercept: Double
    package let iterations: Int

    /// - Parameters:
    ///   - features: `[count][width]`, row-major.
    ///   - positive: the class of each row.
    ///   - weights: of each row; 1 where none are given.
    ///   - penalty: C, the inverse strength of the penalty.
    /// - Throws: `Failure` where one class is missing.
    package init(features: [Double], width: Int, positive: [Bool], weights: [Double]? = nil, penalty: Double) throws {
        let count = positive.count
        precondition(
            width > 0 && features.count == count * width, "LogisticReadout: \(features.count) values, expected \(count) × \(width)")
        guard positive.contains(true), positive.contains(false) else {
            throw Failure(
                "logistic regression needs examples of both classes; all \(count) are \(positive.first == true ? "positive" : "negative")")
        }
        let unknowns = width + 1
        var beta = [Double](repeating: 0, count: unknowns)
        var value = Self.objective(features, width, positive, weights, penalty, beta)
        var iteration = 0
        while iteration < 100 {
            iteration += 1
            let step = try Self.newtonStep(features, width, positive, weights, penalty, beta)
            // Halved until the objective falls: far from the minimum a full step may be too long.
            var length = 1.0
            var next = beta
            var nextValue = value
            repeat {
                next = zip(beta, step).map { $0 - length * $1 }
                nextValue = Self.objective(features, width, positive, weights, penalty, next)
                length /= 2
            } while nextValue > value && length > 1e-10
            let change = zip(beta, next).map { abs($0 - $1) }.max() ?? 0
            beta = next
            value = nextValue
            if change < 1e-10 { break }
        }
        coefficients = Array(beta.dropLast())
        intercept = beta[width]
        iterations = iteration
    }

    /// Probability of the positive class.
    package func probability(_ row: some Sequence<Double>) -> Double {
        1 / (1 + exp(-zip(coefficients, row).reduce(intercept) { $0 + $1.0 * $1.1 }))
    }

    /// log(1 + e^x) without overflow.
    private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    private static func scores(_ features: [Double], _ width: Int, _ beta: [Double], count: Int) -> [Double] {
        var result = [Double](repeating: beta[width], count: count)
        cblas_dgemv(CblasRowMajor, CblasNoTrans, Int32(count), Int32(width), 1, features, Int32(width), beta, 1, 1, &result, 1)
        return result
    }

    private static func objective(
        _ features: [Double], _ width: Int, _ positive: [Bool], _ weights: [Double]?, _ penalty: Double, _ beta: [Double]
    ) -> Double {
        let scores = scores(features, width, beta, count: positive.count)
        var total = 0.0
        for (i, score) in scores.enumerated() { total += (weights?[i] ?? 1) * softplus(positive[i] ? -score : score) }
        return total + beta.dropLast().reduce(0) { $0 + $1 * $1 } / (2 * penalty)
    }

    /// H⁻¹ g with H = Xᵀ diag(w p (1 - p)) X + 1/C and g = Xᵀ w (p - y) + β/C, the intercept as a column of ones.
    private static func newtonStep(
        _ features: [Double], _ width: Int, _ positive: [Bool], _ weights: [Double]?, _ penalty: Double, _ beta: [Double]
    ) throws -> [Double] {
        let count = positive.count
        let n = width + 1
        let scores = scores(features, width, beta, count: count)
        var scaled = [Double](repeating: 0, count: count * n)
        var gradient = [Double](repeating: 0, count: n)
        for i in 0..<count {
            let p = 1 / (1 + exp(-scores[i]))
            let weight = weights?[i] ?? 1
            let residual = weight * (p - (positive[i] ? 1 : 0))
            let root = (weight * p * (1 - p)).squareRoot()
            for k in 0..<width {
                let x = features[i * width + k]
                gradient[k] += residual * x
                scaled[i * n + k] = root * x
            }
            gradient[width] += residual
            scaled[i * n + width] = root
        }
        var hessian = [Double](repeating: 0, count: n * n)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, Int32(n), Int32(count), 1, scaled, Int32(n), 0, &hessian, Int32(n))
        for k in 0..<width {
            gradient[k] += beta[k] / penalty
            hessian[k * n + k] += 1 / penalty
        }
        // All probabilities at 0 or 1 leave the intercept's curvature at 0.
        hessian[width * n + width] += 1e-12
        return try SymmetricSolver.solve(hessian, gradient)
    }
}
