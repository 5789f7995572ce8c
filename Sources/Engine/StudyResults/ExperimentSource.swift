import Foundations

/// Where the evaluation screen gets its experiments from, and who runs them.
package protocol ExperimentSource: Sendable {
    /// How things stand. Cheap: called every second while the screen is shown.
    func snapshot() throws -> ExperimentSnapshot
    /// Runs experiments in the background of this process.
    func start(_ names: [ExperimentName]) throws
    /// Asks the run of this process to stop; false where it runs none.
    func stop() -> Bool
}

/// No experiments: for a session that is shown without its cohort.
package struct NoExperiments: ExperimentSource {
    package init() {}
    package func snapshot() throws -> ExperimentSnapshot { ExperimentSnapshot() }
    package func start(_ names: [ExperimentName]) throws {
        throw Failure("this session's cohort is not at hand; there is nothing to evaluate")
    }
    package func stop() -> Bool { false }
}
