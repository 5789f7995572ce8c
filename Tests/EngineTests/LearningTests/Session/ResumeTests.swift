import Foundation
import Foundations
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("A stopped run goes on as if it had not stopped")
struct ResumeTests {
    @Test("twelve steps at once are five, a stop, and seven more: the same bytes")
    func stopAndResume() throws {
        let straight = try SessionTrial()
        #expect(try straight.train(to: 12, resume: false) == .done)
        #expect(straight.session.checkpointSteps == [4, 8, 12])
        let interrupted = try SessionTrial()
        try interrupted.train(to: 5, resume: false)
        try interrupted.train(to: 12)
        #expect(interrupted.session.checkpointSteps == [4, 5, 8, 12])
        for step in [4, 8, 12] { #expect(try interrupted.checkpoint(step) == straight.checkpoint(step), "step \(step)") }
        #expect(try interrupted.bankLog == straight.bankLog)
        #expect(try interrupted.bankLog.count == 24 + 12 * (16 + 3 * 516))

        // Killed long after its last checkpoint: the keys of the lost steps are cut off the log and made again.
        try interrupted.forgetCheckpoints(after: 4)
        try interrupted.train(to: 12)
        #expect(try interrupted.checkpoint(12) == straight.checkpoint(12))
        #expect(try interrupted.bankLog == straight.bankLog)
        let steps = try interrupted.journal.filter { $0.kind == "step" }.map(\.step)
        #expect(steps == Array(1...12) + Array(5...12))
    }

    @Test("a job leaves its end in the journal; one that was killed behind its last step says so once it is opened again")
    func completion() throws {
        let trial = try SessionTrial()
        var options = Trainer.Options()
        options.resume = true
        options.stepLimit = 4
        options.wantsStop = { done, total in done == 2 && total == 4 }
        #expect(try TrainingJob(folder: trial.session, cohort: trial.cohort, options: options).run().outcome == "stopped")
        #expect(trial.session.checkpointSteps == [2])
        #expect(try JournalTail.completion(of: trial.session) == nil)
        // Killed: the last step has its checkpoint, and the journal no end.
        try trial.train(to: 4)
        #expect(try JournalTail.completion(of: trial.session) == nil)
        options.wantsStop = { _, _ in false }
        let end = try TrainingJob(folder: trial.session, cohort: trial.cohort, options: options).run()
        #expect(end.outcome == "done" && end.summary.first?.hasPrefix("Done at step 4;") == true)
        // What is made of a finished run does not change how it ended.
        try Journal(trial.session).append(.progress(StageProgress(stage: "segment", done: 1, total: 1)))
        #expect(try JournalTail.completion(of: trial.session) == end)
        #expect(try trial.journal.filter { $0.kind == "step" }.map(\.step) == [1, 2, 3, 4])
    }

    @Test("steered settings are journalled with their step, and a run resumed from before them gives the same bytes")
    func steering() throws {
        let trial = try SessionTrial()
        try trial.train(to: 6, resume: false)
        try trial.steer(.set(.learningRate, 0.03))
        try trial.steer(.set(.temperature, 0.1))
        try trial.steer(.set(.neighbours, 2))
        try trial.train(to: 9)
        #expect(try trial.commands.map(\.step) == [6, 6, 6])
        #expect(try trial.commands.map(\.applied.controlLine) == [0, 1, 2])
        #expect(try trial.commands.allSatisfy { $0.applied.refusal == nil })
        let expected = (try trial.checkpoint(8), try trial.checkpoint(9), try trial.bankLog)
        let rates = try Checkpoint(trial.session, step: 9).rates
        #expect(rates.learningRate == 0.03 && rates.temperature == 0.1 && rates.neighbours == 2)

        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 9)
        #expect(try trial.checkpoint(8) == expected.0)
        #expect(try trial.checkpoint(9) == expected.1)
        #expect(try trial.bankLog == expected.2)
        #expect(try trial.commands.count == 3)

        // Killed before any checkpoint: the run begins again, with its commands.
        try trial.forgetCheckpoints(after: 0)
        try trial.train(to: 9)
        #expect(try trial.checkpoint(9) == expected.1)

        let plain = try SessionTrial()
        try plain.train(to: 9, resume: false)
        #expect(try plain.checkpoint(4) == trial.checkpoint(4))
        #expect(try plain.checkpoint(8) != expected.0)
    }

    @Test("a command given after a resume, before the step of an older one, keeps its place in a further resume")
    func steeringAcrossResumes() throws {
        let trial = try SessionTrial()
        try trial.train(to: 6, resume: false)
        try trial.steer(.set(.learningRate, 0.03))
        try trial.train(to: 7)
        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 5)
        try trial.steer(.set(.learningRate, 0.001))
        try trial.train(to: 8)
        #expect(try trial.commands.map(\.step) == [6, 5])
        let expected = try trial.checkpoint(8)
        #expect(try Checkpoint(trial.session, step: 8).rates.learningRate == 0.03)
        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 8)
        #expect(try trial.checkpoint(8) == expected)
    }
}
