/// One thing that happened in a session, as written in `journal.jsonl`: one JSON object a line with `t`, `step`, `kind` and the kind's fields.
public struct JournalEntry: Equatable, Sendable {
    /// Seconds since the session was first started.
    public var t: Double
    /// Training steps completed when it happened.
    public var step: Int
    public var event: TrainingEvent

    public init(t: Double, step: Int, event: TrainingEvent) {
        self.t = t
        self.step = step
        self.event = event
    }
}

/// What can happen in a session.
public enum TrainingEvent: Equatable, Sendable {
    case started(RunStarted)
    case step(StepMetrics)
    case epoch(EpochSummary)
    case checkpoint(CheckpointWritten)
    case command(CommandApplied)
    case progress(StageProgress)
    case mask(MaskWritten)
    case classifiers(ClassifiersTrained)
    case probe(ProbeReading)
    case fault(Fault)
    case finished(RunFinished)
}

/// A process began, or resumed, to work on the session.
public struct RunStarted: Codable, Equatable, Sendable {
    /// What the run will do: `pretrain`, `demo`, `finetune`, `segment`.
    public var task: String
    public var pid: Int
    public var threads: Int
    /// Instruction set of the kernels: `v2`, `v3`, `v4`, `portable`.
    public var isa: String
    /// Steps in the whole run and in one epoch; landmarks swept.
    public var totalSteps: Int
    public var stepsPerEpoch: Int
    public var landmarks: Int
    public var resumedFrom: Int?
    /// Notes on what was adapted, for example a batch reduced to the number of subjects.
    public var notes: [String]

    public init(
        task: String, pid: Int, threads: Int, isa: String, totalSteps: Int, stepsPerEpoch: Int, landmarks: Int, resumedFrom: Int? = nil,
        notes: [String] = []
    ) {
        self.task = task
        self.pid = pid
        self.threads = threads
        self.isa = isa
        self.totalSteps = totalSteps
        self.stepsPerEpoch = stepsPerEpoch
        self.landmarks = landmarks
        self.resumedFrom = resumedFrom
        self.notes = notes
    }
}

/// The numbers of one training step. Losses are means over the batch, in nats; accuracies are fractions in 0…1.
public struct StepMetrics: Codable, Equatable, Sendable {
    public var loss: Double
    public var local: Double
    public var neighbour: Double
    public var acc1: Double
    public var acc1_neighbour: Double
    public var landmark: Int
    public var lr: Double
    public var samples_per_s: Double
    public var gradient_norm: Double
    /// Fraction of this landmark's bank slots that hold keys rather than the random start.
    public var bank_fill: Double
    /// Seconds that the step waited for its patches.
    public var data_wait_s: Double
    /// Standard deviation of the embeddings' components over the batch, averaged; 1/√128 = 0.088 when spread evenly, 0 when collapsed.
    public var embedding_sd: Double
    /// Memory of the process after the step, 10⁶ bytes that lie in RAM; nil where the system or an earlier version does not tell.
    public var memory_mb: Double?

    public init(
        loss: Double, local: Double, neighbour: Double, acc1: Double, acc1_neighbour: Double, landmark: Int, lr: Double,
        samples_per_s: Double, gradient_norm: Double, bank_fill: Double, data_wait_s: Double, embedding_sd: Double, memory_mb: Double? = nil
    ) {
        self.loss = loss
        self.local = local
        self.neighbour = neighbour
        self.acc1 = acc1
        self.acc1_neighbour = acc1_neighbour
        self.landmark = landmark
        self.lr = lr
        self.samples_per_s = samples_per_s
        self.gradient_norm = gradient_norm
        self.bank_fill = bank_fill
        self.data_wait_s = data_wait_s
        self.embedding_sd = embedding_sd
        self.memory_mb = memory_mb
    }
}

/// An epoch ended: every landmark was swept once.
public struct EpochSummary: Codable, Equatable, Sendable {
    public var epoch: Int
    public var meanLoss: Double

    public init(epoch: Int, meanLoss: Double) {
        self.epoch = epoch
        self.meanLoss = meanLoss
    }
}

/// A checkpoint was written, complete on disk.
public struct CheckpointWritten: Codable, Equatable, Sendable {
    /// Path relative to the session folder.
    public var file: String
    public var bytes: Int

    public init(file: String, bytes: Int) {
        self.file = file
        self.bytes = bytes
    }
}

/// A steering command was applied at this step boundary.
public struct CommandApplied: Codable, Equatable, Sendable {
    public var command: SteeringCommand
    /// The line of `control.jsonl` that it came from, counted from 0.
    public var controlLine: Int
    /// Empty when applied; else why it was refused.
    public var refusal: String?

    public init(command: SteeringCommand, controlLine: Int, refusal: String? = nil) {
        self.command = command
        self.controlLine = controlLine
        self.refusal = refusal
    }
}

