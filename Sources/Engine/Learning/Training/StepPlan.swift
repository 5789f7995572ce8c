import Foundations
import Network
import SessionFormat

/// Which landmark, subjects and draws belong to a step: a function of settings, seed, step number and the changes of the batch only.
///
/// An epoch sweeps the landmarks 0 … n-1; each landmark takes floor(subjects / batch) steps, the remainder is dropped. Subjects are in a
/// seeded order of the epoch. Where the batch is changed, the present landmark's subjects that are left go on in batches of the new size.
/// Source: docs/method.md section 3.
package struct StepPlan: Equatable, Sendable {
    /// Where the present batch size began to hold: a place in the sweep.
    package struct Origin: Codable, Equatable, Sendable {
        package var step = 0
        package var epoch = 0
        /// The step that this epoch began with.
        package var epochStart = 0
        package var landmark = 0
        /// Subjects of the epoch's order that this landmark has had.
        package var offset = 0

        package init() {}
    }

    private struct Place {
        var epoch, epochStart, landmark, offset: Int
    }

    package let subjects, landmarks, batch: Int
    package let seed: UInt64
    package let origin: Origin
    private let batchNormGroup: Int

    /// - Parameters:
    ///   - subjects: of the cohort's training part.
    ///   - batch: not more than subjects.
    package init(subjects: Int, landmarks: Int, batch: Int, batchNormGroup: Int, seed: UInt64, origin: Origin = Origin()) {
        precondition(batch > 0 && batch <= subjects, "StepPlan: batch \(batch) of \(subjects) subjects")
        self.subjects = subjects
        self.landmarks = landmarks
        self.batch = batch
        self.batchNormGroup = batchNormGroup
        self.seed = seed
        self.origin = origin
    }

    /// The plan of a session's run.
    /// - Parameters:
    ///   - batch: as it was steered; nil for the settings'. Not more than `subjects` counts.
    ///   - origin: where it began to hold; nil for the run's beginning.
    package init(_ settings: TrainingSettings, subjects: Int, landmarks: Int, batch: Int? = nil, origin: Origin? = nil) {
        self.init(
            subjects: subjects, landmarks: landmarks, batch: min(batch ?? settings.batch, subjects), batchNormGroup: settings.bnGroup,
            seed: settings.seed, origin: origin ?? Origin())
    }

    /// The plan with another batch size from a step on.
    package func changing(batch: Int, atStep step: Int) -> StepPlan {
        let place = place(ofStep: step)
        var origin = Origin()
        origin.step = step
        origin.epoch = place.epoch
        origin.epochStart = place.epochStart
        origin.landmark = place.landmark
        origin.offset = place.offset
        return StepPlan(
            subjects: subjects, landmarks: landmarks, batch: batch, batchNormGroup: batchNormGroup, seed: seed, origin: origin)
    }

    package var stepsPerLandmark: Int { subjects / batch }
    package var stepsPerEpoch: Int { landmarks * stepsPerLandmark }

    /// Steps until so many epochs are over.
    package func steps(ofEpochs epochs: Int) -> Int {
        origin.step + max(0, stepsInFirstEpoch + (epochs - origin.epoch - 1) * stepsPerEpoch)
    }

    package func epoch(ofStep step: Int) -> Int { place(ofStep: step).epoch }
    /// The step that the epoch of a step began with.
    package func epochStart(ofStep step: Int) -> Int { place(ofStep: step).epochStart }
    package func landmark(ofStep step: Int) -> Int { place(ofStep: step).landmark }

    /// Positions in the training part of the cohort.
    package func subjects(ofStep step: Int) -> [Int] {
        let place = place(ofStep: step)
        var generator = SeededGenerator(seed, .subjectOrder, UInt64(place.epoch))
        let order = generator.permutation(subjects)
        return Array(order[place.offset..<place.offset + batch])
    }

    /// Order of the keys through batch norm's groups: shuffled where there are several.
    package func keyOrder(ofStep step: Int) -> [Int] {
        guard LaneBatch(subjects: batch, locations: 1, groupSize: batchNormGroup).groups > 1 else { return Array(0..<batch) }
        var generator = SeededGenerator(seed, .keyOrder, UInt64(step))
        return generator.permutation(batch)
    }

    /// Steps of the origin's landmark from the origin on.
    private var stepsInFirstLandmark: Int { (subjects - origin.offset) / batch }
    private var stepsInFirstEpoch: Int { stepsInFirstLandmark + (landmarks - origin.landmark - 1) * stepsPerLandmark }

    private func place(ofStep step: Int) -> Place {
        precondition(step >= origin.step, "StepPlan: step \(step) lies before step \(origin.step), where the batch became \(batch)")
        let done = step - origin.step
        if done < stepsInFirstLandmark {
            return Place(
                epoch: origin.epoch, epochStart: origin.epochStart, landmark: origin.landmark, offset: origin.offset + done * batch)
        }
        if done < stepsInFirstEpoch {
            let rest = done - stepsInFirstLandmark
            return Place(
                epoch: origin.epoch, epochStart: origin.epochStart, landmark: origin.landmark + 1 + rest / stepsPerLandmark,
                offset: rest % stepsPerLandmark * batch)
        }
        let rest = done - stepsInFirstEpoch
        return Place(
            epoch: origin.epoch + 1 + rest / stepsPerEpoch, epochStart: step - rest % stepsPerEpoch,
            landmark: rest % stepsPerEpoch / stepsPerLandmark, offset: rest % stepsPerLandmark * batch)
    }
}
