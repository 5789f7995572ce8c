import Foundation
import Foundations
import SessionFormat
import TestSupport
import Testing

@Suite("Faults of a session")
struct SessionFaultTests {
    /// Settings and steering refuse such a rate; a checkpoint that holds one stands for weights that run away by themselves.
    @Test("weights that run away stop the run, name landmark and subjects, and leave the last checkpoint as it was")
    func divergence() throws {
        let trial = try SessionTrial { $0.checkpointEvery = 1 }
        try trial.train(to: 3, resume: false)
        let sound = try trial.checkpoint(3)
        let file = trial.session.checkpoint(step: 3)
        var spoiled = sound
        let rate = try #require(sound.range(of: Data(#"learningRate\":0.01"#.utf8)))
        spoiled.replaceSubrange(rate, with: Data(#"learningRate\":9e99"#.utf8))
        // As a file of an older version, which has no checksum.
        let seal = try #require(spoiled.range(of: Data("workbench.sha256".utf8)))
        spoiled.replaceSubrange(seal, with: Data("workbench.nothing".utf8.prefix(16)))
        try spoiled.write(to: file)
        let failure = #expect(throws: Failure.self) { try trial.train(to: 6) }
        // Step 3 is the second step of landmark 1.
        #expect(failure?.description.hasPrefix("landmark 1, subjects s") == true)
        let last = try #require(try trial.journal.last)
        guard case .fault(let fault) = last.event else {
            Issue.record("the journal ends with \(last.kind)")
            return
        }
        #expect(last.step == 3 && fault.landmark == 1 && fault.subjects?.count == 3 && fault.message.contains("not finite"))
        #expect(trial.session.checkpointSteps == [1, 2, 3])
        #expect(try trial.checkpoint(3) == spoiled)

        try sound.write(to: file)
        #expect(try trial.train(to: 4) == .done)
    }

    @Test("a session of a newer program is refused with its version")
    func newerFormat() throws {
        let trial = try SessionTrial()
        try edit(trial.session) {
            $0.format = 2
            $0.version = "9.9"
        }
        let failure = #expect(throws: Failure.self) { try trial.train(to: 1) }
        #expect(failure?.description.contains("made by workbench 9.9 (session format 2), which is newer") == true)
    }

    @Test("a truncated checkpoint, and a truncated or damaged bank log, are told and not trained on")
    func truncation() throws {
        let trial = try SessionTrial { $0.neighbours = 0 }
        try trial.train(to: 2, resume: false)
        let checkpoint = try trial.checkpoint(2)
        let log = try trial.bankLog
        let file = trial.session.checkpoint(step: 2)
        for length in [0, 5, 900, checkpoint.count / 2, checkpoint.count - 1] {
            try checkpoint.prefix(length).write(to: file)
            let failure = #expect(throws: Failure.self) { try trial.train(to: 3) }
            #expect(failure?.description.contains("step-00000002.safetensors") == true, "\(length) bytes")
        }
        try checkpoint.write(to: file)
        var damaged = log
        // The first record's count.
        damaged.replaceSubrange(8..<12, with: [255, 255, 255, 127])
        for bytes in [log.dropLast(1), log.prefix(0), damaged] {
            try bytes.write(to: trial.session.bankLog)
            let failure = #expect(throws: Failure.self) { try trial.train(to: 3) }
            #expect(failure?.description.contains("bank.log") == true)
        }
        try log.write(to: trial.session.bankLog)
        #expect(try trial.train(to: 3) == .done)
    }

    private func edit(_ session: SessionFolder, _ change: (inout SessionDescription) -> Void) throws {
        var description = try JSONDecoder().decode(SessionDescription.self, from: Data(contentsOf: session.description))
        change(&description)
        try description.write(session)
    }
}
