import Foundations

/// How well predicted risks order survival times: 1 perfect, 0.5 chance. Pairs that cannot be compared are left out; equal risks count half.
package struct Concordance: Equatable {
    /// The index.
    package let index: Double
    /// Pairs in the right order, in the wrong one, and with equal risks, each counted once whatever its weight.
    package let concordant, discordant, tied: Int

    /// Risks closer than this are equal (scikit-survival's `tied_tol`).
    private static let tolerance = 1e-8

    /// Harrell's: every comparable pair counts alike.
    /// - Throws: `Failure` where no pair can be compared.
    package static func harrell(_ survival: SurvivalTimes, risk: [Double]) throws -> Concordance {
        try weighted(survival, weights: Array(repeating: 1, count: survival.count)) { _, subject in risk[subject] }
    }

    /// Uno's: a pair whose event is at t weighs 1/G(t)², G the training subjects' censoring distribution; events from `truncation` on do not
    /// count. Source: scikit-survival's `concordance_index_ipcw`.
    /// - Throws: `Failure` where G is 0 at an event's time, or no pair can be compared.
    package static func uno(
        _ survival: SurvivalTimes, risk: [Double], censoring: CensoringDistribution, truncation: Double? = nil
    ) throws -> Concordance {
        let weights = try survival.times.indices.map { subject in
            let time = survival.times[subject]
            guard survival.events[subject], time < truncation ?? .infinity else { return 0.0 }
            let chance = censoring.chance(at: time)
            guard chance > 0 else {
                throw Failure(
                    "Uno's concordance would divide by zero at time \(time): no training subject is known to be uncensored that long; truncate at an earlier time"
                )
            }
            return 1 / (chance * chance)
        }
        return try weighted(survival, weights: weights) { _, subject in risk[subject] }
    }

    /// Antolini's: at each event's time t the chances S(t) of surviving it are compared, so that risks may cross over time.
    /// - Parameter survivalChance: S(t | subject).
    /// - Throws: `Failure` where no pair can be compared.
    package static func antolini(_ survival: SurvivalTimes, survivalChance: (_ time: Double, _ subject: Int) -> Double) throws
        -> Concordance
    {
        try weighted(survival, weights: Array(repeating: 1, count: survival.count)) { 1 - survivalChance($0, $1) }
    }

    private static func weighted(
        _ survival: SurvivalTimes, weights: [Double], risk: (_ time: Double, _ subject: Int) -> Double
    ) throws -> Concordance {
        var (agreeing, all) = (0.0, 0.0)
        var (concordant, discordant, tied) = (0, 0, 0)
        survival.forEachComparable { subject, later in
            let time = survival.times[subject]
            let own = risk(time, subject)
            var (right, equal) = (0, 0)
            for other in later {
                let difference = own - risk(time, other)
                if abs(difference) <= tolerance { equal += 1 } else if difference > 0 { right += 1 }
            }
            concordant += right
            tied += equal
            discordant += later.count - right - equal
            agreeing += weights[subject] * (Double(right) + 0.5 * Double(equal))
            all += weights[subject] * Double(later.count)
        }
        guard all > 0 else {
            throw Failure(
                "no two of \(survival.count) subjects can be compared: \(survival.events.count { $0 }) had an event before another's time; expected more follow-up, or a later truncation"
            )
        }
        return Concordance(index: agreeing / all, concordant: concordant, discordant: discordant, tied: tied)
    }
}
