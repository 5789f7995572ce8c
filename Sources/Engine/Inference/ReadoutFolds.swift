import Cohorts
import Foundation
import Foundations
import Masks
import Network
import Statistics

/// Scores a readout's boxes by readouts that were fitted without their subjects, and finds from the scores how good it is and where it decides.
///
/// The operating point is where nine in ten of the reader's boxes are kept, or higher where that would mark more than 1 % of healthy lung: boxes are
/// marked from a certain amount of disease on, and a point that was chosen by healthy lung alone would mark the least trace of it.
struct ReadoutFolds {
    let skill: ClassifierSkill
    /// The operating point, as w · x + b of the fitted readout.
    let operatingPoint: Double

    private static let bootstrapDraws = 400

    /// - Parameters:
    ///   - rows: of the boxes in `features`.
    ///   - fit: a readout of some of the boxes.
    /// - Returns: nil where fewer than two subjects have boxes of either kind, so that nothing can be held out.
    init?(_ training: TrainingBoxes, rows: [Int], features: BoxFeatures, seed: UInt64, fit: ([Int]) throws -> Classifier) throws {
        let subjects = training.boxes.map(\.subject)
        guard let folds = Self.folds(subjects, training.positive, seed: seed) else { return nil }
        // [box][view]
        var scores = [[Double]](repeating: [], count: subjects.count)
        for held in 0..<LinearFineTuner.folds {
            let outside = subjects.indices.filter { folds[subjects[$0]] == held }
            let inside = subjects.indices.filter { folds[subjects[$0]] != held }
            guard !outside.isEmpty else { continue }
            guard inside.contains(where: { training.positive[$0] }), inside.contains(where: { !training.positive[$0] }) else { return nil }
            let readout = try fit(inside)
            for box in outside { scores[box] = (0..<BoxFeatures.views).map { readout.score(features.row(rows[box], view: $0)) } }
        }
        let exact = scores.map { $0[0] }
        let encoded = EncoderArchitecture.representation
        var lowAttenuation: [Double]?
        if features.width > encoded {
            lowAttenuation = rows.map { row in Double(BoxDensity.lowAttenuationPart(features.row(row).dropFirst(encoded))) }
        }
        let names = Array(Set(subjects)).sorted()
        let members = Dictionary(grouping: subjects.indices) { subjects[$0] }
        func area(_ values: [Double], _ boxes: [Int]) -> Double? {
            ClassificationScores.areaUnderCurve(boxes.map { training.positive[$0] }, score: boxes.map { values[$0] })
        }
        guard let whole = area(exact, Array(subjects.indices)) else { return nil }
        let interval = BootstrapInterval(subjects: names.count, draws: Self.bootstrapDraws, seed: seed) { drawn in
            area(exact, drawn.flatMap { members[names[$0]] ?? [] })
        }
        let positives = exact.indices.filter { training.positive[$0] }.map { exact[$0] }.sorted()
        let healthy = scores.indices.filter(training.isHealthy).flatMap { scores[$0] }.sorted()
        let kept = Quantile.of(positives, 1 - ClassifierSkill.keptBoxes)
        let allowed = healthy.isEmpty ? kept : Quantile.of(healthy, 1 - ClassifierSkill.mostHealthy)
        let point = max(kept, allowed)
        let sensitivity = Double(positives.count { $0 >= point }) / Double(positives.count)
        let share = healthy.isEmpty ? 0 : Double(healthy.count { $0 > point }) / Double(healthy.count)
        let lesionProbability = 1 / (1 + exp(point - min(allowed, point)))
        operatingPoint = point
        skill = ClassifierSkill(
            areaUnderCurve: whole, lower: interval?.lower ?? 0, upper: interval?.upper ?? 1,
            lowAttenuation: lowAttenuation.flatMap { area($0, Array(subjects.indices)) }, sensitivity: sensitivity, healthyShare: share,
            lesionProbability: max(Self.leastProbability, lesionProbability),
            positives: positives.count, negatives: exact.count - positives.count, subjects: names.count)
    }

    /// Finer steps are not kept in probability maps.
    private static let leastProbability = 0.02

    /// Folds of subjects, those with boxes of the subtype and the others each spread evenly; nil where there are too few.
    private static func folds(_ subjects: [String], _ positive: [Bool], seed: UInt64) -> [String: Int]? {
        let marked = Set(zip(subjects, positive).filter(\.1).map(\.0))
        let others = Set(subjects).subtracting(marked)
        guard marked.count > 1, Set(zip(subjects, positive).filter { !$0.1 }.map(\.0)).count > 1 else { return nil }
        var generator = SeededGenerator(seed, .folds, 1)
        var result: [String: Int] = [:]
        for names in [marked.sorted(), others.sorted()] {
            let order = generator.permutation(names.count)
            for (position, index) in order.enumerated() { result[names[index]] = position % LinearFineTuner.folds }
        }
        return result
    }
}

extension Classifier {
    /// w · x + b.
    func score(_ row: ArraySlice<Float>) -> Double {
        zip(weights, row).reduce(Double(bias)) { $0 + Double($1.0) * Double($1.1) }
    }

    /// The same readout with its intercept moved so that `logit` becomes p = 0.5.
    func with(skill: ClassifierSkill, logit: Double, provenance: [String: String]) -> Classifier {
        Classifier(
            subtype: subtype, scheme: scheme, weights: weights, bias: Float(Double(bias) - logit), encoder: encoder, skill: skill,
            provenance: provenance)
    }
}

extension ClassifierSkill {
    /// Of a readout for which no subject could be held out.
    static func unmeasured(_ training: TrainingBoxes) -> ClassifierSkill {
        var skill = ClassifierSkill(
            areaUnderCurve: 0.5, lower: 0, upper: 1, lowAttenuation: nil, sensitivity: 1, healthyShare: 1, lesionProbability: 0.5,
            positives: training.positive.count { $0 }, negatives: training.positive.count { !$0 },
            subjects: Set(training.boxes.map(\.subject)).count)
        skill.complaint = "its boxes lie in too few subjects to hold one out; place boxes of either kind in two subjects at least"
        return skill
    }
}
