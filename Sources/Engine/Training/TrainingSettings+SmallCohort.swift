extension TrainingSettings {
    /// Changes what keeps a cohort of tens of subjects from being learned in minutes.
    ///
    /// - A landmark gets a step or two an epoch. Keys in its bank are then as old as an epoch, and all subjects fall onto one point, which the age
    ///   of the network tells from them: the batch's own keys must be negatives, and the key network must follow fast.
    /// - Random vectors in an unfilled bank are best told from one point, too: the bank starts empty.
    /// - With the paper's augmentation two views of a patch are hardly more alike than two patients: at full strength hundreds of steps stay at
    ///   chance, at a quarter they learn.
    /// - From white kernels, hundreds of steps go into leaving a start whose representations are noise (`WeightInitialisation.smooth`).
    mutating func fitSmallCohort() {
        batch = 16
        batchKeys = .include
        bankStart = .empty
        momentum = 0.9
        temperature = 0.1
        augmentation = 0.25
        initialisation = .smooth
    }
}
