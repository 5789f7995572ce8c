import Cohorts
import Foundation
import Foundations
import Learning
import Masks
import Network
import Statistics

/// Trains the linear readout of a subtype: logistic regression on the frozen features of boxes, the penalty chosen by cross-validation over
/// subjects within the training boxes.
package struct LinearFineTuner {
    /// Penalties C that are tried, on standardised features.
    package static let penalties = [0.001, 0.01, 0.1, 1, 10]
    /// Folds by subject.
    package static let folds = 5

    let model: InferenceModel
    let features: BoxFeatures

    package init(model: InferenceModel, features: BoxFeatures) {
        self.model = model
        self.features = features
    }

    /// - Parameters:
    ///   - training: boxes, all of them among those of `features`.
    package func fit(_ training: TrainingBoxes, subtype: EmphysemaSubtype, seed: UInt64) throws -> Classifier {
        try fit(training, rows: rows(of: training), subtype: subtype, seed: seed)
    }

    /// The same, measured on subjects that it was not fitted to, with its operating point at p = 0.5.
    package func fitMeasured(_ training: TrainingBoxes, subtype: EmphysemaSubtype, seed: UInt64) throws -> Classifier {
        let rows = try rows(of: training)
        let fitted = try fit(training, rows: rows, subtype: subtype, seed: seed)
        // The penalty of all boxes: one number tells next to nothing of a subject, and choosing it in every fold would take five times as long.
        let penalty = fitted.provenance["penalty"].flatMap(Double.init)
        let measured = try ReadoutFolds(training, rows: rows, features: features, seed: seed) { members in
            try fit(training.part(members), rows: members.map { rows[$0] }, subtype: subtype, penalty: penalty, seed: seed)
        }
        var provenance = fitted.provenance
        if !training.contradicted.isEmpty { provenance["boxedThoughFree"] = training.contradicted.joined(separator: " ") }
        provenance["features"] = fitted.readsDensity ? "encoder and density" : "encoder"
        guard let measured else { return fitted.with(skill: .unmeasured(training), logit: 0, provenance: provenance) }
        return fitted.with(skill: measured.skill, logit: measured.operatingPoint, provenance: provenance)
    }

    private func rows(of training: TrainingBoxes) throws -> [Int] {
        let places = Dictionary(features.boxes.enumerated().map { ($1, $0) }) { first, _ in first }
        return try training.boxes.map { box in
            guard let row = places[box] else { throw Failure("a training box of \(box.subject) has no features") }
            return row
        }
    }

    /// - Parameter given: the penalty; nil chooses it.
    private func fit(
        _ training: TrainingBoxes, rows: [Int], subtype: EmphysemaSubtype, penalty given: Double? = nil, seed: UInt64
    ) throws -> Classifier {
        let width = features.width
        let scaling = Standardisation(features: features, rows: rows)
        let table = Table(features: features, rows: rows, positive: training.positive, scaling: scaling)
        let penalty = try given ?? choosePenalty(table, subjects: training.boxes.map(\.subject), seed: seed)
        let readout = try table.fit(penalty: penalty)
        // The scaling is folded into the readout: w·(h - m)/s + b.
        let weights = (0..<width).map { readout.coefficients[$0] / scaling.deviation[$0] }
        let bias = readout.intercept - zip(weights, scaling.mean).reduce(0) { $0 + $1.0 * $1.1 }
        let positives = training.positive.count { $0 }
        return Classifier(
            subtype: subtype, scheme: .linear, weights: weights.map(Float.init), bias: Float(bias), encoder: model,
            provenance: [
                "positives": String(positives), "negatives": String(training.positive.count - positives), "penalty": String(penalty),
                "views": String(BoxFeatures.views), "seed": String(seed),
            ])
    }

    /// Mean and standard deviation of each feature over the training views.
    struct Standardisation {
        let mean, deviation: [Double]

        init(features: BoxFeatures, rows: [Int]) {
            let width = features.width
            let perBox = BoxFeatures.views * width
            var sums = [Double](repeating: 0, count: width)
            var squares = sums
            for row in rows {
                for i in 0..<perBox {
                    let value = Double(features.values[row * perBox + i])
                    sums[i % width] += value
                    squares[i % width] += value * value
                }
            }
            let count = Double(rows.count * BoxFeatures.views)
            mean = sums.map { $0 / count }
            deviation = (0..<width).map { max((squares[$0] / count - (sums[$0] / count) * (sums[$0] / count)), 1e-12).squareRoot() }
        }
    }

    /// Standardised views of boxes, each view weighing 1/16.
    struct Table {
        private let width: Int
        let values: [Double]
        let positive: [Bool]

        init(features: BoxFeatures, rows: [Int], positive: [Bool], scaling: Standardisation) {
            width = features.width
            let (width, perBox) = (features.width, BoxFeatures.views * features.width)
            values = rows.flatMap { row in
                (0..<perBox).map { i in
                    let k = i % width
                    return (Double(features.values[row * perBox + i]) - scaling.mean[k]) / scaling.deviation[k]
                }
            }
            self.positive = positive
        }

        private init(values: [Double], width: Int, positive: [Bool]) {
            self.width = width
            self.values = values
            self.positive = positive
        }

        func subset(_ boxes: [Int]) -> Table {
            let perBox = BoxFeatures.views * width
            return Table(
                values: boxes.flatMap { values[$0 * perBox..<($0 + 1) * perBox] }, width: width, positive: boxes.map { positive[$0] })
        }

        func fit(penalty: Double) throws -> LogisticReadout {
            let labels = positive.flatMap { Array(repeating: $0, count: BoxFeatures.views) }
            return try LogisticReadout(
                features: values, width: width, positive: labels,
                weights: Array(repeating: 1 / Double(BoxFeatures.views), count: labels.count), penalty: penalty)
        }

        /// Mean log loss of the exact views.
        func logLoss(_ readout: LogisticReadout) -> Double {
            let perBox = BoxFeatures.views * width
            let losses = positive.indices.map { box in
                let p = readout.probability(values[box * perBox..<box * perBox + width])
                return -log(max(positive[box] ? p : 1 - p, 1e-15))
            }
            return losses.reduce(0, +)
        }
    }

    /// The penalty of the least log loss over folds of subjects; folds without both classes are left out.
    private func choosePenalty(_ table: Table, subjects: [String], seed: UInt64) throws -> Double {
        let names = Array(Set(subjects)).sorted()
        var generator = SeededGenerator(seed, .folds)
        let order = generator.permutation(names.count)
        let fold = Dictionary(uniqueKeysWithValues: names.indices.map { (names[order[$0]], $0 % Self.folds) })
        var best = (penalty: Self.penalties[0], loss: Double.infinity)
        for penalty in Self.penalties {
            var loss = 0.0
            var used = 0
            for held in 0..<Self.folds {
                let inside = subjects.indices.filter { fold[subjects[$0]] != held }
                let outside = subjects.indices.filter { fold[subjects[$0]] == held }
                let training = table.subset(inside)
                guard !outside.isEmpty, training.positive.contains(true), training.positive.contains(false) else { continue }
                loss += table.subset(outside).logLoss(try training.fit(penalty: penalty))
                used += outside.count
            }
            if used > 0, loss / Double(used) < best.loss { best = (penalty, loss / Double(used)) }
        }
        return best.penalty
    }
}
