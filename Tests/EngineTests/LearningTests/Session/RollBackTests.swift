import Dispatch
import Foundation
import TestSupport
import Testing

@Suite("Rolling a run back")
struct RollBackTests {
    /// Steps 1…6 with a checkpoint at 4, steered on the way, then back to 4 and on to 9: the run that never left 4 and this one must be the same.
    @Test("after a roll back weights, bank and log equal those of a run that never left the checkpoint, in one go and across resumes")
    func sameBytes() throws {
        let plain = try SessionTrial()
        try plain.train(to: 9, resume: false)

        let trial = try SessionTrial { $0.checkpointEvery = 2 }
        try trial.train(to: 4, resume: false)
        try trial.steer(.set(.learningRate, 0.2))
        try trial.train(to: 8)
        #expect(try trial.checkpoint(8) != plain.checkpoint(8))
        try trial.steer(.rollBack(4))
        try trial.train(to: 9)
        #expect(try trial.checkpoint(8) == plain.checkpoint(8))
        #expect(try trial.checkpoint(9) == plain.checkpoint(9))
        #expect(try trial.bankLog == plain.bankLog)
        let applied = try #require(try trial.commands.last)
        #expect(applied.step == 8 && applied.applied.command == .rollBack(4) && applied.applied.refusal == nil)

        // Killed somewhere after the roll back: the abandoned rate does not come back.
        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 9)
        #expect(try trial.checkpoint(9) == plain.checkpoint(9))
        try trial.forgetCheckpoints(after: 2)
        try trial.train(to: 9)
        #expect(try trial.checkpoint(9) == plain.checkpoint(9))
    }

    @Test("what is steered after a roll back, in the same breath, is applied at the checkpoint; a later resume keeps it")
    func steeringBehindIt() throws {
        let trial = try SessionTrial()
        try trial.train(to: 6, resume: false)
        try trial.steer(.rollBack(4))
        try trial.steer(.set(.temperature, 0.3))
        try trial.train(to: 9)
        let expected = try trial.checkpoint(9)
        #expect(try trial.commands.map(\.step) == [6, 4])

        let straight = try SessionTrial()
        try straight.train(to: 4, resume: false)
        try straight.steer(.set(.temperature, 0.3))
        try straight.train(to: 9)
        #expect(try straight.checkpoint(9) == expected)
        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 9)
        #expect(try trial.checkpoint(9) == expected)
    }

    @Test("a checkpoint that is not there, or cannot be read, is refused, and nothing is lost")
    func refused() throws {
        let trial = try SessionTrial()
        try trial.train(to: 8, resume: false)
        try Data("no tensors".utf8).write(to: trial.session.checkpoint(step: 4))
        let before = try trial.checkpoint(8)
        try trial.steer(.rollBack(5))
        try trial.steer(.rollBack(4))
        try trial.train(to: 8)
        let refusals = try trial.commands.map(\.applied.refusal)
        #expect(refusals.count == 2)
        #expect(refusals[0]?.contains("no checkpoint of step 5; it has 4, 8") == true)
        #expect(refusals[1]?.contains("step-00000004") == true)
        #expect(try trial.checkpoint(8) == before)
    }

    @Test("a killed roll back, before the journal has it, is done again")
    func killed() throws {
        let trial = try SessionTrial()
        try trial.train(to: 8, resume: false)
        let plain = try trial.checkpoint(8)
        try trial.steer(.rollBack(4))
        // The checkpoints are gone already, the journal's line is not there yet.
        try trial.forgetCheckpoints(after: 4)
        try trial.train(to: 8)
        #expect(try trial.checkpoint(8) == plain)
        #expect(try trial.commands.map(\.step) == [4])
    }
}
