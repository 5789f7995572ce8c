import Foundations

/// A 95 % interval by the percentile bootstrap over subjects.
package struct BootstrapInterval: Equatable, Codable, Sendable {
    package let lower, upper: Double
    /// Draws that gave a value; those without (for example without a positive) are left out.
    package let draws: Int

    /// - Parameters:
    ///   - subjects: how many are drawn, with replacement, in each draw.
    ///   - statistic: of the drawn subjects' numbers; nil where it is not defined for them.
    /// - Returns: nil where fewer than half of the draws gave a value.
    package init?(subjects: Int, draws wanted: Int = 1000, seed: UInt64, _ statistic: ([Int]) -> Double?) {
        self.init(folds: [subjects], draws: wanted, seed: seed) { drawn in statistic(drawn[0]) }
    }

    /// Of the mean over folds: in each fold as many subjects are drawn as it has, so that the interval is of the number that stands before it.
    /// - Parameters:
    ///   - folds: the number of subjects in each fold.
    ///   - score: of a fold's drawn subjects; folds without a score are left out of a draw's mean.
    package init?(folds: [Int], draws: Int, seed: UInt64, score: (_ fold: Int, _ drawn: [Int]) -> Double?) {
        self.init(folds: folds, draws: draws, seed: seed) { drawn in
            let scores = drawn.enumerated().compactMap { score($0, $1) }
            return scores.isEmpty ? nil : Spread(scores).mean
        }
    }

    /// - Parameter statistic: of the drawn subjects' numbers in each fold.
    package init?(folds: [Int], draws wanted: Int, seed: UInt64, statistic: (_ drawn: [[Int]]) -> Double?) {
        guard folds.reduce(0, +) > 1 else { return nil }
        var values: [Double] = []
        for draw in 0..<wanted {
            var generator = SeededGenerator(seed, .bootstrap, UInt64(draw))
            let drawn = folds.map { count in (0..<count).map { _ in generator.below(count) } }
            if let value = statistic(drawn), value.isFinite { values.append(value) }
        }
        guard values.count * 2 >= wanted else { return nil }
        values.sort()
        lower = Quantile.of(values, 0.025)
        upper = Quantile.of(values, 0.975)
        draws = values.count
    }
}
