import Foundation
import Foundations
import Statistics
import TestSupport
import Testing

@Suite("Cox model", .enabled(if: SharedData.hasFixtures("survival.json", "survival_ties.csv", "survival_continuous.csv")))
struct CoxReferenceTests {
    @Test("equals lifelines, without and with a ridge", arguments: ["continuous", "ties"], [0, 0.1])
    func reference(table: String, penalty: Double) throws {
        let data = try SurvivalFixture(table)
        let model = try CoxModel(data.covariates, survival: data.survival, penalties: Array(repeating: penalty, count: 6))
        let expected = try data.values("penalizer_\(penalty)")
        // The fixtures' tolerance.
        #expect(zip(model.coefficients, expected.list("coef")).allSatisfy { abs($0 / $1 - 1) < 1e-6 })
        #expect(zip(model.standardErrors, expected.list("se")).allSatisfy { abs($0 / $1 - 1) < 1e-6 })
        #expect(abs(model.penalisedLogLikelihood / expected.number("log_likelihood") - 1) < 1e-6)
        #expect(zip(model.means, expected.list("covariate_mean")).allSatisfy { abs($0 - $1) < 1e-9 })
        for (row, value) in expected.list("log_partial_hazard_first5").enumerated() {
            #expect(abs(model.logHazard(data.covariates[row]) - value) < 1e-6)
        }
        // The fixtures take the middle one of lifelines' different times.
        let times = Set(data.survival.times).sorted()
        let median = times[times.count / 2]
        #expect(abs(model.baselineHazard(at: median) / expected.number("baseline_cumulative_hazard_at_median_time") - 1) < 1e-6)
        let risk = (0..<data.survival.count).map { model.logHazard(data.covariates[$0]) }
        #expect(abs(try Concordance.harrell(data.survival, risk: risk).index - expected.number("concordance_lifelines")) < 1e-9)
    }

    @Test("a model of the training rows orders the test rows as scikit-survival finds", arguments: ["continuous", "ties"])
    func split(table: String) throws {
        let data = try SurvivalFixture(table)
        let expected = try data.values("split")
        let (inside, outside) = (Array(0..<140), Array(140..<200))
        let model = try CoxModel(
            data.covariates.rows(inside), survival: data.survival.rows(inside), penalties: Array(repeating: 0.1, count: 6))
        #expect(zip(model.coefficients, expected.list("coef")).allSatisfy { abs($0 / $1 - 1) < 1e-6 })
        let risk = expected.list("risk_test")
        for (place, row) in outside.enumerated() { #expect(abs(model.logHazard(data.covariates[row]) - risk[place]) < 1e-6) }

        let test = data.survival.rows(outside)
        let censoring = CensoringDistribution(data.survival.rows(inside))
        func agrees(_ found: Concordance, _ values: [Double]) {
            #expect(abs(found.index - values[0]) < 1e-9)
            #expect([found.concordant, found.discordant, found.tied].map(Double.init) == Array(values[1...3]))
        }
        agrees(
            try Concordance.harrell(test, risk: risk),
            expected.list("concordance_index_censored [c, concordant, discordant, tied_risk, tied_time]"))
        let taus = expected.list("taus_quantiles_of_test_event_times_25_50_75")
        let rows = expected.table("concordance_index_ipcw_at_tau [c, concordant, discordant, tied_risk, tied_time]")
        for (tau, row) in zip(taus, rows) { agrees(try Concordance.uno(test, risk: risk, censoring: censoring, truncation: tau), row) }
        agrees(try Concordance.uno(test, risk: risk, censoring: censoring), expected.list("ipcw_tau_none"))
        // numpy rounds halves to even.
        let rounded = risk.map { $0.rounded(.toNearestOrEven) }
        agrees(try Concordance.harrell(test, risk: rounded), expected.list("concordance_index_censored_rounded_risk"))
        let truncated = try Concordance.uno(test, risk: rounded, censoring: censoring, truncation: taus[1])
        #expect(abs(truncated.index - expected.number("concordance_index_ipcw_rounded_risk_tau50")) < 1e-9)
    }
}

@Suite("Cox model's defined results")
struct CoxModelTests {
    @Test("Breslow's ties by hand: two events at one time, one covariate")
    func breslow() throws {
        // log L = (1 + 0) b - 2 log(e^b + 1 + 1) at time 1, nothing at time 2 (alone at risk).
        let rows = FeatureMatrix(values: [1, 0, 0], width: 1)
        let survival = try SurvivalTimes(times: [1, 1, 2], events: [true, true, false])
        let model = try CoxModel(rows, survival: survival, penalties: [0], ties: .breslow)
        // 1 = 2 e^b / (e^b + 2): e^b = 2.
        #expect(abs(model.coefficients[0] - log(2)) < 1e-8)
        #expect(abs(model.logLikelihood - (log(2) - 2 * log(4))) < 1e-8)
        let efron = try CoxModel(rows, survival: survival, penalties: [0], ties: .efron)
        #expect(abs(efron.coefficients[0] - model.coefficients[0]) > 0.1)
    }

