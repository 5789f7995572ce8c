import Foundation
import Foundations
import Statistics

/// What one experiment found; kept as JSON beside the report.
package struct ExperimentResult: Codable, Equatable, Sendable {
    /// Two methods over the same folds.
    package struct Comparison: Codable, Equatable, Sendable {
        package let target, metric, first, second: String
        package let difference, lower, upper, plain, corrected: Double
        package let folds: Int
    }

    /// A group of a box plot: one value a subject.
    package struct Group: Codable, Equatable, Sendable {
        package let series, name: String
        package let subjects: [String]
        package let values: [Double]

        package init(series: String, name: String, subjects: [String], values: [Double]) {
            self.series = series
            self.name = name
            self.subjects = subjects
            self.values = values
        }
    }

    /// A curve with intervals.
    package struct Curve: Codable, Equatable, Sendable {
        package let series, target: String
        package let x, mean, lower, upper: [Double]

        package init(series: String, target: String, x: [Double], mean: [Double], lower: [Double], upper: [Double]) {
            self.series = series
            self.target = target
            self.x = x
            self.mean = mean
            self.lower = lower
            self.upper = upper
        }
    }

    /// The least part of the boxes with which the pre-trained network is as good as the random one with all.
    package struct Saving: Codable, Equatable, Sendable {
        package let target: String
        /// Nil where not even all boxes are enough.
        package let fraction: Double?
        /// Over subjects; `Self.never` stands for more than all boxes.
        package let lower, upper: Double?

        /// More than all.
        package static let never = 2.0

        package init(target: String, fraction: Double?, lower: Double?, upper: Double?) {
            self.target = target
            self.fraction = fraction
            self.lower = lower
            self.upper = upper
        }
    }

    package let name: ExperimentName
    package let profile: ExperimentProfile
    /// Checksum of everything that the result depends on: where it fits, the experiment is not run again.
    package let key: String
    package var measurements: [MethodScore] = []
    package var comparisons: [Comparison] = []
    package var groups: [Group] = []
    package var curves: [Curve] = []
    package var savings: [Saving] = []
    /// How the numbers were made: n, folds, seeds, what was tuned and where.
    package var method: [String] = []
    /// What was left out, and findings in words.
    package var notes: [String] = []
    package var seconds = 0.0

    package init(name: ExperimentName, profile: ExperimentProfile, key: String) {
        self.name = name
        self.profile = profile
        self.key = key
    }

    /// Reads a result; nil where there is none.
    /// - Throws: where it is damaged or of another version.
    package static func read(_ name: ExperimentName, in folder: ExperimentFolder) throws -> ExperimentResult? {
        let file = folder.result(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let advice = "run the experiment again"
        let data = try Seal.read(file, kind: "result", advice: advice)
        guard let found = try? JSONDecoder().decode(ExperimentResult.self, from: data), found.name == name, found.isConsistent else {
            throw Failure("the result \(file.path) is damaged or of another version; \(advice)")
        }
        return found
    }

    /// Whether lists that belong together have one length, and numbers a size that can be drawn.
    private var isConsistent: Bool {
        func isDrawn(_ values: [Double]) -> Bool { values.allSatisfy { abs($0) < 1e9 } }
        return groups.allSatisfy { $0.subjects.count == $0.values.count && isDrawn($0.values) }
            && curves.allSatisfy { curve in
                let lists = [curve.x, curve.mean, curve.lower, curve.upper]
                return lists.allSatisfy { $0.count == curve.x.count && isDrawn($0) }
            }
            && measurements.allSatisfy { isDrawn($0.folds + [$0.lower, $0.upper].compactMap { $0 }) && abs($0.count) < 1 << 40 }
            && comparisons.allSatisfy { isDrawn([$0.difference, $0.lower, $0.upper]) && abs($0.folds) < 1 << 40 }
            && savings.allSatisfy { isDrawn([$0.fraction, $0.lower, $0.upper].compactMap { $0 }) }
    }

    /// Adds a sentence, once.
    package mutating func note(_ sentence: String) { if !notes.contains(sentence) { notes.append(sentence) } }

    /// Compares a method with every other one, target by target, over the folds that both have.
    /// - Parameter testFraction: n_test / n_training of a fold.
    package mutating func compare(_ first: String, testFraction: Double) {
        for own in measurements where own.method == first {
            for other in measurements where other.method != first && other.target == own.target && other.metric == own.metric {
                let isKnown = comparisons.contains {
                    $0.target == own.target && $0.metric == own.metric && Set([$0.first, $0.second]) == [own.method, other.method]
                }
                guard !isKnown, own.folds.count == other.folds.count,
                    let test = PairedTest(zip(own.folds, other.folds).map { $0 - $1 }, testFraction: testFraction)
                else { continue }
                comparisons.append(
                    Comparison(
                        target: own.target, metric: own.metric, first: first, second: other.method, difference: test.difference,
                        lower: test.lower, upper: test.upper, plain: test.plain, corrected: test.corrected, folds: test.folds))
            }
        }
    }
}
