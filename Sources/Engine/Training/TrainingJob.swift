/// A training run that holds the session's lock and leaves its end in the journal, so that every list tells it from one that was killed.
public struct TrainingJob: Sendable {
    public let folder: SessionFolder
    public let cohort: PreparedCohort
    public let options: Trainer.Options

    public init(folder: SessionFolder, cohort: PreparedCohort, options: Trainer.Options) {
        self.folder = folder
        self.cohort = cohort
        self.options = options
    }

    /// Runs until the steps are done or the user stops it.
    /// - Throws: `Failure` where another process works on the session, or the training fails.
    public func run() throws -> RunFinished {
        let lock = try SessionLock(folder)
        let journal = try Journal(folder)
        var options = options
        options.earlierControlLines = lock.earlierControlLines
        return try withExtendedLifetime(lock) {
            let outcome = try Trainer(folder, cohort: cohort, options: options, journal: journal).run()
            let step = Checkpoint.steps(in: folder).last ?? 0
            let end = RunFinished(
                outcome: outcome.rawValue,
                summary: ["\(outcome == .done ? "Done" : "Stopped") at step \(step); the session is \(folder.root.path)"])
            try journal.append(.finished(end))
            return end
        }
    }
}