/// A stage of a longer job moved on.
public struct StageProgress: Codable, Equatable, Sendable {
    public var stage: String
    public var done: Int
    public var total: Int
    /// What was just worked on, for example a subject.
    public var detail: String?

    public init(stage: String, done: Int, total: Int, detail: String? = nil) {
        self.stage = stage
        self.done = done
        self.total = total
        self.detail = detail
    }
}

/// A mask was written to the session's `masks/`.
public struct MaskWritten: Codable, Equatable, Sendable {
    public var subject: String
    public var subtype: String
    /// Path relative to the session folder.
    public var file: String

    public init(subject: String, subtype: String, file: String) {
        self.subject = subject
        self.subtype = subtype
        self.file = file
    }
}

/// Classifiers were fine-tuned from the viewer, or could not be.
public struct ClassifiersTrained: Codable, Equatable, Sendable {
    public var subtypes: [String]
    /// With how many boxes.
    public var summary: String
    /// Nil when trained; else why not.
    public var refusal: String?

    public init(subtypes: [String], summary: String, refusal: String? = nil) {
        self.subtypes = subtypes
        self.summary = summary
        self.refusal = refusal
    }
}

/// How well a label could be read out of the frozen encoder, on subjects that the readout had not seen.
public struct ProbeReading: Codable, Equatable, Sendable {
    /// The label.
    public var column: String
    /// `balanced accuracy` of classes, `R²` of other labels.
    public var metric: String
    /// Nil where the readout failed.
    public var value: Double?
    /// What guessing would get.
    public var baseline: Double
    /// Subjects that it was tested on.
    public var subjects: Int
    public var seconds = 0.0
    /// Why there is no value.
    public var complaint: String?

    public init(column: String, metric: String, value: Double? = nil, baseline: Double, subjects: Int) {
        self.column = column
        self.metric = metric
        self.value = value
        self.baseline = baseline
        self.subjects = subjects
    }
}

/// Something went wrong; the run stopped at its last good state.
public struct Fault: Codable, Equatable, Sendable {
    public var message: String
    public var landmark: Int?
    public var subjects: [String]?

    public init(message: String, landmark: Int? = nil, subjects: [String]? = nil) {
        self.message = message
        self.landmark = landmark
        self.subjects = subjects
    }
}

/// The run ended by itself or by a stop command.
public struct RunFinished: Codable, Equatable, Sendable {
    /// `done` or `stopped`.
    public var outcome: String
    /// Lines to show the user, for example the demo's summary.
    public var summary: [String]

    public init(outcome: String, summary: [String] = []) {
        self.outcome = outcome
        self.summary = summary
    }
}

extension JournalEntry: Codable {
    private enum Key: String, CodingKey { case t, step, kind }

    /// The word in `kind`.
    public var kind: String {
        switch event {
        case .started: "started"
        case .step: "step"
        case .epoch: "epoch"
        case .checkpoint: "checkpoint"
        case .command: "command"
        case .progress: "progress"
        case .mask: "mask"
        case .classifiers: "classifiers"
        case .probe: "probe"
        case .fault: "fault"
        case .finished: "finished"
        }
    }

    /// Numbers that no run can write are brought into their range here, for whoever reads the journal.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        t = try container.decode(Double.self, forKey: .t)
        step = try container.decode(Int.self, forKey: .step)
        let kind = try container.decode(String.self, forKey: .kind)
        switch kind {
        case "started": event = .started(try RunStarted(from: decoder))
        case "step": event = .step(try StepMetrics(from: decoder))
        case "epoch": event = .epoch(try EpochSummary(from: decoder))
        case "checkpoint": event = .checkpoint(try CheckpointWritten(from: decoder))
        case "command": event = .command(try CommandApplied(from: decoder))
        case "progress": event = .progress(try StageProgress(from: decoder))
        case "mask": event = .mask(try MaskWritten(from: decoder))
        case "classifiers": event = .classifiers(try ClassifiersTrained(from: decoder))
        case "probe": event = .probe(try ProbeReading(from: decoder))
        case "fault": event = .fault(try Fault(from: decoder))
        case "finished": event = .finished(try RunFinished(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(forKey: .kind, in: container, debugDescription: "unknown kind \(kind)")
        }
        self = limited()
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(t, forKey: .t)
        try container.encode(step, forKey: .step)
        try container.encode(kind, forKey: .kind)
        switch event {
        case .started(let value): try value.encode(to: encoder)
        case .step(let value): try value.encode(to: encoder)
        case .epoch(let value): try value.encode(to: encoder)
        case .checkpoint(let value): try value.encode(to: encoder)
        case .command(let value): try value.encode(to: encoder)
        case .progress(let value): try value.encode(to: encoder)
        case .mask(let value): try value.encode(to: encoder)
        case .classifiers(let value): try value.encode(to: encoder)
        case .probe(let value): try value.encode(to: encoder)
        case .fault(let value): try value.encode(to: encoder)
        case .finished(let value): try value.encode(to: encoder)
        }
    }
}
