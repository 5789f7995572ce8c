/// The chance G(t) of not being censored up to and including time t, by Kaplan and Meier: events at t leave before those censored at t.
///
/// Source: scikit-survival's `CensoringDistributionEstimator`.
package struct CensoringDistribution: Equatable {
    /// Times at which somebody was censored, ascending, with G from that time on.
    private let steps: [(time: Double, chance: Double)]
    /// The longest time seen.
    package let last: Double

    package init(_ survival: SurvivalTimes) {
        let order = survival.times.indices.sorted { survival.times[$0] < survival.times[$1] }
        var steps: [(Double, Double)] = []
        var chance = 1.0
        var start = 0
        while start < order.count {
            let time = survival.times[order[start]]
            var end = start
            while end < order.count, survival.times[order[end]] == time { end += 1 }
            let events = order[start..<end].count { survival.events[$0] }
            let censored = end - start - events
            if censored > 0 {
                chance *= 1 - Double(censored) / Double(order.count - start - events)
                steps.append((time, chance))
            }
            start = end
        }
        self.steps = steps
        last = order.last.map { survival.times[$0] } ?? 0
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.last == b.last && a.steps.elementsEqual(b.steps) { $0.time == $1.time && $0.chance == $1.chance }
    }

    /// G(t).
    package func chance(at time: Double) -> Double {
        if time > last, let end = steps.last, end.time == last { return end.chance }
        return steps.last { $0.time <= time }?.chance ?? 1
    }

    /// Quantiles of the times at which training subjects were censored; none where nobody was.
    package static func quantiles(_ survival: SurvivalTimes, _ fractions: [Double]) -> [Double] {
        let censored = survival.times.indices.filter { !survival.events[$0] }.map { survival.times[$0] }.sorted()
        return censored.isEmpty ? [] : fractions.map { Quantile.of(censored, $0) }
    }
}
