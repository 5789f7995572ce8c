import Cohorts
import Foundation
import Foundations
import Statistics

/// A label that is read out of frozen features.
package struct ReadoutTarget: Equatable {
    package enum Kind: Equatable {
        /// R² of the value, or of its logarithm.
        case continuous(isLogarithm: Bool)
        /// Accuracy, within-one and balanced accuracy; of two classes the area under the curve, too.
        case classes
    }

    package let column: String
    package let kind: Kind

    /// The paper's targets, in its order.
    package static let paper = [
        ReadoutTarget(column: "fev1pp", kind: .continuous(isLogarithm: true)),
        ReadoutTarget(column: "fev1_fvc", kind: .continuous(isLogarithm: true)),
        ReadoutTarget(column: "gold", kind: .classes), ReadoutTarget(column: "cle", kind: .classes),
        ReadoutTarget(column: "paraseptal", kind: .classes), ReadoutTarget(column: "ae_history", kind: .classes),
    ]
    package static let severity = ReadoutTarget(column: "severity", kind: .classes)

    /// Any column of the cohort: up to ten whole numbers are classes, everything else is continuous.
    package init(column: String, of cohort: CohortCatalogue) throws {
        let values = cohort.subjects.compactMap { $0.labels[column] }
        guard !values.isEmpty else {
            let known = Set(cohort.subjects.flatMap { $0.labels.keys }).sorted().joined(separator: ", ")
            throw Failure("\(cohort.folder.path) has no label \"\(column)\"; it has \(known.isEmpty ? "none" : known)")
        }
        let isClass = Set(values).count <= 10 && values.allSatisfy { $0 == $0.rounded() }
        self.init(column: column, kind: isClass ? .classes : .continuous(isLogarithm: false))
    }

    private init(column: String, kind: Kind) {
        self.column = column
        self.kind = kind
    }

    /// Whether it is a question of yes or no, whose measure is the area under the curve.
    private var isYesOrNo: Bool { ["ae_history", "event", "sex"].contains(column) }

    /// The sentence that another measure stands in the place of the area under the curve; nil where nobody expects that, or it is given.
    package func withoutAreaUnderCurve(_ cohort: CohortCatalogue) -> String? {
        let classes = Set(cohort.subjects.compactMap { $0.labels[column] }).sorted()
        guard isYesOrNo, kind == .classes, classes.count > 2 else { return nil }
        return
            "\(title) has \(classes.count) values (\(Self.list(classes))): there is no area under the curve, \"within one\" stands in its place"
    }

    package var title: String { kind == .continuous(isLogarithm: true) ? "log \(column)" : column }

    /// Subjects that have the label, by their places in the cohort, with its values as they are fitted.
    package func values(of cohort: CohortCatalogue) throws -> (subjects: [Int], values: [Double]) {
        let known = cohort.subjects.indices.filter { cohort.subjects[$0].labels[column] != nil }
        let values = try known.map { index in
            let value = cohort.subjects[index].labels[column] ?? .nan
            switch kind {
            case .continuous(isLogarithm: true):
                guard value > 0 else {
                    throw Failure(
                        "the label \(column) of subject \(cohort.subjects[index].id) is \(value); its logarithm needs a number above 0")
                }
                return log(value)
            case .classes:
                guard value == value.rounded(), abs(value) < 1e6 else {
                    throw Failure("the label \(column) of subject \(cohort.subjects[index].id) is \(value); classes are whole numbers")
                }
                return value
            case .continuous: return value
            }
        }
        return (known, values)
    }

    /// Fits scaled training rows and predicts others.
    /// - Returns: values or classes, and for classes the probability of the highest.
    package func predict(
        _ training: FeatureMatrix, _ known: [Double], _ test: FeatureMatrix, penalty: Double
    ) throws -> (predictions: [Double], scores: [Double]) {
        let scaling = FeatureScaling(training)
        let (inside, outside) = (scaling.apply(training), scaling.apply(test))
        guard kind == .classes else {
            let readout = try LinearReadout(inside, target: known, penalty: penalty)
            return ((0..<outside.count).map { readout.prediction(outside[$0]) }, [])
        }
        let readout = try MultinomialReadout(inside, labels: known.map { Int($0) }, penalty: penalty)
        let probabilities = (0..<outside.count).map { readout.probabilities(outside[$0]) }
        return (probabilities.indices.map { Double(readout.prediction(outside[$0])) }, probabilities.map { $0[$0.count - 1] })
    }

    /// Numbers in a sentence.
    package static func list(_ values: [Double]) -> String { values.map { String(format: "%g", $0) }.joined(separator: ", ") }
}
