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
        /// Linear: the readout reads the density of boxes beside the encoder's features.
        package var readsDensity = true
        /// Linear: places all over the lungs of subjects that are free of the subtype are negatives, too.
        package var freeLungIsNegative = true
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
            let training = try zip(subtypes, chosen).map { subtype, boxes in
                options.freeLungIsNegative
                    ? try boxes.addingFreeLung(of: subtype, cohort: cohort, subjects: subjects, seed: options.seed) : boxes
            }
            var seen = Set<LesionBox>()
            let all = training.flatMap(\.boxes).filter { seen.insert($0).inserted }
            let features = try BoxFeatures.extract(
                model, cohort: cohort, boxes: all, density: options.readsDensity, seed: options.seed, parallel: parallel, progress: progress
            )
            let tuner = LinearFineTuner(model: model, features: features)
            return try parallel.map(subtypes.count) { index in
                try tuner.fitMeasured(training[index], subtype: subtypes[index], seed: options.seed)
            }
        case .full:
            let tuner = FullFineTuner(model: model, cohort: cohort, settings: .init(), parallel: parallel)
            return try zip(subtypes, chosen).map {
                try tuner.fit($1, subtype: $0, seed: options.seed, progress: progress)
            }
        }
    }
}
