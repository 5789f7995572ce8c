import Dispatch
import KernelInterface

/// Prepares the augmented views of the next step on other threads while the present step computes.
///
/// Views are functions of the step number, so that it does not matter when or where they are made.
final class StepFeed {
    /// The views of one step, in one buffer.
    final class Batch: @unchecked Sendable {
        // Written by one job, read after that job's group was waited for.
        let step: Int
        let neighbours: Int
        let subjects: [Int]
        private let views: AlignedFloats
        private let batch: Int
        private static let voxels = PatchStore.patchVoxels

        init(step: Int, subjects: [Int], neighbours: Int) {
            self.step = step
            self.subjects = subjects
            self.neighbours = neighbours
            batch = subjects.count
            views = AlignedFloats(count: batch * (2 + neighbours) * Self.voxels)
        }

        /// View 0 the query, 1 the key, 2 … the neighbours.
        func view(_ view: Int, _ sample: Int) -> MutableFloats { views.pointer + (view * batch + sample) * Self.voxels }
        /// A sample's neighbours lie together while they are augmented as one stack.
        func views(_ view: Int) -> [Floats] { (0..<batch).map { Floats(self.view(view, $0)) } }
    }

    private let plan: StepPlan
    private let store: PatchStore
    /// Rows of the store that the plan's subjects are.
    private let rows: [Int]
    private let neighbourTable: [[Int]]
    private let augmentation: PatchAugmentation
    private let queue = DispatchQueue(label: "augmentation", attributes: .concurrent)
    private let strength: Double
    private let parallel: Parallel
    private var pending: (batch: Batch, group: DispatchGroup)?

    /// - Parameter strength: of the augmentation; 1 is the paper's.
    init(
        plan: StepPlan, store: PatchStore, rows: [Int], neighbours: [[Int]], strength: Double, kernels: any KernelSet, parallel: Parallel
    ) {
        self.plan = plan
        self.strength = strength
        self.store = store
        self.rows = rows
        neighbourTable = neighbours
        augmentation = PatchAugmentation(kernels: kernels)
        self.parallel = parallel
    }

    /// The views of a step; waits where they are not ready.
    func take(step: Int, neighbours: Int) -> Batch {
        let present = pending
        pending = nil
        if let present {
            present.group.wait()
            if present.batch.step == step, present.batch.neighbours == neighbours { return present.batch }
        }
        let job = start(step: step, neighbours: neighbours)
        job.group.wait()
        return job.batch
    }

    /// Begins to make the views of a step.
    func prefetch(step: Int, neighbours: Int) {
        pending?.group.wait()
        pending = start(step: step, neighbours: neighbours)
    }

    private func start(step: Int, neighbours: Int) -> (batch: Batch, group: DispatchGroup) {
        let batch = Batch(step: step, subjects: plan.subjects(ofStep: step), neighbours: neighbours)
        let group = DispatchGroup()
        let landmark = plan.landmark(ofStep: step)
        let epoch = plan.epoch(ofStep: step)
        let table = Array(neighbourTable[landmark].prefix(neighbours))
        let (augmentation, store, rows, seed, strength, parallel) = (augmentation, store, rows, plan.seed, strength, parallel)
        queue.async(group: group) {
            parallel.forEach(batch.subjects.count) { sample in
                let subject = batch.subjects[sample]
                func draw(_ view: AugmentationDraw.View) -> AugmentationDraw {
                    AugmentationDraw(seed: seed, epoch: epoch, landmark: landmark, subject: subject, view: view, strength: strength)
                }
                store.withPatch(landmark: landmark, subject: rows[subject]) { patch in
                    augmentation.apply(draw(.query), to: [patch.baseAddress!], output: batch.view(0, sample))
                    augmentation.apply(draw(.key), to: [patch.baseAddress!], output: batch.view(1, sample))
                }
                Self.neighbourStack(batch, sample: sample, row: rows[subject], table: table, draw: draw(.neighbours), store, augmentation)
            }
        }
        return (batch, group)
    }

    private static func neighbourStack(
        _ batch: Batch, sample: Int, row: Int, table: [Int], draw: AugmentationDraw, _ store: PatchStore, _ augmentation: PatchAugmentation
    ) {
        guard !table.isEmpty else { return }
        let voxels = PatchStore.patchVoxels
        let stack = AlignedFloats(count: table.count * voxels)
        func collect(_ index: Int, _ patches: [UnsafePointer<Int16>]) {
            guard index < table.count else {
                augmentation.apply(draw, to: patches, output: stack.pointer)
                return
            }
            store.withPatch(landmark: table[index], subject: row) { collect(index + 1, patches + [$0.baseAddress!]) }
        }
        collect(0, [])
        for r in table.indices { batch.view(2 + r, sample).update(from: stack.pointer + r * voxels, count: voxels) }
    }
}
