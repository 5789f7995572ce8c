import Foundation

/// What the user steered, at step boundaries: reads `control.jsonl`, changes the rates, and journals every command with its step.
///
/// After a resume, commands that were applied at or after the checkpoint's step are applied again at the same steps, so that settings, seed
/// and control log give the same weights however often the run was interrupted.
struct Steering {
    private var control: JSONLinesReader<SteeringCommand>
    private var replay: [(step: Int, command: SteeringCommand)]
    private(set) var rates: Checkpoint.Rates
    private(set) var paused = false
    private(set) var wantsCheckpoint = false
    private(set) var wantsStop = false
    private var singleSteps = 0
    private var appliedLines: Int

    /// - Parameter resumedFrom: the checkpoint's step, where the run goes on from one.
    init(_ session: SessionFolder, rates: Checkpoint.Rates, resumedFrom step: Int?) throws {
        self.rates = rates
        control = JSONLinesReader(session.control)
        var journal = JSONLinesReader<JournalEntry>(session.journal)
        var applied: [(step: Int, event: CommandApplied)] = []
        for entry in try journal.read() {
            if case .command(let event) = entry.event { applied.append((entry.step, event)) }
        }
        appliedLines = (applied.map(\.event.controlLine).max() ?? -1) + 1
        replay = []
        // A run that was cut off before its first checkpoint begins again.
        let step = step ?? 0
        var seen = Set<Int>()
        for item in applied.reversed() where item.step >= step && item.event.refusal == nil && seen.insert(item.event.controlLine).inserted
        {
            if case .set = item.event.command { replay.append((item.step, item.event.command)) }
        }
        replay.reverse()
        // After several resumes the journal is not in the order of steps; commands of one step stay in the order of the journal.
        replay = replay.enumerated().sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }.map(\.element)
    }

    /// Applies what is due at the boundary after `step` steps.
    mutating func apply(atStep step: Int, journal: Journal) throws {
        wantsCheckpoint = false
        while let next = replay.first, next.step <= step {
            if case .set(let setting, let value) = next.command { set(setting, value) }
            replay.removeFirst()
        }
        let before = control.lines
        for (offset, command) in try control.read().enumerated() {
            let line = before + offset
            guard line >= appliedLines else { continue }
            let refusal = handle(command)
            try journal.append(.command(CommandApplied(command: command, controlLine: line, refusal: refusal)), step: step)
            appliedLines = line + 1
        }
    }

    /// True if the run may compute a step now; a single step that was asked for is used up.
    mutating func mayStep() -> Bool {
        guard paused else { return true }
        guard singleSteps > 0 else { return false }
        singleSteps -= 1
        return true
    }

    private mutating func handle(_ command: SteeringCommand) -> String? {
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
        case .set(let setting, let value):
            guard setting.range.contains(value) else {
                return "\(setting.rawValue) must lie between \(setting.range.lowerBound) and \(setting.range.upperBound)"
            }
            if setting == .neighbours, value != value.rounded() { return "neighbours must be a whole number" }
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
        }
    }
}
