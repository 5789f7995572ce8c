import Foundation
import SessionFormat

/// Steering.
extension WorkbenchState {
    mutating func runTraining(_ command: CommandID) -> [Effect] {
        switch command {
        case .pauseResume: return send(willBePaused ? .resume : .pause)
        case .singleStep:
            guard willBePaused else {
                message = Message(text: "a single step is for a paused run: press p first", isFault: false)
                return []
            }
            return send(.singleStep)
        case .raiseLearningRate: return changeLearningRate(by: 1.25)
        case .lowerLearningRate: return changeLearningRate(by: 1 / 1.25)
        case .enterLearningRate: if canSteer() { overlay = .prompt(text: "learningRate=", complaint: nil) }
        case .enterSetting: if canSteer() { overlay = .prompt(text: "", complaint: nil) }
        case .checkpoint: return send(.checkpoint)
        case .stop: if canSteer() { overlay = .confirmStop }
        case .rollBack:
            guard canSteer() else { return [] }
            overlay = .rollBack(steps: nil, chosen: 0)
            return [.listCheckpoints]
        default: break
        }
        return []
    }

    /// - Parameter remembers: whether it can be taken back with undo.
    mutating func send(_ command: SteeringCommand, remembers: Bool = true) -> [Effect] {
        guard canSteer() else { return [] }
        if remembers, let inverse = inverse(of: command) { history.add(.steering(command, inverse: inverse), source: "steering") }
        training.pending.append(command)
        message = Message(text: sentence(sent: command), isFault: false)
        return [.steer(command)]
    }

    private func sentence(sent command: SteeringCommand) -> String {
        "sent \(command); \(training.isPaused ? "the paused run takes it at once" : "it is applied at the next step")"
    }

    /// What became of a command that the last message says was sent.
    mutating func answer(_ applied: CommandApplied) {
        guard message?.text.hasPrefix("sent \(applied.command);") == true else { return }
        let refusal = applied.refusal.flatMap { $0.isEmpty ? nil : $0 }
        message = Message(
            text: refusal.map { "\(applied.command) was refused: \($0)" } ?? "\(applied.command) was applied", isFault: refusal != nil)
    }

    /// Tells why nothing can be steered, and what goes on from here.
    private mutating func canSteer() -> Bool {
        if isSteerable { return true }
        let text =
            if training.finished?.outcome == "done" {
                "the run is finished; key 0 shows the list, where f forks it"
            } else if training.fault != nil {
                "the run ended with a fault; key 0 shows the list, where c resumes it"
            } else {
                "nothing is computing here; key 0 shows the list, where c resumes it"
            }
        message = Message(text: text, isFault: true)
        return false
    }

    /// Paused already, or as soon as what was sent is applied.
    private var willBePaused: Bool {
        for command in training.pending.reversed() {
            if command == .pause { return true }
            if command == .resume { return false }
        }
        return training.isPaused
    }

    /// What brings back what is now; nil for what cannot be taken back.
    private func inverse(of command: SteeringCommand) -> SteeringCommand? {
        switch command {
        case .pause: return .resume
        case .resume: return .pause
        case .set(let setting, _):
            var value = training.steered(setting)
            for case .set(setting, let sent) in training.pending { value = sent }
            return value.map { .set(setting, $0) }
        case .singleStep, .checkpoint, .stop, .rollBack, .unreadable: return nil
        }
    }

    private mutating func changeLearningRate(by factor: Double) -> [Effect] {
        var rate = training.baseLearningRate
        for case .set(.learningRate, let value) in training.pending { rate = value }
        guard let rate else {
            message = Message(text: "the learning rate is not known before the first step", isFault: false)
            return []
        }
        let range = SteerableSetting.learningRate.range
        let wanted = min(range.upperBound, max(range.lowerBound, Self.roundedToThreeDigits(rate * factor)))
        return send(.set(.learningRate, wanted))
    }

    private static func roundedToThreeDigits(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        let scale = pow(10, 2 - floor(log10(value)))
        return (value * scale).rounded() / scale
    }
}
