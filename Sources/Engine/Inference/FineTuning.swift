import Cohorts
import Foundation
import Foundations
import Learning
import Masks

/// Makes a subtype's classifier from a reader's boxes: what `workbench finetune` runs.
package struct FineTuning {
    /// What is asked for.
    package struct Options: Sendable {
        package var scheme = ClassifierScheme.linear
        /// Part of the boxes that is used, 0…1.
        package var fraction = 1.0
        /// Boxes of the other subtype are negatives too.
        package var otherSubtypeIsNegative = false
        package var seed: UInt64 = 1

        package init() {}
    }

    private let model: InferenceModel
    private let cohort: PreparedCohort
    private let subjects: Set<String>
    private let parallel: Parallel

    /// - Parameter subjects: boxes of other subjects are not used, so that held-out subjects stay unseen.
    package init(model: InferenceModel, cohort: PreparedCohort, subjects: [String], parallel: Parallel) {
        self.model = model
        self.cohort = cohort
        self.subjects = Set(subjects)
        self.parallel = parallel
    }

    /// Trains one classifier for each subtype; features of a frozen encoder are made once for all.
    package func fit(
        _ subtypes: [EmphysemaSubtype], boxes: [LesionBox], options: Options, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> [Classifier] {
        let chosen = try subtypes.map { subtype in
            try TrainingBoxes.choose(
                boxes, subtype: subtype, negatives: options.otherSubtypeIsNegative ? .healthyAndOther : .healthy,
                fraction: options.fraction,
                cohort: cohort, subjects: subjects, seed: options.seed)
        }
        switch options.scheme {
        case .linear:
            var all: [LesionBox] = []
            for box in chosen.flatMap(\.boxes) where !all.contains(box) { all.append(box) }
            let features = try BoxFeatures.extract(
                model, cohort: cohort, boxes: all, seed: options.seed, parallel: parallel, progress: progress)
            let tuner = LinearFineTuner(model: model, features: features)
            return try zip(subtypes, chosen).map { try tuner.fit($1, subtype: $0, seed: options.seed) }
        case .full:
            let tuner = FullFineTuner(model: model, cohort: cohort, settings: .init(), parallel: parallel)
            return try zip(subtypes, chosen).map {
                try tuner.fit($1, subtype: $0, seed: options.seed, progress: progress)
            }
        }
    }
}
