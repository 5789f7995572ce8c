/// Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank.
package struct SpearmanCorrelation: Equatable, Codable, Sendable {
    package let coefficient: Double
    /// Two-sided, by t = ρ √((n - 2) / (1 - ρ²)).
    package let p: Double
    package let count: Int

    /// - Returns: nil where there are fewer than three pairs, or one side is constant.
    package init?(_ first: [Double], _ second: [Double]) {
        precondition(first.count == second.count, "SpearmanCorrelation: \(second.count) values, expected \(first.count)")
        guard first.count > 2 else { return nil }
        let (a, b) = (Self.ranks(first), Self.ranks(second))
        let mean = Double(first.count + 1) / 2
        func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } }
        let scale = (product(a, a) * product(b, b)).squareRoot()
        guard scale > 0 else { return nil }
        let rho = min(1, max(-1, product(a, b) / scale))
        let degrees = Double(first.count - 2)
        let rest = 1 - rho * rho
        coefficient = rho
        p = rest <= 0 ? 0 : StudentDistribution.twoSided(rho * (degrees / rest).squareRoot(), degrees: degrees)
        count = first.count
    }

    /// Ranks from 1; equal values share their mean rank.
    package static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}
