import Dispatch
import Foundation
import Foundations
import SessionFormat
import Synchronization
import TestSupport
import Testing

@Suite("Steering a run")
struct SteeringTests {
    @Test("pause, one step, resume, stop; refusals are journalled")
    func pauseAndStop() throws {
        let trial = try SessionTrial()
        try trial.steer(.singleStep)
        try trial.steer(.set(.learningRate, 99))
        try trial.steer(.set(.neighbours, 1.5))
        try trial.steer(.pause)
        let outcome = Mutex<Result<RunFinished.Outcome, any Error>?>(nil)
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue(label: "trainer").async {
            let result = Result { try trial.train(to: nil, resume: false) }
            outcome.withLock { $0 = result }
            ended.signal()
        }
        #expect(try wait(trial) { $0.contains { $0.kind == "command" && $0.event == Self.applied(.pause, line: 3) } })
        let refused = try trial.commands.compactMap(\.applied.refusal)
        #expect(refused.count == 3 && refused[0].contains("paused") && refused[1].contains("between 0.0 and 10.0"))
        #expect(refused.last?.contains("whole number") == true)

        try trial.steer(.singleStep)
        #expect(try wait(trial) { $0.contains { $0.kind == "step" } })
        usleep(300_000)
        #expect(try trial.journal.filter { $0.kind == "step" }.map(\.step) == [1])

        try trial.steer(.resume)
        #expect(try wait(trial) { $0.count { $0.kind == "step" } >= 2 })
        try trial.steer(.stop)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(try outcome.withLock { try $0?.get() } == .stopped)
        let last = try #require(try trial.journal.last)
        #expect(last.kind == "checkpoint" && trial.session.checkpointSteps.last == last.step)
        #expect(last.step < 16)
    }

    @Test("the batch may be steered: the sweep goes on with it, the new number of steps is announced, a resume gives the same weights")
    func batch() throws {
        let trial = try SessionTrial()
        try trial.train(to: 3, resume: false)
        try trial.steer(.set(.batch, 2))
        // Three steps of batch 3 have done the first landmark and half of the second; one of batch 2 is left there, then three for each.
        let total = 3 + 1 + 2 * 3 + 4 * 3
        #expect(try trial.train(to: nil) == .done)
        let steps = try trial.journal.filter { $0.kind == "step" }
        #expect(steps.last?.step == total)
        let announced = try trial.journal.compactMap { if case .progress(let progress) = $0.event { progress } else { nil } }
        #expect(announced == [StageProgress(stage: "pretrain", done: 3, total: total)])
        let weights = try trial.checkpoint(total)
        for kept in [16, 8, 4, 3, 0] {
            try trial.forgetCheckpoints(after: kept)
            try trial.train(to: nil)
            #expect(try trial.checkpoint(total) == weights, "resumed from step \(kept)")
        }
        let plain = try SessionTrial()
        try plain.train(to: nil, resume: false)
        #expect(plain.session.checkpointSteps.last == 16)
    }

    @Test("a batch of more subjects than there are takes all of them")
    func largeBatch() throws {
        let trial = try SessionTrial()
        try trial.train(to: 2, resume: false)
        try trial.steer(.set(.batch, 100))
        try trial.train(to: nil)
        #expect(try trial.journal.filter { $0.kind == "step" }.last?.step == 2 + 3 + 4)
        #expect(
            try trial.journal.compactMap { if case .step(let step) = $0.event { step.landmark } else { nil } } == [
                0, 0, 1, 2, 3, 0, 1, 2, 3,
            ])
    }

    private static func applied(_ command: SteeringCommand, line: Int) -> TrainingEvent {
        .command(CommandApplied(command: command, controlLine: line))
    }

    /// Waits until the journal is as wished; false after a minute.
    private func wait(_ trial: SessionTrial, until condition: ([JournalEntry]) -> Bool) throws -> Bool {
        let end = Date().addingTimeInterval(60)
        while Date() < end {
            if condition(try trial.journal) { return true }
            usleep(20_000)
        }
        return false
    }
}
