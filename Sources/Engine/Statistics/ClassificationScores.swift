/// How well predicted classes fit the true ones.
package enum ClassificationScores {
    /// Fraction of equal pairs.
    package static func accuracy(_ truth: [Int], _ prediction: [Int]) -> Double { fraction(truth, prediction) { $0 == $1 } }

    /// Fraction of pairs that differ by at most 1 (the paper's one-off accuracy).
    package static func withinOne(_ truth: [Int], _ prediction: [Int]) -> Double { fraction(truth, prediction) { abs($0 - $1) <= 1 } }

    /// Mean over the true classes of the fraction that is found.
    package static func balancedAccuracy(_ truth: [Int], _ prediction: [Int]) -> Double {
        let classes = Array(Set(truth)).sorted()
        let recalls = classes.map { wanted in
            let members = truth.indices.filter { truth[$0] == wanted }
            return Double(members.count { prediction[$0] == wanted }) / Double(members.count)
        }
        return recalls.reduce(0, +) / Double(max(1, classes.count))
    }

    /// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.
    /// - Returns: nil where one class is missing.
    package static func areaUnderCurve(_ positive: [Bool], score: [Double]) -> Double? {
        let positives = positive.count { $0 }
        let negatives = positive.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let ranks = SpearmanCorrelation.ranks(score)
        let sum = positive.indices.reduce(0.0) { positive[$1] ? $0 + ranks[$1] : $0 }
        return (sum - Double(positives * (positives + 1)) / 2) / Double(positives * negatives)
    }

    private static func fraction(_ truth: [Int], _ prediction: [Int], _ holds: (Int, Int) -> Bool) -> Double {
        precondition(truth.count == prediction.count, "ClassificationScores: \(prediction.count) predictions, expected \(truth.count)")
        return Double(zip(truth, prediction).count { holds($0, $1) }) / Double(max(1, truth.count))
    }
}
