import Cohorts
import Foundation
import Foundations
import Learning
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
        let width = EncoderArchitecture.representation
        let rows = try training.boxes.map { box in
            guard let row = features.boxes.firstIndex(of: box) else { throw Failure("a training box of \(box.subject) has no features") }
            return row
        }
        let scaling = Standardisation(features: features, rows: rows)
        let table = Table(features: features, rows: rows, positive: training.positive, scaling: scaling)
        let penalty = try choosePenalty(table, subjects: training.boxes.map(\.subject), seed: seed)
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
            let width = EncoderArchitecture.representation
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
        private let width = EncoderArchitecture.representation
        let values: [Double]
        let positive: [Bool]

        init(features: BoxFeatures, rows: [Int], positive: [Bool], scaling: Standardisation) {
            let perBox = BoxFeatures.views * EncoderArchitecture.representation
            values = rows.flatMap { row in
                (0..<perBox).map { i in
                    let k = i % EncoderArchitecture.representation
                    return (Double(features.values[row * perBox + i]) - scaling.mean[k]) / scaling.deviation[k]
                }
            }
            self.positive = positive
        }

        private init(values: [Double], positive: [Bool]) {
            self.values = values
            self.positive = positive
        }

        func subset(_ boxes: [Int]) -> Table {
            let perBox = BoxFeatures.views * width
            return Table(values: boxes.flatMap { values[$0 * perBox..<($0 + 1) * perBox] }, positive: boxes.map { positive[$0] })
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