    @Test("only the penalised covariate shrinks to 0")
    func partialRidge() throws {
        var generator = SeededGenerator(name: "cox")
        let rows = FeatureMatrix(values: (0..<160).map { _ in generator.normal() }, width: 2)
        let times = (0..<80).map { exp(-rows[$0].reduce(0, +)) * (0.1 + generator.uniform()) }
        let survival = try SurvivalTimes(times: times, events: (0..<80).map { _ in generator.uniform() < 0.7 })
        let model = try CoxModel(rows, survival: survival, penalties: [1e6, 0])
        #expect(abs(model.coefficients[0]) < 1e-4)
        #expect(model.coefficients[1] > 0.3)
    }

    @Test("what has no solution names its column; nothing of size 0 reaches the library that prints")
    func named() throws {
        let survival = try SurvivalTimes(times: (1...12).map(Double.init), events: (0..<12).map { $0 % 2 == 0 })
        let ages = [61.0, 52, 70, 48, 66, 59, 73, 55, 64, 50, 68, 57]
        func refusal(_ second: (Int) -> Double) -> String {
            let rows = FeatureMatrix(rows: ages.indices.map { [ages[$0], second($0)] })
            let failure = #expect(throws: Failure.self) {
                try CoxModel(rows, survival: survival, penalties: [0, 0], names: ["age", "sex"])
            }
            return failure?.description ?? ""
        }
        // Only one sex has events.
        #expect(refusal { $0 % 2 == 0 ? 1 : 0 }.contains("no finite solution: sex orders the events perfectly"))
        #expect(refusal { 2 * ages[$0] + 1 }.contains("no unique solution: sex follows from the covariates before it"))
        let same = FeatureMatrix(values: Array(repeating: 3, count: 12), width: 1)
        for names in [["age"], []] {
            let failure = #expect(throws: Failure.self) { try CoxModel(same, survival: survival, penalties: [0], names: names) }
            let text = failure?.description ?? ""
            #expect(text.contains("\(names.first ?? "covariate 1") is the same for all 12"), "\(text)")
        }
    }

    @Test("events that a covariate orders perfectly, and no event at all, are refused; a constant covariate gets 0")
    func degenerate() throws {
        let rows = FeatureMatrix(values: [4, 1, 3, 1, 2, 1, 1, 1], width: 2)
        let all = try SurvivalTimes(times: [1, 2, 3, 4], events: [true, true, true, true])
        #expect(throws: Failure.self) { try CoxModel(rows, survival: all, penalties: [0, 0]) }
        let model = try CoxModel(rows, survival: all, penalties: [0.1, 0])
        #expect(model.coefficients[0] > 0)
        #expect(model.coefficients[1] == 0 && model.standardErrors[1] == 0)
        let none = try SurvivalTimes(times: [1, 2, 3, 4], events: [false, false, false, false])
        #expect(throws: Failure.self) { try CoxModel(rows, survival: none, penalties: [0.1, 0]) }
        #expect(throws: Failure.self) { try SurvivalTimes(times: [1, -2], events: [true, true]) }
        #expect(try SurvivalTimes(times: [0, 2], events: [true, true]).count == 2)
    }
}
