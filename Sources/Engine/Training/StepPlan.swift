/// Which landmark, subjects and draws belong to a step: a function of settings, seed and step number only.
///
/// An epoch sweeps the landmarks 0 … n-1; each landmark takes floor(subjects / batch) steps, the remainder is dropped. Subjects are in a
/// seeded order of the epoch. Source: METHOD.md section 3.
package struct StepPlan: Equatable, Sendable {
    package let subjects, landmarks, batch: Int
    package let seed: UInt64
    private let groups: Int

    /// - Parameters:
    ///   - subjects: of the cohort's training part.
    ///   - batch: not more than subjects.
    package init(subjects: Int, landmarks: Int, batch: Int, batchNormGroup: Int, seed: UInt64) {
        precondition(batch > 0 && batch <= subjects, "StepPlan: batch \(batch) of \(subjects) subjects")
        self.subjects = subjects
        self.landmarks = landmarks
        self.batch = batch
        self.seed = seed
        groups = LaneBatch(subjects: batch, locations: 1, groupSize: batchNormGroup).groups
    }

    package var stepsPerLandmark: Int { subjects / batch }
    package var stepsPerEpoch: Int { landmarks * stepsPerLandmark }

    package func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }
    package func landmark(ofStep step: Int) -> Int { step % stepsPerEpoch / stepsPerLandmark }

    /// Positions in the training part of the cohort.
    package func subjects(ofStep step: Int) -> [Int] {
        var generator = SeededGenerator(seed, 0x6F72_6465, UInt64(epoch(ofStep: step)))
        let order = generator.permutation(subjects)
        let start = step % stepsPerLandmark * batch
        return Array(order[start..<start + batch])
    }

    /// Order of the keys through batch norm's groups: shuffled where there are several.
    package func keyOrder(ofStep step: Int) -> [Int] {
        guard groups > 1 else { return Array(0..<batch) }
        var generator = SeededGenerator(seed, 0x7368_7566, UInt64(step))
        return generator.permutation(batch)
    }
}
