import Dispatch
import Foundation
import KernelInterface

/// Pre-trains an encoder in a session: sweeps landmarks and subjects, applies steering at step boundaries, journals, writes checkpoints.
///
/// A trainer works on the queue that calls `run`. Source: METHOD.md section 3.
public struct Trainer {
    /// How a run is bounded and continued.
    public struct Options: Sendable {
        /// Steps after which the run ends, counted from the session's beginning; nil for all epochs.
        public var stepLimit: Int?
        /// Go on from the newest checkpoint.
        public var resume = false
        public var parallel = Parallel.allProcessors
        /// What the journal calls the run.
        public var task = "pretrain"

        public init() {}
    }

    /// How a run ended.
    public enum Outcome: String, Sendable {
        case done
        case stopped
    }

    private let session: SessionFolder
    private let description: SessionDescription
    private let cohort: PreparedCohort
    private let options: Options
    private let journal: Journal
    private let kernels: any KernelSet

    /// Makes a new session's `session.json`; folder and name are the caller's.
    public static func create(
        _ session: SessionFolder, cohort: PreparedCohort, trainingSubjects: [String]? = nil, settings: TrainingSettings
    ) throws {
        if FileManager.default.fileExists(atPath: session.description.path) {
            throw Failure("\(session.root.path) holds a session already; continue it with --resume, or choose another folder")
        }
        let subjects = trainingSubjects ?? cohort.subjects.map(\.id)
        try requireTwo(subjects.count)
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

    private static func requireTwo(_ subjects: Int) throws {
        guard subjects > 1 else {
            throw Failure(
                "there \(subjects == 1 ? "is 1 training subject" : "are no training subjects"), expected at least 2: other subjects are the negatives"
            )
        }
    }

    public init(_ session: SessionFolder, cohort: PreparedCohort, options: Options, journal: Journal) throws {
        self.session = session
        self.cohort = cohort
        self.options = options
        self.journal = journal
        kernels = KernelSelection.best
        description = try SessionDescription.read(session)
        guard description.atlas == cohort.atlas.checksum else {
            throw Failure(
                "\(cohort.folder.path) was prepared with another atlas than the session \(session.name); prepare it with \(session.atlas.path)"
            )
        }
    }

    /// Runs until the steps are done or the user stops it.
    public func run() throws -> Outcome {
        let settings = description.settings
        var notes: [String] = []
        let rows = try trainingRows()
        let batch = min(settings.batch, rows.count)
        if batch < settings.batch { notes.append("batch reduced from \(settings.batch) to \(batch), the number of training subjects") }
        let plan = StepPlan(
            subjects: rows.count, landmarks: cohort.atlas.landmarks.count, batch: batch, batchNormGroup: settings.bnGroup,
            seed: settings.seed)
        let totalSteps = min(plan.stepsPerEpoch * settings.epochs, options.stepLimit ?? .max)
        let bankSize = settings.bankKeys(subjects: rows.count)
        if settings.bankSize == 0 { notes.append("bank of \(bankSize) keys a landmark") }
        if description.isa != kernels.name {
            notes.append(
                "the session was begun with instruction set \(description.isa), this processor runs \(kernels.name): bytes may differ")
        }
        var state = try restore(settings: settings, bankSize: bankSize, batch: batch)
        try journal.append(
            .started(
                RunStarted(
                    task: options.task, pid: Int(getpid()), threads: options.parallel.threads, isa: kernels.name, totalSteps: totalSteps,
                    stepsPerEpoch: plan.stepsPerEpoch, landmarks: plan.landmarks, resumedFrom: state.resumedFrom, notes: notes)),
            step: state.step)
        let feed = StepFeed(
            plan: plan, store: cohort.patches, rows: rows, neighbours: cohort.atlas.neighbours, strength: settings.augmentation,
            kernels: kernels,
            parallel: options.parallel)
        return try loop(&state, plan: plan, feed: feed, totalSteps: totalSteps, settings: settings)
    }

    private struct State {
        var step: Int
        let compute: ContrastiveStep
        let log: BankLog
        var steering: Steering
        let resumedFrom: Int?
        var epochLoss = 0.0
        var epochSteps = 0
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

    private func restore(settings: TrainingSettings, bankSize: Int, batch: Int) throws -> State {
        let bank = MemoryBank(
            landmarks: settings.bankRows(landmarks: cohort.atlas.landmarks.count), size: bankSize, seed: settings.seed,
            precision: settings.bankPrecision)
        var rates = Checkpoint.Rates(
            learningRate: settings.learningRate, temperature: settings.temperature, momentum: settings.momentum, beta: settings.beta,
            neighbours: settings.neighbours)
        let query, key: PatchEncoder
        var checkpoint: Checkpoint?
        if options.resume, !Checkpoint.steps(in: session).isEmpty {
            let found = try Checkpoint(session)
            query = try found.query()
            key = try found.key()
            rates = found.rates
            checkpoint = found
        } else {
            query = PatchEncoder(architecture: settings.architecture)
            query.initialise(seed: settings.seed, scheme: settings.initialisation)
            key = query.copy()
        }
        let optimiser = SGD(
            layout: query.parameters.layout, momentum: Float(settings.sgdMomentum), weightDecay: Float(settings.weightDecay))
        try checkpoint?.restore(optimiser)
        let log = try BankLog(session, truncatedTo: checkpoint?.bankLogBytes ?? 0, replayInto: bank)
        let compute = ContrastiveStep(
            query: query, key: key, optimiser: optimiser, bank: bank, batch: batch,
            neighbours: Int(SteerableSetting.neighbours.range.upperBound),
            batchNormGroup: settings.bnGroup, maskOwnKeys: settings.ownKeys == .mask, includesBatchKeys: settings.batchKeys == .include,
            startsEmpty: settings.bankStart == .empty,
            kernels: kernels, parallel: options.parallel)
        return State(
            step: checkpoint?.step ?? 0, compute: compute, log: log,
            steering: try Steering(session, rates: rates, resumedFrom: checkpoint?.step), resumedFrom: checkpoint?.step,
            savedStep: checkpoint?.step)
    }

    private func loop(_ state: inout State, plan: StepPlan, feed: StepFeed, totalSteps: Int, settings: TrainingSettings) throws -> Outcome {
        while true {
            if state.step > 0, state.step % settings.checkpointEvery == 0 || state.step >= totalSteps { try save(&state, settings) }
            try state.steering.apply(atStep: state.step, journal: journal)
            if state.steering.wantsCheckpoint || state.steering.wantsStop { try save(&state, settings) }
            if state.steering.wantsStop { return .stopped }
            if state.step >= totalSteps { return .done }
            guard state.steering.mayStep() else {
                usleep(20_000)
                continue
            }
            try advance(&state, plan: plan, feed: feed, totalSteps: totalSteps, settings: settings)
        }
    }

    private func advance(_ state: inout State, plan: StepPlan, feed: StepFeed, totalSteps: Int, settings: TrainingSettings) throws {
        let began = Journal.now()
        let step = state.step
        let rates = state.steering.rates
        let epoch = plan.epoch(ofStep: step)
        let neighbours = epoch < settings.warmUp ? 0 : min(rates.neighbours, plan.landmarks - 1)
        let batch = feed.take(step: step, neighbours: neighbours)
        let waited = Journal.now() - began
        if step + 1 < totalSteps { feed.prefetch(step: step + 1, neighbours: neighbours) }
        let landmark = plan.landmark(ofStep: step)
        let learningRate = LearningRateSchedule(base: rates.learningRate, epochs: settings.epochs).rate(epoch: epoch)
        let input = ContrastiveStep.Input(
            landmark: settings.bankScope == .all ? 0 : landmark, location: cohort.atlas.location(ofLandmark: landmark),
            neighbourLocations: cohort.atlas.neighbours[landmark].prefix(neighbours).map(cohort.atlas.location(ofLandmark:)),
            subjects: batch.subjects.map(Int32.init), queries: batch.views(0), keys: batch.views(1),
            neighbours: (0..<neighbours).map { batch.views(2 + $0) }, keyOrder: plan.keyOrder(ofStep: step))
        let output: ContrastiveStep.Output
        do {
            output = try state.compute.run(
                input,
                rates: ContrastiveStep.Rates(
                    learningRate: Float(learningRate), temperature: Float(rates.temperature), momentum: Float(rates.momentum),
                    beta: Float(rates.beta)))
        } catch let failure as Failure {
            let names = batch.subjects.map { description.trainingSubjects[$0] }
            try journal.append(.fault(Fault(message: failure.description, landmark: landmark, subjects: names)), step: step)
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
                    bank_fill: state.compute.bank.fill(input.landmark), data_wait_s: waited, embedding_sd: output.embeddingDeviation)),
            step: state.step)
        state.epochLoss += loss
        state.epochSteps += 1
        if state.step % plan.stepsPerEpoch == 0 {
            try journal.append(.epoch(EpochSummary(epoch: epoch, meanLoss: state.epochLoss / Double(state.epochSteps))), step: state.step)
            state.epochLoss = 0
            state.epochSteps = 0
        }
    }

    private func save(_ state: inout State, _ settings: TrainingSettings) throws {
        guard state.savedStep != state.step else { return }
        try state.log.synchronise()
        let bytes = try Checkpoint.write(
            session, step: state.step, query: state.compute.query, key: state.compute.key, optimiser: state.compute.optimiser,
            rates: state.steering.rates, bankLogBytes: state.log.offset)
        state.savedStep = state.step
        try state.log.compact(oldest: Checkpoint.retain(settings.keepCheckpoints, in: session)?.bankLogBytes ?? 0)
        let name = Checkpoint.file(session, step: state.step).lastPathComponent
        try journal.append(.checkpoint(CheckpointWritten(file: "checkpoints/\(name)", bytes: bytes)), step: state.step)
        try journal.synchronise()
    }
}
