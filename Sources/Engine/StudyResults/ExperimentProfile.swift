import SessionFormat

/// How much is computed: `quick` for a compact phantom cohort on two cores, `full` for a real cohort on a real machine.
package enum ExperimentProfile: String, Codable, CaseIterable, Sendable {
    case quick, full

    /// Pre-training of every variant. Where the paper leaves a number open, ours is here and is printed with the results.
    package func settings(subjects: Int, landmarks: Int) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.seed = 7
        settings.checkpointEvery = 100
        settings.keepCheckpoints = 1
        guard self == .quick else { return settings }
        settings.fitSmallCohort()
        let stepsPerEpoch = landmarks * max(1, subjects / settings.batch)
        settings.epochs = max(1, (pretrainingSteps + stepsPerEpoch - 1) / stepsPerEpoch)
        return settings
    }

    /// Steps at least, in whole epochs. Of 64 compact phantoms two epochs read out as well as three, and one is too few for the bank: it would hold
    /// no subject's own past keys, so that masking them would do nothing.
    private var pretrainingSteps: Int { 350 }
    /// Folds by subject.
    package var folds: Int { 5 }
    /// Repetitions of cross-validation with other folds (survival: 5 seeded runs, as in the paper).
    package var repetitions: Int { self == .quick ? 1 : 5 }
    package var survivalRuns: Int { 5 }
    package var bootstrapDraws: Int { self == .quick ? 500 : 2000 }
    /// Every so many voxels of a box count in the 25 % rule.
    package var boxStride: Int { self == .quick ? 16 : 8 }
    /// Stride of dense masks, mm.
    package var maskStride: Int { self == .quick ? 8 : 4 }
    /// Parts of the boxes of figure 4.
    package var fractions: [Double] {
        self == .quick ? [0.1, 0.25, 0.5, 0.75, 1] : stride(from: 1, through: 10, by: 1).map { Double($0) / 10 }
    }
    /// Folds in which the whole network is fine-tuned, and for how long.
    package var fineTunedFolds: Int { self == .quick ? 2 : 5 }
}
