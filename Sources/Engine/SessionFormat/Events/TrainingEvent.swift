import Foundations

/// One thing that happened in a session, as written in `journal.jsonl`: one JSON object a line with `t`, `step`, `kind` and the kind's fields.
package struct JournalEntry: Equatable, Sendable {
    /// Seconds since the session was first started.
    package var t: Double
    /// Training steps completed when it happened.
    package var step: Int
    package var event: TrainingEvent

    package init(t: Double, step: Int, event: TrainingEvent) {
        self.t = t
        self.step = step
        self.event = event
    }
}

/// What can happen in a session.
package enum TrainingEvent: Equatable, Sendable {
    case started(RunStarted)
    case step(StepMetrics)
    case epoch(EpochSummary)
    case checkpoint(CheckpointWritten)
    case command(CommandApplied)
    case progress(StageProgress)
    case mask(MaskWritten)
    case classifiers(ClassifiersTrained)
    case probe(ProbeReading)
    case fault(RunFault)
    case finished(RunFinished)
}

/// A process began, or resumed, to work on the session.
package struct RunStarted: Codable, Equatable, Sendable {
    /// What the run will do: `pretrain`, `demo`, `finetune`, `segment`.
    package var task: String
    package var pid: Int
    package var threads: Int
    /// Instruction set of the kernels: `v2`, `v3`, `v4`, `portable`.
    package var isa: String
    /// Steps in the whole run and in one epoch; landmarks swept.
    package var totalSteps: Int
    package var stepsPerEpoch: Int
    package var landmarks: Int
    package var resumedFrom: Int?
    /// Notes on what was adapted, for example a batch reduced to the number of subjects.
    package var notes: [String]

    package init(
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
package struct StepMetrics: Codable, Equatable, Sendable {
    package var loss: Double
    package var local: Double
    package var neighbour: Double
    package var acc1: Double
    package var acc1_neighbour: Double
    package var landmark: Int
    package var lr: Double
    package var samples_per_s: Double
    package var gradient_norm: Double
    /// Fraction of this landmark's bank slots that hold keys rather than the random start.
    package var bank_fill: Double
    /// Seconds that the step waited for its patches.
    package var data_wait_s: Double
    /// Standard deviation of the embeddings' components over the batch, averaged; 1/√128 = 0.088 when spread evenly, 0 when collapsed.
    package var embedding_sd: Double
    /// Memory of the process after the step, 10⁶ bytes that lie in RAM; nil where the system or an earlier version does not tell.
    package var memory_mb: Double?

    package init(
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
package struct EpochSummary: Codable, Equatable, Sendable {
    package var epoch: Int
    package var meanLoss: Double

    package init(epoch: Int, meanLoss: Double) {
        self.epoch = epoch
        self.meanLoss = meanLoss
    }
}

/// A checkpoint was written, complete on disk.
package struct CheckpointWritten: Codable, Equatable, Sendable {
    /// Path relative to the session folder.
    package var file: String
    package var bytes: Int

    package init(file: String, bytes: Int) {
        self.file = file
        self.bytes = bytes
    }
}

/// A steering command was applied at this step boundary.
package struct CommandApplied: Codable, Equatable, Sendable {
    package var command: SteeringCommand
    /// The line of `control.jsonl` that it came from, counted from 0.
    package var controlLine: Int
    /// Empty when applied; else why it was refused.
    package var refusal: String?

    package init(command: SteeringCommand, controlLine: Int, refusal: String? = nil) {
        self.command = command
        self.controlLine = controlLine
        self.refusal = refusal
    }
}

/// A mask was written to the session's `masks/`.
package struct MaskWritten: Codable, Equatable, Sendable {
    package var subject: String
    package var subtype: String
    /// Path relative to the session folder.
    package var file: String

    package init(subject: String, subtype: String, file: String) {
        self.subject = subject
        self.subtype = subtype
        self.file = file
    }
}

/// Classifiers were fine-tuned from the viewer, or could not be.
package struct ClassifiersTrained: Codable, Equatable, Sendable {
    package var subtypes: [String]
    /// With how many boxes.
    package var summary: String
    /// Nil when trained; else why not.
    package var refusal: String?

    package init(subtypes: [String], summary: String, refusal: String? = nil) {
        self.subtypes = subtypes
        self.summary = summary
        self.refusal = refusal
    }
}

/// How well a label could be read out of the frozen encoder, on subjects that the readout had not seen.
package struct ProbeReading: Codable, Equatable, Sendable {
    /// The label.
    package var column: String
    /// `balanced accuracy` of classes, `R²` of other labels.
    package var metric: String
    /// Nil where the readout failed.
    package var value: Double?
    /// What guessing would get.
    package var baseline: Double
    /// Subjects that it was tested on.
    package var subjects: Int
    package var seconds = 0.0
    /// Why there is no value.
    package var complaint: String?

    package init(column: String, metric: String, value: Double? = nil, baseline: Double, subjects: Int) {
        self.column = column
        self.metric = metric
        self.value = value
        self.baseline = baseline
        self.subjects = subjects
    }
}

/// Something went wrong; the run stopped at its last good state.
package struct RunFault: Codable, Equatable, Sendable {
    package var message: String
    package var landmark: Int?
    package var subjects: [String]?

    package init(message: String, landmark: Int? = nil, subjects: [String]? = nil) {
        self.message = message
        self.landmark = landmark
        self.subjects = subjects
    }
}

/// The run ended by itself or by a stop command.
package struct RunFinished: Codable, Equatable, Sendable {
    /// How a run ends when nothing goes wrong.
    package enum Outcome: String, Sendable {
        /// It came to its last step.
        case done
        case stopped
    }

    /// `done` or `stopped`.
    package var outcome: String
    /// Lines to show the user, for example the demo's summary.
    package var summary: [String]

    package init(outcome: String, summary: [String] = []) {
        self.outcome = outcome
        self.summary = summary
    }
}

extension JournalEntry: Codable {
    private enum Key: String, CodingKey { case t, step, kind }

    /// The word in `kind`.
    package var kind: String {
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
    package init(from decoder: any Decoder) throws {
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
        case "fault": event = .fault(try RunFault(from: decoder))
        case "finished": event = .finished(try RunFinished(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(forKey: .kind, in: container, debugDescription: "unknown kind \(kind)")
        }
        self = limited()
    }

    package func encode(to encoder: any Encoder) throws {
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
