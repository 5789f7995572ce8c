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
        guard subjects > 1 else { return nil }
        var values: [Double] = []
        for draw in 0..<wanted {
            var generator = SeededGenerator(seed, 0x626F_6F74, UInt64(draw))
            if let value = statistic((0..<subjects).map { _ in generator.below(subjects) }), value.isFinite { values.append(value) }
        }
        guard values.count * 2 >= wanted else { return nil }
        values.sort()
        lower = Quantile.of(values, 0.025)
        upper = Quantile.of(values, 0.975)
        draws = values.count
    }
}
