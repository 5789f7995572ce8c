import SessionFormat

/// How far two views of a patch may lie apart. docs/method.md section 4's numbers, unless a run chooses others.
package struct AugmentationRanges: Equatable, Sendable {
    /// Largest rotation about each axis, radians.
    package var rotation = Double.pi / 18
    /// Largest move along each axis, voxels.
    package var translation = 12.0
    /// Largest change of scale along each axis.
    package var scale = 0.1
    package var noiseProbability = 0.25
    package var contrastProbability = 0.25

    package init() {}

    /// What a run's settings ask for: `augmentation` multiplies all, `contrastProbability` is contrast's before that.
    package init(_ settings: TrainingSettings) {
        rotation *= settings.augmentation
        translation *= settings.augmentation
        scale *= settings.augmentation
        noiseProbability *= settings.augmentation
        contrastProbability = settings.contrastProbability * settings.augmentation
    }
}
