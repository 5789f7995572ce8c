import Dispatch
import Engine
import Foundation
import Synchronization
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
        let outcome = Mutex<Result<Trainer.Outcome, any Error>?>(nil)
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
        #expect(last.kind == "checkpoint" && Checkpoint.steps(in: trial.session).last == last.step)
        #expect(last.step < 16)
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
