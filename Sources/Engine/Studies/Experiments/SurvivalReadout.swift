import Cohorts
import Foundation
import Foundations
import Learning
import Statistics
import StudyResults

/// Survival from frozen features: a Cox model with a ridge on the features and none on the clinical columns, over seeded runs of folds by
/// subject; the ridge is chosen by Harrell's concordance in folds inside the training subjects.
package struct SurvivalReadout {
    /// ρ, on standardised features.
    static let penalties = [0.03, 0.1, 0.3, 1, 3]
    static let innerFolds = 4
    /// Columns that count as clinical where the cohort has them.
    static let clinicalColumns = ["age", "sex", "packyears", "pack_years", "bmi", "race", "smoking"]
    /// Where Uno's concordance is truncated: quantiles of the training subjects' censoring times.
    static let quantiles = [0.25, 0.5, 0.75]

    /// What predicts.
    package enum Covariates: String, CaseIterable {
        case features, clinical, both
    }

    let profile: ExperimentProfile
    let seed: UInt64
    let parallel: Parallel
    /// Places in the cohort of subjects with time, event and all clinical columns.
    let subjects: [Int]
    private let survival: SurvivalTimes
    private let clinical: FeatureMatrix?
    let clinicalNames: [String]

    /// With fewer events there is none to fit by and another one to test by.
    private static let fewestEvents = 2

    /// - Throws: `Failure` where nobody has a time, a time is negative or an event neither 0 nor 1, or hardly anybody has an event.
    package init(cohort: CohortCatalogue, profile: ExperimentProfile, seed: UInt64, parallel: Parallel) throws {
        self.profile = profile
        self.seed = seed
        self.parallel = parallel
        let names = Self.clinicalColumns.filter { name in cohort.subjects.contains { $0.labels[name] != nil } }
        clinicalNames = names
        subjects = cohort.subjects.indices.filter { index in
            (["time", "event"] + names).allSatisfy { cohort.subjects[index].labels[$0] != nil }
        }
        let known = subjects.map { cohort.subjects[$0] }
        guard known.count > 1 else {
            throw Failure(
                "\(cohort.folder.path): \(known.count) subjects have the labels time, event\(names.map { ", " + $0 }.joined()); expected at least 2"
            )
        }
        func column(_ name: String) -> [Double] { known.map { $0.labels[name] ?? .nan } }
        for subject in known {
            let (time, event) = (subject.labels["time"] ?? .nan, subject.labels["event"] ?? .nan)
            guard time >= 0, event == 0 || event == 1 else {
                throw Failure("subject \(subject.id) has time \(time) and event \(event); expected a time from 0 and an event of 0 or 1")
            }
        }
        survival = try SurvivalTimes(times: column("time"), events: column("event").map { $0 == 1 })
        let events = survival.events.count { $0 }
        guard events >= Self.fewestEvents else {
            throw Failure(
                "\(cohort.folder.path): \(events) of \(known.count) subjects with the labels time, event\(names.map { ", " + $0 }.joined()) have an event; "
                    + "expected at least \(Self.fewestEvents), one to fit a model by and one to test it")
        }
        clinical = names.isEmpty ? nil : FeatureMatrix(rows: known.map { subject in names.map { subject.labels[$0] ?? .nan } })
    }

    /// How the numbers are made, in sentences.
    func method(of cohort: CohortCatalogue) -> [String] {
        let missing = cohort.subjects.count - subjects.count
        return [
            "n \(subjects.count), \(survival.events.count { $0 }) events; \(missing) subjects lack \((["time", "event"] + clinicalNames).joined(separator: ", ")) or one of them and are not used. "
                + "\(profile.survivalRuns) seeded runs (seeds \(seed)…\(seed + UInt64(profile.survivalRuns) - 1)) of \(profile.folds) folds by subject, stratified by event",
            "Cox models with Efron ties; Uno's concordance weighs by the training subjects' censoring and is truncated at 25, 50 and 75 % of their censoring times",
            "Tuned by Harrell's concordance in \(Self.innerFolds) folds inside the training subjects: ridge ρ on the standardised features of \(ReadoutTarget.list(Self.penalties)); "
                + (clinicalNames.isEmpty
                    ? "the cohort has no clinical columns" : "clinical columns (\(clinicalNames.joined(separator: ", "))) are unpenalised"),
        ]
    }

    /// One fold's test subjects and what the model says of them.
    private struct FoldOutcome {
        let survival: SurvivalTimes
        let risk: [Double]
        /// `[subject]` S at a time.
        let chance: (Double, Int) -> Double
        let censoring: CensoringDistribution
        let truncations: [Double]
        let penalty: Double
    }

    /// Concordances of a method: of its features alone, or with the clinical columns; or of those alone.
    package func measure(_ method: (any FeatureMethod)?, covariates: Covariates, name: String) throws -> [MethodScore] {
        var outcomes: [[FoldOutcome]] = []
        // Folds whose model has no solution, and why.
        var lost: [Failure] = []
        for run in 0..<profile.survivalRuns {
            let seed = self.seed &+ UInt64(run)
            let folds = try SubjectFolds(labels: survival.events.map { $0 ? 1 : 0 }, count: profile.folds, seed: seed)
            let found = parallel.map(folds.count) { held in
                Result { try outcome(method, covariates: covariates, split: folds.split(held), seed: seed) }
            }
            outcomes.append(
                try found.compactMap { fold in
                    do { return try fold.get() } catch let failure as Failure {
                        lost.append(failure)
                        return nil
                    }
                })
        }
        let total = outcomes.reduce(lost.count) { $0 + $1.count }
        let all = outcomes.flatMap { $0 }
        if all.isEmpty, let reason = lost.first { throw Failure("all \(total) folds are left out: \(reason.description)") }
        let metrics: [(String, (FoldOutcome, [Int]) throws -> Double)] =
            Self.quantiles.enumerated().map { place, quantile in
                ("Uno \(Int(quantile * 100)) %", { try Self.uno($0, $1, truncation: place) })
            } + [
                (
                    "Harrell",
                    { outcome, drawn in
                        try Concordance.harrell(outcome.survival.rows(drawn), risk: drawn.map { outcome.risk[$0] }).index
                    }
                ),
                (
                    "Antolini",
                    { outcome, drawn in
                        try Concordance.antolini(outcome.survival.rows(drawn)) { outcome.chance($0, drawn[$1]) }.index
                    }
                ),
            ]
        return try metrics.map { metric, score in
            var values: [Double] = []
            var reasons: [String] = []
            for outcome in all {
                do { values.append(try score(outcome, Array(0..<outcome.survival.count))) } catch let failure as Failure {
                    reasons.append(failure.description)
                }
            }
            // Of the first run that has any.
            let first = outcomes.first { !$0.isEmpty } ?? []
            let interval = BootstrapInterval(folds: first.map(\.survival.count), draws: profile.bootstrapDraws, seed: seed) { fold, drawn in
                try? score(first[fold], drawn)
            }
            var notes = covariates == .clinical ? [] : ["ridges \(all.map { "\($0.penalty)" }.joined(separator: " "))"]
            if let reason = lost.first { notes.append("\(lost.count) of \(total) folds are left out: \(reason.description)") }
            if let reason = reasons.first { notes.append("\(reasons.count) of \(total) folds are left out: \(reason)") }
            return MethodScore(
                method: name, target: "survival", metric: metric, folds: values, interval: interval, count: survival.count,
                note: notes.joined(separator: "; "))
        }
    }

    private static func uno(_ outcome: FoldOutcome, _ drawn: [Int], truncation place: Int) throws -> Double {
        guard outcome.truncations.indices.contains(place) else {
            throw Failure("no training subject is censored: there is no censoring time to truncate at")
        }
        return try Concordance.uno(
            outcome.survival.rows(drawn), risk: drawn.map { outcome.risk[$0] }, censoring: outcome.censoring,
            truncation: outcome.truncations[place]
        ).index
    }

    private func outcome(
        _ method: (any FeatureMethod)?, covariates: Covariates, split: (training: [Int], test: [Int]), seed: UInt64
    ) throws -> FoldOutcome {
        var method = covariates == .clinical ? nil : method
        try method?.fit(split.training.map { subjects[$0] })
        let training = try method?.table(split.training.map { subjects[$0] })
        let test = try method?.table(split.test.map { subjects[$0] })
        let free = covariates == .features ? nil : clinical
        let known = survival.rows(split.training)
        let penalty = try training.map { try choosePenalty($0, free?.rows(split.training), known, seed: seed) } ?? 0
        let problem = Problem(training, free?.rows(split.training))
        let model = try CoxModel(
            problem.table, survival: known, penalties: problem.penalties(penalty),
            names: problem.names(clinical: free == nil ? [] : clinicalNames))
        let rows = problem.apply(test, free?.rows(split.test))
        let censoring = CensoringDistribution(known)
        return FoldOutcome(
            survival: survival.rows(split.test), risk: (0..<rows.count).map { model.logHazard(rows[$0]) },
            chance: { time, subject in model.survivalChance(rows[subject], at: time) }, censoring: censoring,
            truncations: CensoringDistribution.quantiles(known, Self.quantiles), penalty: penalty)
    }

    /// Features on the axes of their training rows, then the clinical columns.
    private struct Problem {
        let table: FeatureMatrix
        private let scaling: FeatureScaling?
        /// Variance of each feature axis: the ridge acts on features of unit variance, not on their axes.
        private let variances: [Double]

        init(_ features: FeatureMatrix?, _ clinical: FeatureMatrix?) {
            let scaling = features.map(FeatureScaling.init)
            let scaled = features.flatMap { rows in scaling?.apply(rows) }
            self.scaling = scaling
            variances = scaled.map(Self.variances) ?? []
            table = Self.join(scaled, clinical)
        }

        func apply(_ features: FeatureMatrix?, _ clinical: FeatureMatrix?) -> FeatureMatrix {
            Self.join(features.flatMap { rows in scaling?.apply(rows) }, clinical)
        }

        func penalties(_ penalty: Double) -> [Double] {
            variances.map { penalty / max($0, 1e-12) } + Array(repeating: 0, count: table.width - variances.count)
        }

        /// What messages call the columns.
        func names(clinical: [String]) -> [String] { variances.indices.map { "feature axis \($0 + 1)" } + clinical }

        private static func variances(_ rows: FeatureMatrix) -> [Double] {
            (0..<rows.width).map { k in
                let deviation = Spread((0..<rows.count).map { rows.values[$0 * rows.width + k] }).deviation
                return deviation * deviation
            }
        }

        private static func join(_ features: FeatureMatrix?, _ clinical: FeatureMatrix?) -> FeatureMatrix {
            guard let features else {
                guard let clinical else { preconditionFailure("SurvivalReadout: neither features nor clinical columns") }
                return clinical
            }
            return clinical.map(features.appending) ?? features
        }
    }

    private func choosePenalty(_ features: FeatureMatrix, _ clinical: FeatureMatrix?, _ known: SurvivalTimes, seed: UInt64) throws -> Double
    {
        let folds = try SubjectFolds(labels: known.events.map { $0 ? 1 : 0 }, count: Self.innerFolds, seed: seed)
        var scores = [Double](repeating: 0, count: Self.penalties.count)
        for held in 0..<folds.count {
            let (inside, outside) = folds.split(held)
            guard inside.contains(where: { known.events[$0] }) else { continue }
            let problem = Problem(features.rows(inside), clinical?.rows(inside))
            let rows = problem.apply(features.rows(outside), clinical?.rows(outside))
            for (place, penalty) in Self.penalties.enumerated() {
                // A ridge too weak for these rows, or a fold without comparable subjects, scores nothing.
                guard
                    let model = try? CoxModel(problem.table, survival: known.rows(inside), penalties: problem.penalties(penalty)),
                    let found = try? Concordance.harrell(known.rows(outside), risk: (0..<rows.count).map { model.logHazard(rows[$0]) })
                else { continue }
                scores[place] += found.index
            }
        }
        // Of equal ridges the strongest.
        let best = scores.indices.max { (scores[$0], $0) < (scores[$1], $1) } ?? 0
        return Self.penalties[best]
    }
}
