import Cohorts
import Foundation
import Foundations
import Learning
import Statistics
import StudyResults

/// Reads a label out of frozen features: folds by subject, stratified and seeded; the penalty is chosen by folds inside the training subjects.
package struct ImageReadout {
    static let ridgePenalties = [1.0, 10, 100, 1000, 10_000]
    static let logisticPenalties = [0.001, 0.01, 0.1, 1]
    static let innerFolds = 4

    let cohort: CohortCatalogue
    let profile: ExperimentProfile
    let seed: UInt64
    let parallel: Parallel

    package init(cohort: CohortCatalogue, profile: ExperimentProfile, seed: UInt64, parallel: Parallel) {
        self.cohort = cohort
        self.profile = profile
        self.seed = seed
        self.parallel = parallel
    }

    /// How the numbers are made, in sentences.
    package static func method(_ profile: ExperimentProfile, seed: UInt64) -> [String] {
        let seeds =
            profile.repetitions == 1
            ? "seed \(seed)" : "\(profile.repetitions) repetitions, seeds \(seed)…\(seed + UInt64(profile.repetitions) - 1)"
        return [
            "n: subjects with the label, below each column; the interval of R² is that of all folds' subjects together. \(profile.folds) folds by subject, stratified by class, or by neighbouring values of a continuous label; \(seeds)",
            "Tuned by \(innerFolds) folds inside the training subjects: ridge α of \(ReadoutTarget.list(ridgePenalties)) by squared error, logistic C of \(ReadoutTarget.list(logisticPenalties)) by log loss; "
                + "features are standardised on the training subjects; what was chosen in each fold is in the CSV",
        ]
    }

    /// What one fold's test subjects were predicted to be.
    private struct FoldOutcome {
        let test: [Int]
        let predictions: [Double]
        /// Of the higher class, where there are two.
        let scores: [Double]
        let penalty: Double
    }

    /// Scores of a method for a target.
    /// - Throws: `Failure` where the label is missing, constant, or of a single class.
    package func measure(_ method: some FeatureMethod, target: ReadoutTarget) throws -> [MethodScore] {
        let (subjects, values) = try target.values(of: cohort)
        guard Set(values).count > 1 else {
            throw Failure(
                "the label \(target.column) is \(values.first.map { "\($0)" } ?? "missing") for all \(values.count) subjects; there is nothing to predict"
            )
        }
        let missing = cohort.subjects.count - subjects.count
        var outcomes: [[FoldOutcome]] = []
        for repetition in 0..<profile.repetitions {
            let seed = self.seed &+ UInt64(repetition)
            let folds =
                target.kind == .classes
                ? try SubjectFolds(labels: values.map { Int($0) }, count: profile.folds, seed: seed)
                : try SubjectFolds(values: values, count: profile.folds, seed: seed)
            let found = parallel.map(folds.count) { held in
                Result { try outcome(method, target: target, subjects: subjects, values: values, split: folds.split(held), seed: seed) }
            }
            outcomes.append(try found.map { try $0.get() })
        }
        let penalties = outcomes.joined().map { "\($0.penalty)" }
        let first = outcomes[0]
        return metrics(target, values: values).map { metric, score in
            let scores = outcomes.joined().map { score($0.test, $0.predictions, $0.scores) }
            let drawn = { (fold: Int, rows: [Int]) in
                let outcome = first[fold]
                return (
                    test: rows.map { outcome.test[$0] }, predictions: rows.map { outcome.predictions[$0] },
                    scores: outcome.scores.isEmpty ? [] : rows.map { outcome.scores[$0] }
                )
            }
            let sizes = first.map(\.test.count)
            let interval =
                target.kind == .classes
                ? BootstrapInterval(folds: sizes, draws: profile.bootstrapDraws, seed: seed) { fold, rows in
                    let part = drawn(fold, rows)
                    return score(part.test, part.predictions, part.scores)
                }
                // R² of a dozen drawn subjects is hardly a number: that of the subjects of all folds is.
                : BootstrapInterval(folds: sizes, draws: profile.bootstrapDraws, seed: seed) { folds in
                    let parts = folds.enumerated().map { drawn($0, $1) }
                    return score(parts.flatMap(\.test), parts.flatMap(\.predictions), [])
                }
            var note = "penalties \(penalties.joined(separator: " "))"
            if missing > 0 { note += "; \(missing) subjects without the label are not used" }
            let without = scores.count { $0 == nil }
            if without > 0 { note += "; \(without) folds, whose subjects all have one value, are left out" }
            if metric == "within one", let instead = target.withoutAreaUnderCurve(cohort) { note += "; \(instead)" }
            return MethodScore(
                method: method.name, target: target.title, metric: metric, folds: scores.compactMap { $0 }, interval: interval,
                count: subjects.count, note: note)
        }
    }

    private typealias Score = ([Int], [Double], [Double]) -> Double?

    private func metrics(_ target: ReadoutTarget, values: [Double]) -> [(String, Score)] {
        guard target.kind == .classes else {
            return [
                ("R²", { test, predictions, _ in LinearReadout.determination(target: test.map { values[$0] }, prediction: predictions) })
            ]
        }
        func classes(_ score: @escaping ([Int], [Int]) -> Double) -> Score {
            { test, predictions, _ in test.isEmpty ? nil : score(test.map { Int(values[$0]) }, predictions.map { Int($0) }) }
        }
        var result: [(String, Score)] = [
            ("accuracy", classes(ClassificationScores.accuracy)), ("within one", classes(ClassificationScores.withinOne)),
            ("balanced accuracy", classes(ClassificationScores.balancedAccuracy)),
        ]
        if Set(values).count == 2, let highest = values.max() {
            result[1] = (
                "AUC", { test, _, scores in ClassificationScores.areaUnderCurve(test.map { values[$0] == highest }, score: scores) }
            )
        }
        return result
    }

    private func outcome(
        _ method: some FeatureMethod, target: ReadoutTarget, subjects: [Int], values: [Double], split: (training: [Int], test: [Int]),
        seed: UInt64
    ) throws -> FoldOutcome {
        var method = method
        try method.fit(split.training.map { subjects[$0] })
        let training = try method.table(split.training.map { subjects[$0] })
        let test = try method.table(split.test.map { subjects[$0] })
        let known = split.training.map { values[$0] }
        let penalty = try choosePenalty(training, known, target: target, seed: seed)
        let (predictions, scores) = try target.predict(training, known, test, penalty: penalty)
        return FoldOutcome(test: split.test, predictions: predictions, scores: scores, penalty: penalty)
    }

    /// The penalty of the least loss (squares, or log loss) over inner folds; folds that lack a class are left out.
    private func choosePenalty(_ training: FeatureMatrix, _ known: [Double], target: ReadoutTarget, seed: UInt64) throws -> Double {
        let candidates = target.kind == .classes ? Self.logisticPenalties : Self.ridgePenalties
        let folds =
            target.kind == .classes
            ? try SubjectFolds(labels: known.map { Int($0) }, count: Self.innerFolds, seed: seed)
            : try SubjectFolds(values: known, count: Self.innerFolds, seed: seed)
        var losses = [Double](repeating: 0, count: candidates.count)
        for held in 0..<folds.count {
            let (inside, outside) = folds.split(held)
            let labels = inside.map { known[$0] }
            guard Set(labels).count > 1 else { continue }
            let scaling = FeatureScaling(training.rows(inside))
            let (fitted, tested) = (scaling.apply(training.rows(inside)), scaling.apply(training.rows(outside)))
            for (place, penalty) in candidates.enumerated() {
                losses[place] += try Self.loss(
                    fitted, labels, tested, outside.map { known[$0] }, isClass: target.kind == .classes, penalty: penalty)
            }
        }
        let best = losses.indices.min { losses[$0] < losses[$1] } ?? 0
        return candidates[best]
    }

    private static func loss(
        _ training: FeatureMatrix, _ labels: [Double], _ test: FeatureMatrix, _ truth: [Double], isClass: Bool, penalty: Double
    ) throws -> Double {
        guard isClass else {
            let readout = try LinearReadout(training, target: labels, penalty: penalty)
            return truth.indices.reduce(0) { $0 + pow(readout.prediction(test[$1]) - truth[$1], 2) }
        }
        let readout = try MultinomialReadout(training, labels: labels.map { Int($0) }, penalty: penalty)
        return truth.indices.reduce(0) { sum, row in
            // A class that these training rows do not have cannot be found by any penalty.
            guard let place = readout.classes.firstIndex(of: Int(truth[row])) else { return sum }
            return sum - log(max(readout.probabilities(test[row])[place], 1e-15))
        }
    }
}
