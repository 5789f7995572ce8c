import Cohorts
import Foundation
import Foundations
import Screens
import Synchronization

/// The cohort of a session, found as soon as there is one.
final class SessionCohort: CohortSource {
    private let place: @Sendable () -> URL?
    private let opened = Mutex<(folder: URL, browser: CohortBrowser)?>(nil)

    /// - Parameter place: where the prepared cohort lies; nil while there is none.
    init(_ place: @escaping @Sendable () -> URL?) { self.place = place }

    private var browser: CohortBrowser? {
        opened.withLock { opened in
            guard let folder = place() else { return nil }
            if let opened, opened.folder == folder { return opened.browser }
            let browser = CohortBrowser(folder, parallel: .allProcessors)
            opened = (folder, browser)
            return browser
        }
    }

    private func known() throws -> CohortBrowser {
        guard let browser else { throw Failure("this session has no prepared cohort yet") }
        return browser
    }

    func snapshot() throws -> CohortSnapshot { try browser?.snapshot() ?? CohortSnapshot(subjects: []) }
    func volumes(_ subject: String, isWanted: @Sendable () -> Bool) throws -> CohortVolumes {
        try known().volumes(subject, isWanted: isWanted)
    }
    func times(_ subject: String) -> FileTimes { browser?.times(subject) ?? FileTimes([]) }
    func review(_ subject: String, _ entry: CohortReview.Entry?) throws { try known().review(subject, entry) }
    func correct(_ subject: String, _ change: LungCorrectionChange, _ shown: CohortVolumes) throws -> CohortVolumes {
        try known().correct(subject, change, shown)
    }
    func prepareAgain(_ subjects: [String]) throws { try known().prepareAgain(subjects) }
}
