import COpenBLAS
import Foundation
import Foundations

/// Multinomial logistic regression with an L2 penalty: minimises -Σ_i log softmax(W x_i + b)[y_i] + |W|²/(2C), intercepts free.
/// Newton's method on the full Hessian. The objective is scikit-learn's `LogisticRegression`; its intercepts, too, are those that sum to 0.
package struct MultinomialReadout {
    /// The classes that were seen, ascending.
    package let classes: [Int]
    /// `[class][width]`.
    package let coefficients: [Double]
    package let intercepts: [Double]
    private let width: Int

    /// - Parameters:
    ///   - labels: the class of each row.
    ///   - penalty: C, the inverse strength of the penalty.
    /// - Throws: `Failure` where all rows are of one class.
    package init(_ features: FeatureMatrix, labels: [Int], penalty: Double) throws {
        precondition(labels.count == features.count, "MultinomialReadout: \(labels.count) labels, expected \(features.count)")
        let classes = Array(Set(labels)).sorted()
        guard classes.count > 1 else {
            throw Failure(
                "classification needs at least two classes; all \(labels.count) subjects are \(classes.first.map(String.init) ?? "missing")"
            )
        }
        _ = DenseAlgebra.singleThreaded
        let place = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let problem = Problem(features: features, targets: labels.map { place[$0]! }, classes: classes.count, penalty: penalty)
        let solution = try problem.minimise()
        let unknowns = features.width + 1
        self.classes = classes
        width = features.width
        coefficients = classes.indices.flatMap { solution[$0 * unknowns..<$0 * unknowns + features.width] }
        intercepts = classes.indices.map { solution[$0 * unknowns + features.width] }
    }

    /// softmax(W x + b), in the order of `classes`.
    package func probabilities(_ row: some Collection<Double>) -> [Double] {
        let scores = classes.indices.map { k in
            zip(coefficients[k * width..<(k + 1) * width], row).reduce(intercepts[k]) { $0 + $1.0 * $1.1 }
        }
        return Self.softmax(scores)
    }

    /// The most probable class; the lowest of several.
    package func prediction(_ row: some Collection<Double>) -> Int {
        let probabilities = probabilities(row)
        return classes[probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0]
    }

    private static func softmax(_ scores: [Double]) -> [Double] {
        let largest = scores.max() ?? 0
        let powers = scores.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// The convex problem in the unknowns `[class][width + 1]`, the intercept last.
    private struct Problem {
        /// `[count][width + 1]`, a column of ones last.
        private let rows: [Double]
        private let targets: [Int]
        private let classes, count, unknowns: Int
        private let penalty: Double

        init(features: FeatureMatrix, targets: [Int], classes: Int, penalty: Double) {
            rows = (0..<features.count).flatMap { Array(features[$0]) + [1] }
            self.targets = targets
            self.classes = classes
            self.penalty = penalty
            count = features.count
            unknowns = features.width + 1
        }

        func minimise() throws -> [Double] {
            var beta = [Double](repeating: 0, count: classes * unknowns)
            var probabilities = self.probabilities(beta)
            var value = objective(beta, probabilities)
            for _ in 0..<100 {
                let step = try newtonStep(beta, probabilities)
                // Halved until the objective falls: far from the minimum a full step may be too long.
                var length = 1.0
                var next = beta
                var nextValue = value
                repeat {
                    next = zip(beta, step).map { $0 - length * $1 }
                    probabilities = self.probabilities(next)
                    nextValue = objective(next, probabilities)
                    length /= 2
                } while nextValue > value && length > 1e-10
                let change = zip(beta, next).map { abs($0 - $1) }.max() ?? 0
                beta = next
                value = nextValue
                if change < 1e-9 { break }
            }
            return beta
        }

        /// `[count][class]`.
        private func probabilities(_ beta: [Double]) -> [Double] {
            var scores = [Double](repeating: 0, count: count * classes)
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(count), Int32(classes), Int32(unknowns), 1, rows, Int32(unknowns), beta,
                Int32(unknowns), 0, &scores, Int32(classes))
            return (0..<count).flatMap { softmax(Array(scores[$0 * classes..<($0 + 1) * classes])) }
        }

        private func objective(_ beta: [Double], _ probabilities: [Double]) -> Double {
            let losses = (0..<count).reduce(0.0) { $0 - log(max(probabilities[$1 * classes + targets[$1]], 1e-300)) }
            let squares = beta.indices.reduce(0.0) { $1 % unknowns == unknowns - 1 ? $0 : $0 + beta[$1] * beta[$1] }
            return losses + squares / (2 * penalty)
        }

        /// H⁻¹ g; block (a, b) of H is Xᵀ diag(p_a (δ_ab - p_b)) X, plus 1/C on the weights' diagonal.
        private func newtonStep(_ beta: [Double], _ probabilities: [Double]) throws -> [Double] {
            let size = classes * unknowns
            var residuals = probabilities
            for (row, target) in targets.enumerated() { residuals[row * classes + target] -= 1 }
            var gradient = [Double](repeating: 0, count: size)
            cblas_dgemm(
                CblasRowMajor, CblasTrans, CblasNoTrans, Int32(classes), Int32(unknowns), Int32(count), 1, residuals, Int32(classes), rows,
                Int32(unknowns), 0, &gradient, Int32(unknowns))
            var hessian = [Double](repeating: 0, count: size * size)
            var weighted = rows
            for a in 0..<classes {
                for b in a..<classes {
                    for row in 0..<count {
                        let p = probabilities[row * classes + a]
                        let weight = p * ((a == b ? 1 : 0) - probabilities[row * classes + b])
                        for k in 0..<unknowns { weighted[row * unknowns + k] = weight * rows[row * unknowns + k] }
                    }
                    hessian.withUnsafeMutableBufferPointer { buffer in
                        cblas_dgemm(
                            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(unknowns), Int32(unknowns), Int32(count), 1, weighted,
                            Int32(unknowns), rows, Int32(unknowns), 0, buffer.baseAddress! + a * unknowns * size + b * unknowns,
                            Int32(size))
                    }
                }
            }
            for i in 0..<size {
                let isIntercept = i % unknowns == unknowns - 1
                if !isIntercept { gradient[i] += beta[i] / penalty }
                // A shift common to all intercepts changes nothing: the gradient has no part along it, and this keeps H invertible.
                hessian[i * size + i] += isIntercept ? 1e-9 : 1 / penalty
            }
            return try SymmetricSolver.solve(hessian, gradient)
        }
    }
}
