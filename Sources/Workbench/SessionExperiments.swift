import Foundations
import Screens
import SessionFormat
import Studies
import StudyResults

/// The experiments of a session: they use its encoder, and every core, so that they wait for its training.
struct SessionExperiments: ExperimentSource {
    private let session: SessionFolder
    private let browser: ExperimentBrowser

    init(_ session: SessionFolder, _ browser: ExperimentBrowser) {
        self.session = session
        self.browser = browser
    }

    func snapshot() throws -> ExperimentSnapshot { try browser.snapshot() }

    func start(_ names: [ExperimentName]) throws {
        guard !FileLock.isHeld(session) else {
            throw Failure("\(session.name) is being worked on; its experiments can be run when that is done")
        }
        try browser.start(names)
    }

    func stop() -> Bool { browser.stop() }
}
