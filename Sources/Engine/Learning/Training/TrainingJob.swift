import Cohorts
import Foundations
import SessionFormat

/// A training run that holds the session's lock and leaves its end in the journal, so that every list tells it from one that was killed.
package struct TrainingJob: Sendable {
    package let folder: SessionFolder
    package let cohort: PreparedCohort
    package let options: Trainer.Options

    package init(folder: SessionFolder, cohort: PreparedCohort, options: Trainer.Options) {
        self.folder = folder
        self.cohort = cohort
        self.options = options
    }

    /// Runs until the steps are done or the user stops it.
    /// - Throws: `Failure` where another process works on the session, or the training fails.
    package func run() throws -> RunFinished {
        let lock = try FileLock(folder)
        let journal = try Journal(folder)
        var options = options
        options.earlierControlLines = lock.earlierControlLines
        return try withExtendedLifetime(lock) {
            let outcome = try Trainer(folder, cohort: cohort, options: options, journal: journal).run()
            let step = folder.checkpointSteps.last ?? 0
            let end = RunFinished(
                outcome: outcome.rawValue,
                summary: ["\(outcome == .done ? "Done" : "Stopped") at step \(step); the session is \(folder.root.path)"])
            try journal.append(.finished(end))
            return end
        }
    }
}
