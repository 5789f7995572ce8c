/// Two methods compared over the same folds: the paired t-test as the paper runs it, and with Nadeau and Bengio's correction.
///
/// Folds share training subjects, so that their differences are not independent: the plain test finds too much. The correction widens the
/// variance of the mean difference from σ²/k to σ² (1/k + n_test / n_training). Source: Nadeau and Bengio, Machine Learning 52 (2003).
package struct PairedTest: Equatable, Codable, Sendable {
    /// Mean of first - second over the folds.
    package let difference: Double
    /// 95 % interval of the difference, corrected.
    package let lower, upper: Double
    /// Two-sided p of the plain and of the corrected t-test.
    package let plain, corrected: Double
    package let folds: Int

    /// - Parameters:
    ///   - differences: first - second, a value for each fold (of each repetition).
    ///   - testFraction: n_test / n_training, 1 / (k - 1) for k folds.
    /// - Returns: nil where there are fewer than two folds.
    package init?(_ differences: [Double], testFraction: Double) {
        guard differences.count > 1 else { return nil }
        let spread = Spread(differences)
        let k = Double(differences.count)
        func p(_ error: Double) -> Double {
            if error == 0 { return spread.mean == 0 ? 1 : 0 }
            return StudentDistribution.twoSided(spread.mean / error, degrees: k - 1)
        }
        let error = spread.deviation * (1 / k + testFraction).squareRoot()
        let margin = StudentDistribution.quantile(level: 0.95, degrees: k - 1) * error
        difference = spread.mean
        lower = spread.mean - margin
        upper = spread.mean + margin
        plain = p(spread.deviation / k.squareRoot())
        corrected = p(error)
        folds = differences.count
    }
}
