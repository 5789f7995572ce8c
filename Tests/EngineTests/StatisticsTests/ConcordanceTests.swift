import Foundation
import Foundations
import Statistics
import Testing

@Suite("Concordance")
struct ConcordanceTests {
    @Test("Harrell's by hand: a subject censored at an event's time outlived it")
    func harrell() throws {
        let survival = try SurvivalTimes(times: [1, 2, 2, 3], events: [true, true, false, false])
        // Comparable: (0; 1, 2, 3), (1; 2, 3).
        let found = try Concordance.harrell(survival, risk: [4, 2, 2, 3])
        #expect((found.concordant, found.discordant, found.tied) == (3, 1, 1))
        #expect(abs(found.index - 3.5 / 5) < 1e-12)
    }

    @Test("Antolini's of proportional hazards is Harrell's, and differs where chances cross")
    func antolini() throws {
        let survival = try SurvivalTimes(times: [1, 2, 3, 4], events: [true, true, true, false])
        let risk = [2.0, 3, 1, 0]
        let proportional = try Concordance.antolini(survival) { exp(-0.1 * $0 * exp(risk[$1])) }
        #expect(proportional == (try Concordance.harrell(survival, risk: risk)))
        // Subject 0 is in danger at first, subject 1 later: both orders are right at their times.
        let crossing = try Concordance.antolini(survival) { time, subject in
            time < 1.5 ? [0.2, 0.9, 0.9, 0.9][subject] : [0.2, 0.1, 0.5, 0.8][subject]
        }
        #expect(crossing.index == 1)
    }

    @Test("the censoring distribution by hand: events leave before those censored at the same time")
    func censoring() throws {
        let survival = try SurvivalTimes(times: [1, 2, 2, 3], events: [false, true, false, false])
        let distribution = CensoringDistribution(survival)
        #expect(distribution.chance(at: 0.5) == 1)
        #expect(distribution.chance(at: 1) == 0.75)
        #expect(distribution.chance(at: 2) == 0.75 * 0.5)
        #expect(distribution.chance(at: 3) == 0)
        #expect(CensoringDistribution.quantiles(survival, [0.5]) == [2])
    }

    @Test("a weight that would divide by zero names its time; truncated before it, the index is defined")
    func zeroWeight() throws {
        let training = CensoringDistribution(try SurvivalTimes(times: [1, 2, 3], events: [true, true, false]))
        let test = try SurvivalTimes(times: [0.5, 3.25, 4], events: [true, true, false])
        let failure = #expect(throws: Failure.self) { try Concordance.uno(test, risk: [3, 2, 1], censoring: training) }
        #expect(failure?.description.contains("time 3.25") == true)
        #expect(try Concordance.uno(test, risk: [3, 2, 1], censoring: training, truncation: 3).index == 1)
    }

    @Test("without comparable pairs there is no index")
    func nothingToCompare() throws {
        let survival = try SurvivalTimes(times: [1, 2], events: [false, false])
        #expect(throws: Failure.self) { try Concordance.harrell(survival, risk: [1, 2]) }
        // All events at time 0, nobody known to have lived longer.
        #expect(throws: Failure.self) { try Concordance.harrell(SurvivalTimes(times: [0, 0], events: [true, true]), risk: [1, 2]) }
    }
}
