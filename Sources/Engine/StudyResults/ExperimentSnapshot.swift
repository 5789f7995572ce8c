import Foundations

/// How the experiments of a folder stand.
package struct ExperimentSnapshot: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case notRun
        /// Asked for in the run that goes on, and not begun.
        case waiting
        case running
        /// Begun by a run that was stopped or killed.
        case interrupted
        case done
        /// Why it could not be run.
        case failed(String)
    }

    package struct Entry: Equatable, Sendable {
        package var name: ExperimentName
        package var state: State
        /// Also while it is computed again.
        package var result: ExperimentResult?

        package init(name: ExperimentName, state: State, result: ExperimentResult? = nil) {
            self.name = name
            self.state = state
            self.result = result
        }
    }

    /// All experiments, in the paper's order.
    package var entries: [Entry]
    /// A process computes them.
    package var isRunning: Bool
    /// This process does.
    package var isOwn: Bool
    /// The part at work.
    package var stage: StageProgress?
    /// Of the whole run; nil where it cannot be told yet.
    package var secondsLeft: Double?
    /// Why the last run failed.
    package var fault: String?
    package var profile: ExperimentProfile?
    package var claims: [ExperimentClaims.Claim]

    package init(
        entries: [Entry] = ExperimentName.allCases.map { Entry(name: $0, state: .notRun) }, isRunning: Bool = false,
        isOwn: Bool = false,
        stage: StageProgress? = nil, secondsLeft: Double? = nil, fault: String? = nil, profile: ExperimentProfile? = nil
    ) {
        self.entries = entries
        self.isRunning = isRunning
        self.isOwn = isOwn
        self.stage = stage
        self.secondsLeft = secondsLeft
        self.fault = fault
        self.profile = profile
        claims = ExperimentClaims(results: entries.compactMap(\.result)).all
    }
}
