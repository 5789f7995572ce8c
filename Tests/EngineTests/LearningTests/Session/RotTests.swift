import Foundation
import Foundations
import Learning
import TestSupport
import Testing

/// Bytes that rot on the disk are found when a file is read back.
struct RotTests {
    private static func flip(_ file: URL, at place: Int) throws {
        var bytes = try Data(contentsOf: file)
        bytes[place] ^= 0x10
        try bytes.write(to: file)
    }

    @Test("any byte of a checkpoint", arguments: [0, 9, 40, 700, 1 << 16, -1])
    func checkpoint(_ place: Int) throws {
        let trial = try SessionTrial { $0.neighbours = 0 }
        try trial.train(to: 1, resume: false)
        let file = trial.session.checkpoint(step: 1)
        let size = try Data(contentsOf: file).count
        try Self.flip(file, at: place < 0 ? size + place : place)
        #expect(throws: Failure.self) { try Checkpoint(trial.session, step: 1) }
    }

    @Test(
        "A damaged newest checkpoint is named, the one before it is offered, and a run goes on from it as if the later steps had not been")
    func goingBack() throws {
        let plain = try SessionTrial {
            $0.neighbours = 0
            $0.checkpointEvery = 2
        }
        try plain.train(to: 6, resume: false)
        let trial = try SessionTrial {
            $0.neighbours = 0
            $0.checkpointEvery = 2
        }
        try trial.train(to: 4, resume: false)
        try Self.flip(trial.session.checkpoint(step: 4), at: 5000)
        let failure = #expect(throws: Failure.self) { try trial.train(to: 6) }
        #expect(failure?.description.contains("step-00000004.safetensors is damaged") == true)
        #expect(failure?.description.contains("--resume --from 2") == true)
        #expect(try trial.train(to: 6, from: 2) == .done)
        #expect(try trial.checkpoint(6) == plain.checkpoint(6))
        #expect(try trial.bankLog == plain.bankLog)
    }

    @Test("A damaged record of the bank's log is named, and a checkpoint whose bank is whole is offered")
    func bank() throws {
        let trial = try SessionTrial {
            $0.neighbours = 0
            $0.checkpointEvery = 2
        }
        try trial.train(to: 4, resume: false)
        let size = try trial.bankLog.count
        try Self.flip(trial.session.bankLog, at: size - 100)
        let failure = #expect(throws: Failure.self) { try trial.train(to: 6) }
        #expect(failure?.description.contains("bank.log is damaged at byte") == true)
        #expect(failure?.description.contains("--resume --from 2") == true)
        #expect(try trial.train(to: 6, from: 2) == .done)
    }

    @Test("The oldest checkpoint is not removed before the newest has been read back")
    func pruning() throws {
        let trial = try SessionTrial {
            $0.neighbours = 0
            $0.checkpointEvery = 1
        }
        try trial.train(to: 3, resume: false)
        try Self.flip(trial.session.checkpoint(step: 3), at: 5000)
        #expect(throws: Failure.self) { try Checkpoint.retain(1, in: trial.session) }
        #expect(trial.session.checkpointSteps.contains(2))
    }
}
