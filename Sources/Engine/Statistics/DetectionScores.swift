/// Precision, recall and F1 of found positives.
package struct DetectionScores: Equatable {
    package let truePositives, falsePositives, falseNegatives: Int

    package init(truth: [Bool], found: [Bool]) {
        precondition(truth.count == found.count, "DetectionScores: \(found.count) decisions, expected \(truth.count)")
        let pairs = Array(zip(truth, found))
        truePositives = pairs.count { $0 && $1 }
        falsePositives = pairs.count { !$0 && $1 }
        falseNegatives = pairs.count { $0 && !$1 }
    }

    private init(_ truePositives: Int, _ falsePositives: Int, _ falseNegatives: Int) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
    }

    /// The scores of all decisions of both.
    package static func + (a: Self, b: Self) -> Self {
        Self(a.truePositives + b.truePositives, a.falsePositives + b.falsePositives, a.falseNegatives + b.falseNegatives)
    }

    /// No decisions.
    package static let none = Self(0, 0, 0)

    /// TP / (TP + FP); 0 where nothing was found.
    package var precision: Double { ratio(truePositives, truePositives + falsePositives) }
    /// TP / (TP + FN); 0 where nothing was there to find.
    package var recall: Double { ratio(truePositives, truePositives + falseNegatives) }
    /// 2 TP / (2 TP + FP + FN); 0 where there is neither.
    package var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

    private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
