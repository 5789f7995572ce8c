import Cohorts
import Dispatch
import Foundation
import Foundations
import KernelInterface
import Network
import SessionFormat

/// Pre-trains an encoder in a session: sweeps landmarks and subjects, applies steering at step boundaries, journals, writes checkpoints.
///
/// A trainer works on the queue that calls `run`. Source: docs/method.md section 3.
package struct Trainer {
    /// How a run is bounded and continued.
    package struct Options: Sendable {
        /// Steps after which the run ends, counted from the session's beginning; nil for all epochs.
        package var stepLimit: Int?
        /// Go on from the newest checkpoint.
        package var resume = false
        /// The checkpoint's step to go on from instead of the newest; later checkpoints are removed, and the journal tells it as a roll back.
        package var resumeFrom: Int?
        package var parallel = Parallel.allProcessors
        /// What the journal calls the run.
        package var task = "pretrain"
        /// Lines of `control.jsonl` from before the run; see `FileLock.earlierControlLines`.
        package var earlierControlLines = 0
        /// Told at every step boundary how many steps are done, of how many; true stops the run as the user's own stop does.
        package var wantsStop: @Sendable (_ done: Int, _ total: Int) -> Bool = { _, _ in false }

        package init() {}
    }

    private let session: SessionFolder
    private let description: SessionDescription
    private let cohort: PreparedCohort
    private let options: Options
    private let journal: Journal
    private let kernels: any KernelSet
    /// Nil where the settings ask for none.
    private let probe: TrainingProbe?

    /// Makes a new session's `session.json`; folder and name are the caller's.
    package static func create(
        _ session: SessionFolder, cohort: PreparedCohort, trainingSubjects: [String]? = nil, settings: TrainingSettings
    ) throws {
        if FileManager.default.fileExists(atPath: session.description.path) {
            throw Failure("\(session.root.path) holds a session already; continue it with --resume, or choose another folder")
        }
        let subjects = trainingSubjects ?? cohort.subjects.map(\.id)
        try check(settings, cohort: cohort, trainingSubjects: subjects)
        let inside = cohort.folder.path.hasPrefix(session.root.path + "/")
        let path = inside ? String(cohort.folder.path.dropFirst(session.root.path.count + 1)) : cohort.folder.path
        let description = SessionDescription(
            created: Date(), cohort: path, atlas: cohort.atlas.checksum, trainingSubjects: subjects,
            settings: settings, isa: KernelSelection.best.name)
        let isNewFolder = !FileManager.default.fileExists(atPath: session.root.path)
        do {
            try AtlasFolder.write(cohort.atlas, to: session.atlas)
            try description.write(session)
        } catch {
            try? FileManager.default.removeItem(at: isNewFolder ? session.root : session.atlas)
            throw error
        }
    }

    /// Refuses settings that this cohort cannot serve.
    package static func check(_ settings: TrainingSettings, cohort: PreparedCohort, trainingSubjects: [String]) throws {
        try requireTwo(trainingSubjects.count)
        _ = try TrainingProbe(settings, cohort: cohort, trained: trainingSubjects, parallel: .allProcessors)
    }

    private static func requireTwo(_ subjects: Int) throws {
        guard subjects > 1 else {
            throw Failure(
                "there \(subjects == 1 ? "is 1 training subject" : "are no training subjects"), expected at least 2: other subjects are the negatives"
            )
        }
    }

    package init(_ session: SessionFolder, cohort: PreparedCohort, options: Options, journal: Journal) throws {
        self.session = session
        self.cohort = cohort
        self.options = options
        self.journal = journal
        kernels = KernelSelection.best
        description = try SessionDescription.read(session)
        try description.requireAtlas(cohort.atlas.checksum, ofCohort: cohort.folder, in: session)
        probe = try TrainingProbe(
            description.settings, cohort: cohort, trained: description.trainingSubjects, parallel: options.parallel)
    }

    /// Runs until the steps are done or the user stops it.
    package func run() throws -> RunFinished.Outcome {
        let settings = description.settings
        var notes: [String] = []
        let rows = try trainingRows()
        if rows.count < settings.batch {
            notes.append("batch reduced from \(settings.batch) to \(rows.count), the number of training subjects")
        }
        let bankSize = settings.bankKeys(subjects: rows.count)
        if settings.bankSize == 0 { notes.append("bank of \(bankSize) keys a landmark") }
        if description.isa != kernels.name {
            notes.append(
                "the session was begun with instruction set \(description.isa), this processor runs \(kernels.name): bytes may differ")
        }
        let feed = StepFeed(
            store: cohort.patches, rows: rows, neighbours: cohort.atlas.neighbours, ranges: AugmentationRanges(settings), kernels: kernels,
            parallel: options.parallel)
        if options.resume, let step = options.resumeFrom { try goBack(to: step) }
        var checkpoint = options.resume && !session.checkpointSteps.isEmpty ? try Checkpoint(session) : nil
        var steering: Steering?
        while true {
            var state = try restore(checkpoint, steering, settings: settings, bankSize: bankSize, subjects: rows.count)
            if steering == nil {
                try journal.append(
                    .started(
                        RunStarted(
                            task: options.task, pid: Int(getpid()), threads: options.parallel.threads, isa: kernels.name,
                            totalSteps: totalSteps(state, settings), stepsPerEpoch: state.plan.stepsPerEpoch,
                            landmarks: state.plan.landmarks,
                            resumedFrom: checkpoint?.step, notes: notes)),
                    step: state.step)
                // What fresh weights give is what later readings are compared with.
                if state.step == 0 { try readProbe(state) }
            }
            switch try loop(&state, feed: feed, settings: settings) {
            case .over(let outcome): return outcome
            case .rolledBack(let target):
                checkpoint = target
                steering = state.steering
            }
        }
    }

    /// Why the loop was left.
    private enum LoopEnd {
        case over(RunFinished.Outcome)
        case rolledBack(Checkpoint)
    }

    private struct State {
        var step: Int
        var plan: StepPlan
        let compute: ContrastiveStep
        let log: BankLog
        var steering: Steering
        var epochLosses: [Double]
        var savedStep: Int?
    }

    private func trainingRows() throws -> [Int] {
        let place = Dictionary(uniqueKeysWithValues: cohort.subjects.enumerated().map { ($1.id, $0) })
        let rows = try description.trainingSubjects.map { id in
            guard let row = place[id] else {
                throw Failure("the session trains on subject \"\(id)\", which \(cohort.folder.path) does not hold (any more)")
            }
            return row
        }
        try Self.requireTwo(rows.count)
        return rows
    }

    /// The state of a checkpoint, or of a run that begins.
    /// - Parameter steering: of this run, where it was rolled back.
    private func restore(
        _ checkpoint: Checkpoint?, _ steering: Steering?, settings: TrainingSettings, bankSize: Int, subjects: Int
    ) throws -> State {
        let landmarks = cohort.atlas.landmarks.count
        let bank = MemoryBank(
            landmarks: settings.bankRows(landmarks: landmarks), size: bankSize, seed: settings.seed, precision: settings.bankPrecision)
        var rates = Checkpoint.Rates(
            learningRate: settings.learningRate, temperature: settings.temperature, momentum: settings.momentum, beta: settings.beta,
            neighbours: settings.neighbours)
        let query, key: PatchEncoder
        if let checkpoint {
            query = try checkpoint.query()
            key = try checkpoint.key()
            rates = checkpoint.rates
        } else {
            query = PatchEncoder(architecture: settings.architecture)
            query.initialise(seed: settings.seed, scheme: settings.initialisation)
            key = query.copy()
        }
        let optimiser = SGD(
            layout: query.parameters.layout, momentum: Float(settings.sgdMomentum), weightDecay: Float(settings.weightDecay))
        try checkpoint?.restore(optimiser)
        let log = try BankLog(session, truncatedTo: checkpoint?.bankLogBytes ?? 0, replayInto: bank)
        let plan = StepPlan(settings, subjects: subjects, landmarks: landmarks, batch: rates.batch, origin: checkpoint?.origin)
        let compute = ContrastiveStep(
            query: query, key: key, optimiser: optimiser, bank: bank, batch: plan.batch,
            neighbours: Int(SteerableSetting.neighbours.range.upperBound),
            batchNormGroup: settings.bnGroup, maskOwnKeys: settings.ownKeys == .mask, includesBatchKeys: settings.batchKeys == .include,
            startsEmpty: settings.bankStart == .empty, kernels: kernels, parallel: options.parallel)
        let step = checkpoint?.step ?? 0
        let history = try RunHistory(session, step: step, epochStart: plan.epochStart(ofStep: step))
        return State(
            step: step, plan: plan, compute: compute, log: log,
            steering: steering ?? Steering(session, rates: rates, history: history, earlierLines: options.earlierControlLines),
            epochLosses: history.epochLosses, savedStep: checkpoint?.step)
    }

    private func totalSteps(_ state: State, _ settings: TrainingSettings) -> Int {
        min(state.plan.steps(ofEpochs: settings.epochs), options.stepLimit ?? .max)
    }

    /// Goes on with the batch that was asked for, as far as there are subjects.
    private func adoptBatch(_ state: inout State, _ settings: TrainingSettings) throws {
        let wanted = min(state.steering.rates.batch ?? settings.batch, state.plan.subjects)
        guard wanted != state.plan.batch else { return }
        state.plan = state.plan.changing(batch: wanted, atStep: state.step)
        state.compute.makeRoom(batch: wanted)
        try journal.append(
            .progress(StageProgress(stage: options.task, done: state.step, total: totalSteps(state, settings))), step: state.step)
    }

    private func loop(_ state: inout State, feed: StepFeed, settings: TrainingSettings) throws -> LoopEnd {
        while true {
            if state.step > 0, state.step % settings.checkpointEvery == 0 || state.step >= totalSteps(state, settings) {
                try save(&state, settings)
            }
            try state.steering.apply(atStep: state.step, journal: journal)
            if let (target, line) = state.steering.wantsRollBack {
                try rollBack(to: target, controlLine: line, &state)
                return .rolledBack(target)
            }
            try adoptBatch(&state, settings)
            let total = totalSteps(state, settings)
            let isOver = state.step >= total
            let isStopped = options.wantsStop(state.step, total) || state.steering.wantsStop
            if state.steering.wantsCheckpoint || isStopped || isOver { try save(&state, settings) }
            if isStopped { return .over(.stopped) }
            if isOver { return .over(.done) }
            guard state.steering.mayStep() else {
                usleep(20_000)
                continue
            }
            try advance(&state, feed: feed, settings: settings)
        }
    }

    private func advance(_ state: inout State, feed: StepFeed, settings: TrainingSettings) throws {
        let began = Journal.now()
        let plan = state.plan
        let step = state.step
        let rates = state.steering.rates
        let epoch = plan.epoch(ofStep: step)
        let neighbours = epoch < settings.warmUp ? 0 : min(rates.neighbours, plan.landmarks - 1)
        let landmark = plan.landmark(ofStep: step)
        try cohort.patches.requireWhole(
            [landmark] + cohort.atlas.neighbours[landmark].prefix(neighbours), parallel: options.parallel)
        let batch = feed.take(step: step, of: plan, neighbours: neighbours)
        let waited = Journal.now() - began
        if step + 1 < totalSteps(state, settings) { feed.prefetch(step: step + 1, of: plan, neighbours: neighbours) }
        let learningRate = LearningRateSchedule(base: rates.learningRate, epochs: settings.epochs).rate(epoch: epoch)
        let input = ContrastiveStep.Input(
            landmark: settings.bankScope == .all ? 0 : landmark, location: cohort.atlas.location(ofLandmark: landmark),
            neighbourLocations: cohort.atlas.neighbours[landmark].prefix(neighbours).map(cohort.atlas.location(ofLandmark:)),
            subjects: batch.subjects.map(Int32.init), queries: batch.queries, keys: batch.keys,
            neighbours: (0..<neighbours).map(batch.neighbours), keyOrder: plan.keyOrder(ofStep: step))
        let output: ContrastiveStep.Output
        do {
            output = try state.compute.run(
                input,
                rates: ContrastiveStep.Rates(
                    learningRate: Float(learningRate), temperature: Float(rates.temperature), momentum: Float(rates.momentum),
                    beta: Float(rates.beta)))
        } catch let failure as Failure {
            let names = batch.subjects.map { description.trainingSubjects[$0] }
            try journal.append(.fault(RunFault(message: failure.description, landmark: landmark, subjects: names)), step: step)
            throw Failure("landmark \(landmark), subjects \(names.joined(separator: ", ")): \(failure.description)")
        }
        if let keys = state.compute.lastKeys {
            try state.log.append(step: step, landmark: input.landmark, subjects: input.subjects, keys: Floats(keys.pointer))
        }
        state.step += 1
        let loss = output.local + rates.beta * output.neighbour
        try journal.append(
            .step(
                StepMetrics(
                    loss: loss, local: output.local, neighbour: output.neighbour, acc1: output.localAccuracy,
                    acc1_neighbour: output.neighbourAccuracy, landmark: landmark, lr: learningRate,
                    samples_per_s: Double(plan.batch) / (Journal.now() - began), gradient_norm: output.gradientNorm,
                    bank_fill: state.compute.bank.fill(input.landmark), data_wait_s: waited, embedding_sd: output.embeddingDeviation,
                    memory_mb: ResidentMemory.bytes.map { Double($0 / 100_000) / 10 })),
            step: state.step)
        state.epochLosses.append(loss)
        if plan.epochStart(ofStep: state.step) == state.step {
            let mean = state.epochLosses.reduce(0, +) / Double(state.epochLosses.count)
            try journal.append(.epoch(EpochSummary(epoch: epoch, meanLoss: mean)), step: state.step)
            state.epochLosses = []
        }
        if settings.probeEvery > 0, state.step % settings.probeEvery == 0 { try readProbe(state) }
    }

    private func readProbe(_ state: State) throws {
        guard let probe else { return }
        try journal.append(.probe(try probe.read(state.compute.query)), step: state.step)
    }

    /// Before a run: leaves a checkpoint the newest, for whoever finds a later one or its keys damaged.
    private func goBack(to step: Int) throws {
        let checkpoint = try Checkpoint(session, step: step)
        guard let newest = session.checkpointSteps.last, newest > step else { return }
        try remove(after: checkpoint)
        try journal.append(.command(CommandApplied(command: .rollBack(step), controlLine: -1)), step: newest)
        try journal.synchronise()
    }

    private func remove(after checkpoint: Checkpoint) throws {
        for step in session.checkpointSteps.reversed() where step > checkpoint.step {
            let file = session.checkpoint(step: step)
            guard unlink(file.path) == 0 else { throw Failure.system("remove \(file.path)") }
        }
    }

    /// Leaves nothing of the steps after a checkpoint that a resume could take, then says so in the journal. A run that is killed on the way
    /// goes on from that checkpoint, or finds the command again; the bank's log is cut when the checkpoint is restored.
    private func rollBack(to checkpoint: Checkpoint, controlLine: Int, _ state: inout State) throws {
        try remove(after: checkpoint)
        try journal.append(.command(CommandApplied(command: .rollBack(checkpoint.step), controlLine: controlLine)), step: state.step)
        try journal.synchronise()
        state.steering.rolledBack(to: checkpoint)
    }

    private func save(_ state: inout State, _ settings: TrainingSettings) throws {
        guard state.savedStep != state.step else { return }
        try state.log.synchronise()
        let bytes = try Checkpoint.write(
            session, step: state.step, query: state.compute.query, key: state.compute.key, optimiser: state.compute.optimiser,
            rates: state.steering.rates, origin: state.plan.origin, bankLogBytes: state.log.offset)
        state.savedStep = state.step
        try state.log.compact(oldest: Checkpoint.retain(settings.keepCheckpoints, in: session)?.bankLogBytes ?? 0)
        let name = session.checkpoint(step: state.step).lastPathComponent
        try journal.append(.checkpoint(CheckpointWritten(file: "checkpoints/\(name)", bytes: bytes)), step: state.step)
        try journal.synchronise()
    }
}
