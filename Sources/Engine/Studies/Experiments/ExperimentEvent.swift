import Foundation
import Foundations
import StudyResults
import Synchronization

/// One line of `progress.jsonl`: what a run of experiments does. Whoever reads the lines knows how it stands, in whatever process it runs.
package struct ExperimentEvent: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// A run began: `names`, `request`.
        case started
        /// The cohort is open: results under `key` are of it and of the settings.
        case opened
        /// An experiment began: `name`.
        case began
        /// The part at work: `stage`, and the `secondsLeft` of the whole run where they can be told.
        case progress
        /// The result of `name` is written.
        case done
        /// The experiment `name`, or without one the run, failed: `message`.
        case failed
        /// Every experiment that was asked for is done or has failed.
        case finished
        /// The user stopped the run; what is done stays.
        case interrupted
    }

    package var kind: Kind
    /// Seconds since 1970.
    package var time: Double
    package var names: [ExperimentName]?
    package var request: ExperimentRequest?
    package var key: String?
    package var name: ExperimentName?
    package var stage: StageProgress?
    package var secondsLeft: Double?
    package var message: String?

    package init(
        _ kind: Kind, names: [ExperimentName]? = nil, request: ExperimentRequest? = nil, key: String? = nil,
        name: ExperimentName? = nil, stage: StageProgress? = nil, secondsLeft: Double? = nil, message: String? = nil
    ) {
        self.kind = kind
        time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        self.names = names
        self.request = request
        self.key = key
        self.name = name
        self.stage = stage
        self.secondsLeft = secondsLeft
        self.message = message
    }
}

/// Writes `progress.jsonl`, from any thread. Progress is shown, not needed: where the disk is full, the next file that is needed reports it.
final class ExperimentJournal: Sendable {
    private struct State: ~Copyable {
        let writer: JSONLinesWriter<ExperimentEvent>
        var stage = ""
        var written = -Double.infinity
    }

    /// Of one stage at most so many lines a second are written.
    private static let period = 0.5
    // The writer is used under the mutex only.
    private let state: Mutex<State>

    init(_ folder: ExperimentFolder) throws {
        try AtomicFile.makeFolder(folder.root)
        let writer = try JSONLinesWriter<ExperimentEvent>(folder.progress)
        state = Mutex(State(writer: writer))
    }

    func append(_ event: ExperimentEvent) {
        state.withLock { state in
            if let stage = event.stage {
                let isNew = stage.stage != state.stage
                guard isNew || stage.done >= stage.total || event.time - state.written >= Self.period else { return }
                state.stage = stage.stage
                state.written = event.time
            }
            try? state.writer.append(event)
        }
    }
}
