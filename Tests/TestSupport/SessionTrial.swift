import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat

/// A session on a tiny cohort of six subjects, in a folder that is gone with the value. Four landmarks, two steps each.
package final class SessionTrial: Sendable {
    package let root: URL
    package let cohort: PreparedCohort
    package let session: SessionFolder

    /// - Parameter change: of the settings, which are one expert, batch 3, one neighbour, a checkpoint every fourth step.
    package init(_ change: (inout TrainingSettings) -> Void = { _ in }) throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("session-\(UUID().uuidString)")
        cohort = try TinyCohort(root.appendingPathComponent("prepared"), subjects: 6).cohort
        session = SessionFolder(root.appendingPathComponent("session"))
        var settings = TrainingSettings()
        settings.batch = 3
        settings.epochs = 2
        settings.experts = 1
        settings.neighbours = 1
        settings.checkpointEvery = 4
        settings.keepCheckpoints = 10
        change(&settings)
        try Trainer.create(session, cohort: cohort, settings: settings)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    /// Trains to a step, counted from the beginning.
    /// - Parameter checkpoint: the step to go on from, where it is not the newest.
    @discardableResult
    package func train(to step: Int?, resume: Bool = true, from checkpoint: Int? = nil) throws -> RunFinished.Outcome {
        var options = Trainer.Options()
        options.resumeFrom = checkpoint
        options.stepLimit = step
        options.resume = resume
        options.parallel = Parallel(threads: 2)
        return try Trainer(session, cohort: cohort, options: options, journal: Journal(session)).run()
    }

    /// Appends a line to `control.jsonl`.
    package func steer(_ command: SteeringCommand) throws { try JSONLinesWriter<SteeringCommand>(session.control).append(command) }

    /// As if the process had been killed before it wrote the checkpoints after `step`.
    package func forgetCheckpoints(after step: Int) throws {
        for later in session.checkpointSteps where later > step {
            try FileManager.default.removeItem(at: session.checkpoint(step: later))
        }
    }

    package func checkpoint(_ step: Int) throws -> Data { try Data(contentsOf: session.checkpoint(step: step)) }
    package var bankLog: Data { get throws { try Data(contentsOf: session.bankLog) } }

    package var journal: [JournalEntry] {
        get throws {
            var reader = JSONLinesReader<JournalEntry>(session.journal)
            return try reader.read()
        }
    }

    /// Commands as the journal has them.
    package var commands: [(step: Int, applied: CommandApplied)] {
        get throws {
            try journal.compactMap { entry in
                if case .command(let applied) = entry.event { return (entry.step, applied) }
                return nil
            }
        }
    }
}
