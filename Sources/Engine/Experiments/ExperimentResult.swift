/// What one experiment found; kept as JSON beside the report.
public struct ExperimentResult: Codable, Sendable {
    /// Two methods over the same folds.
    public struct Comparison: Codable, Sendable {
        public let target, metric, first, second: String
        public let difference, lower, upper, plain, corrected: Double
        public let folds: Int
    }

    /// A group of a box plot: one value a subject.
    public struct Group: Codable, Sendable {
        public let series, name: String
        public let subjects: [String]
        public let values: [Double]

        package init(series: String, name: String, subjects: [String], values: [Double]) {
            self.series = series
            self.name = name
            self.subjects = subjects
            self.values = values
        }
    }

    /// A curve with intervals.
    public struct Curve: Codable, Sendable {
        public let series, target: String
        public let x, mean, lower, upper: [Double]
    }

    public let name: ExperimentName
    public let profile: ExperimentProfile
    /// Checksum of everything that the result depends on: where it fits, the experiment is not run again.
    public let key: String
    public var measurements: [Measurement] = []
    public var comparisons: [Comparison] = []
    public var groups: [Group] = []
    public var curves: [Curve] = []
    /// n, folds, seeds, what was tuned and where; findings in words.
    public var notes: [String] = []
    public var seconds = 0.0

    package init(name: ExperimentName, profile: ExperimentProfile, key: String) {
        self.name = name
        self.profile = profile
        self.key = key
    }

    /// Compares a method with every other one, target by target, over the folds that both have.
    /// - Parameter testFraction: n_test / n_training of a fold.
    package mutating func compare(_ first: String, testFraction: Double) {
        for own in measurements where own.method == first {
            for other in measurements where other.method != first && other.target == own.target && other.metric == own.metric {
                guard own.folds.count == other.folds.count,
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
