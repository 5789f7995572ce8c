import Foundation
import Foundations
import SessionFormat

/// What the user steered, at step boundaries: reads `control.jsonl`, changes the rates, and journals every command with its step.
///
/// After a resume, commands that were applied at or after the checkpoint's step are applied again at the same steps, so that settings, seed
/// and control log give the same weights however often the run was interrupted.
struct Steering {
    private let session: SessionFolder
    private var control: JSONLinesReader<SteeringCommand>
    private var waiting: [(line: Int, command: Result<SteeringCommand, Failure>)] = []
    private var replay: [(step: Int, command: SteeringCommand)]
    private(set) var rates: Checkpoint.Rates
    private(set) var paused = false
    private(set) var wantsCheckpoint = false
    private(set) var wantsStop = false
    /// The checkpoint to go back to; what was asked after it waits until the run is there.
    private(set) var wantsRollBack: (checkpoint: Checkpoint, controlLine: Int)?
    private var singleSteps = 0
    private var nextLine: Int
    /// Lines of `control.jsonl` that were there before the run began.
    private let earlierLines: Int

    /// - Parameter earlierLines: lines of `control.jsonl` from before this run: settings among them are taken, but a stop or a pause was meant
    ///   for the run before.
    init(_ session: SessionFolder, rates: Checkpoint.Rates, history: RunHistory, earlierLines: Int) {
        self.session = session
        self.rates = rates
        self.earlierLines = earlierLines
        control = JSONLinesReader(session.control)
        replay = history.replay
        nextLine = history.nextControlLine
    }

    /// Applies what is due at the boundary after `step` steps.
    mutating func apply(atStep step: Int, journal: Journal) throws {
        wantsCheckpoint = false
        while let next = replay.first, next.step <= step {
            if case .set(let setting, let value) = next.command { set(setting, value) }
            replay.removeFirst()
        }
        waiting += try control.readEach().map { (line: $0.number, command: $0.line) }
        while wantsRollBack == nil, let (line, wish) = waiting.first {
            waiting.removeFirst()
            guard line >= nextLine else { continue }
            nextLine = line + 1
            let command: SteeringCommand
            var refusal: String?
            switch wish {
            case .success(let found):
                command = found
                refusal = line < earlierLines && found.isForTheMoment ? "it was meant for a run that had ended" : handle(found, line: line)
            case .failure(let failure):
                command = .unreadable
                refusal = failure.description
            }
            // A roll back is journalled once nothing of the abandoned steps is left that a resume could take.
            guard wantsRollBack == nil else { break }
            try journal.append(.command(CommandApplied(command: command, controlLine: line, refusal: refusal)), step: step)
        }
    }

    /// Goes on from a checkpoint that the run was rolled back to.
    mutating func rolledBack(to checkpoint: Checkpoint) {
        rates = checkpoint.rates
        replay = []
        wantsRollBack = nil
    }

    /// True if the run may compute a step now; a single step that was asked for is used up.
    mutating func mayStep() -> Bool {
        guard paused else { return true }
        guard singleSteps > 0 else { return false }
        singleSteps -= 1
        return true
    }

    private mutating func handle(_ command: SteeringCommand, line: Int) -> String? {
        switch command {
        case .pause: paused = true
        case .resume:
            paused = false
            singleSteps = 0
        case .singleStep:
            guard paused else { return "a single step needs a paused run" }
            singleSteps += 1
        case .checkpoint: wantsCheckpoint = true
        case .stop: wantsStop = true
        case .rollBack(let step):
            do { wantsRollBack = (try Checkpoint(session, step: step), line) } catch { return "\(error)" }
        case .unreadable: return "it is not a command"
        case .set(let setting, let value):
            guard setting.range.contains(value) else {
                return "\(setting.rawValue) must lie between \(setting.range.lowerBound) and \(setting.range.upperBound)"
            }
            if setting.isWhole, value != value.rounded() { return "\(setting.rawValue) must be a whole number" }
            set(setting, value)
        }
        return nil
    }

    private mutating func set(_ setting: SteerableSetting, _ value: Double) {
        switch setting {
        case .learningRate: rates.learningRate = value
        case .temperature: rates.temperature = value
        case .momentum: rates.momentum = value
        case .beta: rates.beta = value
        case .neighbours: rates.neighbours = Int(value)
        case .batch: rates.batch = Int(value)
        }
    }
}
