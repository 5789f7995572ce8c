extension TrainingSettings {
    /// Changes what keeps a cohort of tens of subjects from being learned in minutes.
    ///
    /// - A landmark gets a step or two an epoch. Keys in its bank are then as old as an epoch, and all subjects fall onto one point, which the age
    ///   of the network tells from them: the batch's own keys must be negatives, and the key network must follow fast.
    /// - Random vectors in an unfilled bank are best told from one point, too: the bank starts empty.
    /// - With the paper's affine maps two views of a patch are hardly more alike than two patients: half of them lets hundreds of steps learn.
    /// - A change of contrast moves air and tissue apart, and with it the density that tells patients apart: hundreds of steps learn to overlook
    ///   it and nothing in its place, so there is none.
    /// - From white kernels, hundreds of steps go into leaving a start whose representations are noise (`WeightInitialisation.smooth`).
    package mutating func fitSmallCohort() {
        batch = 16
        batchKeys = .include
        bankStart = .empty
        momentum = 0.9
        augmentation = 0.5
        contrastProbability = 0
        initialisation = .smooth
    }
}
