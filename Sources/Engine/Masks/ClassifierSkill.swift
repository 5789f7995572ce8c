import Foundation

/// How a classifier does on subjects that it was not fitted to, and where it decides.
///
/// Measured by folds over subjects: every box and every free place of lung is scored by a readout that saw nothing of its subject.
package struct ClassifierSkill: Codable, Equatable, Sendable {
    /// Area under the curve of boxes of the subtype against all others, and its 95 % interval over subjects.
    package var areaUnderCurve, lower, upper: Double
    /// The same of the box's part of lung below -950 HU; nil where density was not read.
    package var lowAttenuation: Double?
    /// Part of the subtype's boxes that the operating point keeps.
    package var sensitivity: Double
    /// Part of healthy lung that the operating point marks.
    package var healthyShare: Double
    /// Probability from which at most `mostHealthy` of healthy lung is marked: where lesions are looked for. 0.5 is the operating point.
    package var lesionProbability: Double
    package var positives, negatives, subjects: Int
    /// What is said of it where it is no use; nil where it is fit.
    package var complaint: String?

    /// Healthy lung that may be marked.
    package static let mostHealthy = 0.01
    /// Part of a reader's boxes that the operating point keeps, where healthy lung allows it.
    package static let keptBoxes = 0.9
    /// The interval must lie above this area under the curve.
    package static let leastArea = 0.6
    /// From this area under the curve on there is nothing left to be better by than LAA-950.
    package static let enoughArea = 0.98

    package var isFit: Bool { complaint == nil }

    /// One sentence.
    package var summary: String {
        let area = String(format: "area under the curve %.3f (%.3f to %.3f)", areaUnderCurve, lower, upper)
        let point = String(
            format: "keeps %.0f %% of boxes, marks %.1f %% of healthy lung", 100 * sensitivity, 100 * healthyShare)
        return "on subjects held out: \(area); at 0.5 it \(point)"
    }

    package init(
        areaUnderCurve: Double, lower: Double, upper: Double, lowAttenuation: Double?, sensitivity: Double, healthyShare: Double,
        lesionProbability: Double, positives: Int, negatives: Int, subjects: Int
    ) {
        self.areaUnderCurve = areaUnderCurve
        self.lower = lower
        self.upper = upper
        self.lowAttenuation = lowAttenuation
        self.sensitivity = sensitivity
        self.healthyShare = healthyShare
        self.lesionProbability = lesionProbability
        self.positives = positives
        self.negatives = negatives
        self.subjects = subjects
        complaint = Self.complaint(areaUnderCurve, lower, lowAttenuation)
    }

    private static func complaint(_ area: Double, _ lower: Double, _ lowAttenuation: Double?) -> String? {
        if lower <= leastArea {
            return String(format: "its area under the curve is %.2f and may be as low as %.2f on subjects held out", area, max(lower, 0))
        }
        if let lowAttenuation, area <= lowAttenuation, area < enoughArea {
            return String(
                format: "its area under the curve is %.2f on subjects held out, that of the lung below -950 HU alone %.2f", area,
                lowAttenuation)
        }
        return nil
    }
}
