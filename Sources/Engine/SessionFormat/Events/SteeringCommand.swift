import Foundations

/// A wish of the user's, one line of `control.jsonl`; the engine applies it at the next step boundary.
package enum SteeringCommand: Equatable, Sendable {
    case pause
    case resume
    /// While paused: compute one step, then pause again.
    case singleStep
    /// Write a checkpoint now.
    case checkpoint
    /// Write a checkpoint and end the run.
    case stop
    /// Go back to the checkpoint of a step, and on from there: later steps and their checkpoints are gone.
    case rollBack(Int)
    /// Give a setting a new value.
    case set(SteerableSetting, Double)
    /// A line of `control.jsonl` that is no command; the journal keeps why.
    case unreadable

    /// True for what makes sense for the run that is going on only: left over, it must not stop the next one.
    package var isForTheMoment: Bool {
        switch self {
        case .pause, .resume, .singleStep, .checkpoint, .stop: true
        case .rollBack, .set, .unreadable: false
        }
    }
}

/// The settings that may change while a run goes on.
package enum SteerableSetting: String, Codable, CaseIterable, Sendable {
    case learningRate
    case temperature
    case momentum
    case beta
    case neighbours
    case batch

    /// Its row among all settings.
    private var setting: TrainingSetting {
        guard let row = TrainingSetting.named(rawValue) else { preconditionFailure("SteerableSetting: \(rawValue) has no row") }
        return row
    }

    /// The values that make sense.
    package var range: ClosedRange<Double> {
        guard let numbers = setting.numbers else { preconditionFailure("SteerableSetting: \(rawValue) takes no numbers") }
        return numbers
    }

    /// What it is, in a sentence.
    package var help: String { setting.help }

    /// Whether only whole numbers make sense.
    package var isWhole: Bool { setting.isWhole }
}

extension SteeringCommand: Codable {
    private enum Key: String, CodingKey { case action, setting, value, step }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let action = try container.decode(String.self, forKey: .action)
        switch action {
        case "pause": self = .pause
        case "resume": self = .resume
        case "step": self = .singleStep
        case "checkpoint": self = .checkpoint
        case "stop": self = .stop
        case "rollback": self = .rollBack(try container.decode(Int.self, forKey: .step))
        case "unreadable": self = .unreadable
        case "set":
            self = .set(try container.decode(SteerableSetting.self, forKey: .setting), try container.decode(Double.self, forKey: .value))
        default:
            throw DecodingError.dataCorruptedError(forKey: .action, in: container, debugDescription: "unknown action \(action)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(action, forKey: .action)
        if case .set(let setting, let value) = self {
            try container.encode(setting, forKey: .setting)
            try container.encode(value, forKey: .value)
        }
        if case .rollBack(let step) = self { try container.encode(step, forKey: .step) }
    }

    private var action: String {
        switch self {
        case .pause: "pause"
        case .resume: "resume"
        case .singleStep: "step"
        case .checkpoint: "checkpoint"
        case .stop: "stop"
        case .rollBack: "rollback"
        case .set: "set"
        case .unreadable: "unreadable"
        }
    }

    /// From the words of `workbench steer`: `pause`, `resume`, `step`, `checkpoint`, `stop`, `rollback=STEP` or `name=value`.
    package init(words: String) throws {
        switch words {
        case "pause": self = .pause
        case "resume": self = .resume
        case "step": self = .singleStep
        case "checkpoint": self = .checkpoint
        case "stop": self = .stop
        default:
            let parts = words.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, parts[0] == "rollback" {
                guard let step = Int(parts[1]), step >= 0 else { throw Failure("rollback=\(parts[1]): expected the step of a checkpoint") }
                self = .rollBack(step)
                return
            }
            guard parts.count == 2, let setting = SteerableSetting(rawValue: parts[0]) else {
                let names = SteerableSetting.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    "\"\(words)\" is no steering command; expected pause, resume, step, checkpoint, stop, rollback=STEP or name=value with one of \(names)"
                )
            }
            guard let value = Double(parts[1]), setting.range.contains(value) else {
                throw Failure(
                    "\(setting.rawValue)=\(parts[1]) is out of range; expected a number from \(setting.range.lowerBound) to \(setting.range.upperBound)"
                )
            }
            if setting.isWhole, value != value.rounded() { throw Failure("\(setting.rawValue)=\(parts[1]) must be a whole number") }
            self = .set(setting, value)
        }
    }
}

extension SteeringCommand: CustomStringConvertible {
    package var description: String {
        switch self {
        case .set(let setting, let value): "\(setting.rawValue)=\(value)"
        case .rollBack(let step): "rollback=\(step)"
        case .unreadable: "a line that is no command"
        default: action
        }
    }
}
