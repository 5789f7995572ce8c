/// Minimises a smooth function of a few variables by BFGS steps with backtracking.
struct QuasiNewton {
    /// Length of the first step.
    let firstStep: Double
    /// No step is longer.
    let longestStep: Double
    /// Done when a step is shorter.
    let tolerance: Double
    let mostIterations: Int

    /// Where a search stands.
    struct State {
        var point: [Double]
        var value = Double.infinity
        /// What the steps so far told about the curvature; nil before the first. A like function's search may go on with it.
        var inverseHessian: [[Double]]?
    }

    /// - Parameters:
    ///   - start: where to begin; its value does not matter.
    ///   - evaluate: value and gradient at a point.
    /// - Returns: the best point found.
    func minimise(from start: State, _ evaluate: ([Double]) -> (value: Double, gradient: [Double])) -> State {
        let count = start.point.count
        var point = start.point
        var (value, gradient) = evaluate(point)
        var inverseHessian = start.inverseHessian
        for _ in 0..<mostIterations {
            let steepness = norm(gradient)
            guard steepness > 0 else { break }
            let scaled = gradient.map { -$0 * firstStep / steepness }
            var direction = inverseHessian.map { matrix in matrix.map { row in -zip(row, gradient).map(*).reduce(0, +) } } ?? scaled
            var slope = zip(direction, gradient).map(*).reduce(0, +)
            if slope >= 0 {
                inverseHessian = nil
                direction = scaled
                slope = zip(direction, gradient).map(*).reduce(0, +)
            }
            let long = norm(direction)
            if long > longestStep {
                direction = direction.map { $0 * longestStep / long }
                slope *= longestStep / long
            }
            // Backtracking to a parabola's minimum until the value falls as much as the slope promises in small part.
            var share = 1.0
            var next = zip(point, direction).map { $0 + $1 }
            var (nextValue, nextGradient) = evaluate(next)
            while nextValue > value + 1e-4 * share * slope, share * norm(direction) > tolerance {
                let parabola = -slope * share * share / (2 * (nextValue - value - slope * share))
                share = min(max(parabola, 0.1 * share), 0.5 * share)
                next = zip(point, direction).map { $0 + share * $1 }
                (nextValue, nextGradient) = evaluate(next)
            }
            guard nextValue < value else { break }
            let step = zip(next, point).map { $0 - $1 }
            let change = zip(nextGradient, gradient).map { $0 - $1 }
            (point, value, gradient) = (next, nextValue, nextGradient)
            let curvature = zip(step, change).map(*).reduce(0, +)
            if curvature > 1e-12 * norm(step) * norm(change) {
                let base = inverseHessian ?? identity(count, scale: curvature / max(zip(change, change).map(*).reduce(0, +), 1e-300))
                inverseHessian = updated(base, step: step, change: change, curvature: curvature)
            }
            guard norm(step) > tolerance else { break }
        }
        return State(point: point, value: value, inverseHessian: inverseHessian)
    }

    /// H ← (1 - ρ s yᵀ) H (1 - ρ y sᵀ) + ρ s sᵀ, ρ = 1 / sᵀy.
    private func updated(_ matrix: [[Double]], step: [Double], change: [Double], curvature: Double) -> [[Double]] {
        let image = matrix.map { row in zip(row, change).map(*).reduce(0, +) }
        let quadratic = zip(change, image).map(*).reduce(0, +)
        let factor = (1 + quadratic / curvature) / curvature
        return matrix.indices.map { i in
            matrix.indices.map { j in matrix[i][j] + factor * step[i] * step[j] - (image[i] * step[j] + step[i] * image[j]) / curvature }
        }
    }

    private func identity(_ count: Int, scale: Double) -> [[Double]] {
        (0..<count).map { i in (0..<count).map { $0 == i ? scale : 0 } }
    }

    private func norm(_ vector: [Double]) -> Double { vector.map { $0 * $0 }.reduce(0, +).squareRoot() }
}
