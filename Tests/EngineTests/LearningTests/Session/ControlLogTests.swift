import Foundation
import Foundations
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("The control log and the journal as files")
struct ControlLogTests {
    private func write(_ text: String, to file: URL) throws {
        if let handle = try? FileHandle(forWritingTo: file) {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } else {
            try Data(text.utf8).write(to: file)
        }
    }

    @Test("a line that is no command is refused in the journal, and the run goes on with the lines behind it")
    func unreadableLine() throws {
        let trial = try SessionTrial()
        try write("{\"action\":\"dance\"}\nnonsense\n{\"action\":\"set\",\"setting\":\"beta\",\"value\":0.5}\n", to: trial.session.control)
        try trial.train(to: 4, resume: false)
        let commands = try trial.commands
        #expect(commands.map(\.applied.command) == [.unreadable, .unreadable, .set(.beta, 0.5)])
        #expect(commands.map(\.applied.controlLine) == [0, 1, 2])
        #expect(commands[1].applied.refusal?.contains("control.jsonl, line 2") == true && commands[2].applied.refusal == nil)
        #expect(try Checkpoint(trial.session, step: 4).rates.beta == 0.5)
    }

    @Test("a stop or a pause that was left over does not touch the next run; a setting that was left over counts")
    func leftOver() throws {
        let trial = try SessionTrial()
        try trial.train(to: 2, resume: false)
        for command in [SteeringCommand.stop, .pause, .checkpoint, .set(.beta, 0.25)] { try trial.steer(command) }
        let lock = try FileLock(trial.session)
        #expect(lock.earlierControlLines == 4)
        var options = Trainer.Options()
        options.resume = true
        options.stepLimit = 4
        options.earlierControlLines = lock.earlierControlLines
        #expect(try Trainer(trial.session, cohort: trial.cohort, options: options, journal: Journal(trial.session)).run() == .done)
        #expect(try trial.commands.map { $0.applied.refusal == nil } == [false, false, false, true])
        #expect(try Checkpoint(trial.session, step: 4).rates.beta == 0.25)
    }

    @Test("the mean loss of an epoch counts all its steps, also those before a resume")
    func epochMean() throws {
        let whole = try SessionTrial()
        try whole.train(to: 8, resume: false)
        let parts = try SessionTrial()
        try parts.train(to: 3, resume: false)
        try parts.train(to: 5)
        try parts.train(to: 8)
        func mean(_ trial: SessionTrial) throws -> [Double] {
            try trial.journal.compactMap { entry in
                if case .epoch(let epoch) = entry.event { return epoch.meanLoss }
                return nil
            }
        }
        #expect(try mean(whole).count == 1)
        #expect(try mean(parts) == mean(whole))
    }
}
