import Cohorts
import Foundation
import Foundations
import Imaging
import KernelInterface
import Network
import SessionFormat

extension SeenPatches {
    /// Makes a step's views again. They are a function of seed, epoch, landmark and subject, so that nothing has to be kept.
    /// - Parameters:
    ///   - step: as the journal counts it, from 1.
    ///   - neighbours: neighbouring landmarks in that step.
    package init(_ session: SessionFolder, step: Int, neighbours: Int) throws {
        let description = try SessionDescription.read(session)
        let cohort = try session.cohort()
        let place = Dictionary(uniqueKeysWithValues: cohort.subjects.enumerated().map { ($1.id, $0) })
        let rows = description.trainingSubjects.compactMap { place[$0] }
        let settings = description.settings
        guard step > 0, rows.count > 1, rows.count == description.trainingSubjects.count else {
            throw Failure("\(cohort.folder.path) does not hold the subjects that \(session.name) trains on; its views cannot be made again")
        }
        // The batch may have been steered before that step.
        let plan = try RunHistory(session, step: 0, epochStart: 0).replay.reduce(
            StepPlan(settings, subjects: rows.count, landmarks: cohort.atlas.landmarks.count)
        ) { plan, steered in
            guard steered.step < step, case .set(.batch, let batch) = steered.command else { return plan }
            return plan.changing(batch: min(Int(batch), rows.count), atStep: steered.step)
        }
        let count = plan.epoch(ofStep: step - 1) < settings.warmUp ? 0 : min(neighbours, plan.landmarks - 1)
        let feed = StepFeed(
            store: cohort.patches, rows: rows, neighbours: cohort.atlas.neighbours, ranges: AugmentationRanges(settings),
            kernels: KernelSelection.best, parallel: Parallel(threads: 1))
        let wanted = plan.landmark(ofStep: step - 1)
        try cohort.patches.requireWhole([wanted] + cohort.atlas.neighbours[wanted].prefix(count))
        let batch = feed.take(step: step - 1, of: plan, neighbours: count)
        func copy(_ view: MutableFloats) -> [Float] { Array(UnsafeBufferPointer(start: view, count: PatchStore.patchVoxels)) }
        self.init(
            landmark: wanted, subject: description.trainingSubjects[batch.subjects[0]],
            patch: cohort.patches.withPatch(landmark: wanted, subject: rows[batch.subjects[0]]) {
                $0.map { NetworkIntensity.input(Float($0)) }
            },
            query: copy(batch.query(0)), key: copy(batch.key(0)), neighbours: (0..<count).map { copy(batch.neighbour($0, 0)) })
    }
}
