import Cohorts
import Dispatch
import Foundations
import KernelInterface
import Network

/// Prepares the augmented views of the next step on other threads while the present step computes.
///
/// Views are functions of the step number, so that it does not matter when or where they are made.
final class StepFeed {
    /// The views of one step, in one buffer.
    final class Batch: @unchecked Sendable {
        // Written by one job, read after that job's group was waited for.
        let step: Int
        let plan: StepPlan
        let neighbours: Int
        let subjects: [Int]
        /// Queries, then keys, then each subject's neighbours one after the other, as they are augmented.
        fileprivate let views: AlignedFloats
        private static let voxels = PatchStore.patchVoxels

        /// - Parameter views: memory of an earlier batch, used again where it has this size.
        init(step: Int, plan: StepPlan, neighbours: Int, views: AlignedFloats?) {
            self.step = step
            self.plan = plan
            self.neighbours = neighbours
            subjects = plan.subjects(ofStep: step)
            let count = plan.batch * (2 + neighbours) * Self.voxels
            self.views = views.flatMap { $0.count == count ? $0 : nil } ?? AlignedFloats(count: count)
        }

        func query(_ sample: Int) -> MutableFloats { views.pointer + sample * Self.voxels }
        func key(_ sample: Int) -> MutableFloats { query(plan.batch + sample) }
        func neighbour(_ r: Int, _ sample: Int) -> MutableFloats { query(2 * plan.batch + sample * neighbours + r) }
        var queries: [Floats] { (0..<plan.batch).map { Floats(query($0)) } }
        var keys: [Floats] { (0..<plan.batch).map { Floats(key($0)) } }
        func neighbours(_ r: Int) -> [Floats] { (0..<plan.batch).map { Floats(neighbour(r, $0)) } }
    }

    private let store: PatchStore
    /// Rows of the store that the plan's subjects are.
    private let rows: [Int]
    private let neighbourTable: [[Int]]
    private let augmentation: PatchAugmentation
    private let queue = DispatchQueue(label: "augmentation", attributes: .concurrent)
    private let ranges: AugmentationRanges
    private let parallel: Parallel
    private var pending: (batch: Batch, group: DispatchGroup)?
    /// What the present step computes with, and memory that no step does.
    private var lent: Batch?
    private var spare: AlignedFloats?

    init(store: PatchStore, rows: [Int], neighbours: [[Int]], ranges: AugmentationRanges, kernels: any KernelSet, parallel: Parallel) {
        self.ranges = ranges
        self.store = store
        self.rows = rows
        neighbourTable = neighbours
        augmentation = PatchAugmentation(kernels: kernels)
        self.parallel = parallel
    }

    /// The views of a step, valid until the next one is taken; waits where they are not ready.
    func take(step: Int, of plan: StepPlan, neighbours: Int) -> Batch {
        spare = lent?.views
        lent = nil
        let present = pending
        pending = nil
        var batch: Batch?
        if let present {
            present.group.wait()
            if present.batch.step == step, present.batch.plan == plan, present.batch.neighbours == neighbours { batch = present.batch }
        }
        let taken =
            batch
            ?? {
                let job = start(step: step, of: plan, neighbours: neighbours)
                job.group.wait()
                return job.batch
            }()
        lent = taken
        return taken
    }

    /// Begins to make the views of a step.
    func prefetch(step: Int, of plan: StepPlan, neighbours: Int) {
        pending?.group.wait()
        pending = start(step: step, of: plan, neighbours: neighbours)
    }

    private func start(step: Int, of plan: StepPlan, neighbours: Int) -> (batch: Batch, group: DispatchGroup) {
        let batch = Batch(step: step, plan: plan, neighbours: neighbours, views: spare)
        spare = nil
        let group = DispatchGroup()
        let landmark = plan.landmark(ofStep: step)
        let epoch = plan.epoch(ofStep: step)
        let table = Array(neighbourTable[landmark].prefix(neighbours))
        let (augmentation, store, rows, ranges, parallel) = (augmentation, store, rows, ranges, parallel)
        queue.async(group: group) {
            Parallel.lowerThreadPriority()
            parallel.forEach(batch.subjects.count) { sample in
                let subject = batch.subjects[sample]
                func draw(_ view: AugmentationDraw.View) -> AugmentationDraw {
                    AugmentationDraw(
                        seed: plan.seed, epoch: epoch, landmark: landmark, subject: subject, view: view, ranges: ranges)
                }
                store.withPatch(landmark: landmark, subject: rows[subject]) { patch in
                    augmentation.apply(draw(.query), to: [patch.baseAddress!], output: batch.query(sample))
                    augmentation.apply(draw(.key), to: [patch.baseAddress!], output: batch.key(sample))
                }
                guard !table.isEmpty else { return }
                store.withPatches(table, subject: rows[subject]) { stack in
                    augmentation.apply(draw(.neighbours), to: stack, output: batch.neighbour(0, sample))
                }
            }
        }
        return (batch, group)
    }
}
