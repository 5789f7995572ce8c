import Foundation
import Foundations
import Masks
import Screens
import SessionFormat
import TerminalKit

/// Renders a session's screens without a terminal.
package struct ScreenExport {
    /// What can be pictured.
    package static let names = ScreenID.allCases.map(\.rawValue)

    private let context: SessionContext
    /// Who computes in a session of the list.
    private let ownership: (SessionFolder) -> SessionOwnership
    private var state: WorkbenchState

    /// - Parameters:
    ///   - context: the session.
    ///   - size: of the screen, in characters.
    ///   - ownership: of the sessions beside it, which the list shows.
    package init(_ context: SessionContext, size: Size, ownership: @escaping (SessionFolder) -> SessionOwnership) {
        self.context = context
        self.ownership = ownership
        state = WorkbenchState(size: size, capabilities: Capabilities(colours: .direct, unicode: true))
    }

    /// The PNG of a screen as it would be shown on opening the session.
    /// - Parameters:
    ///   - screen: one of `names`.
    ///   - subject: of the masks or cohort screen, instead of the one that was left.
    ///   - others: sessions to compare with.
    /// - Throws: `Failure` where there is no such screen, or the journal, the atlas or the subject cannot be read.
    package mutating func png(screen: String, subject: String? = nil, others: [SessionFolder] = []) throws -> Data {
        guard let wanted = ScreenID(rawValue: screen) else {
            throw Failure("there is no screen \(screen); expected \(Self.names.joined(separator: ", "))")
        }
        switch wanted {
        case .sessions: list()
        case .comparison:
            list()
            _ = state.reduce(.runsCompared(RunComparison(reading: [context.folder] + others)))
        default: try open(wanted, subject, ViewSettings.read(context.folder.view))
        }
        return try state.picture().png()
    }

    /// Writes a subject's masks, volumes, picture and report, as the masks screen does with its first settings.
    /// - Returns: the files, the report first.
    package mutating func report(subject: String, to folder: URL) throws -> [URL] {
        try open(.masks, subject, ViewSettings())
        return try SubjectExport(state, session: context.folder).write(to: folder)
    }

    private mutating func list() {
        let root = context.folder.root.deletingLastPathComponent()
        _ = state.reduce(.sessionsListed(SessionIndex().list(root, ownership: ownership), demoOffered: false))
    }

    private mutating func open(_ screen: ScreenID, _ subject: String?, _ settings: ViewSettings) throws {
        var view = settings
        view.screen = screen
        if let subject {
            (view.subject, view.cohortSubject) = (subject, subject)
            (view.cursor, view.cohortCursor) = (nil, nil)
        }
        var effects = state.reduce(.sessionOpened(SessionIdentity(context, ownership: context.ownership(), quitHint: nil), view))
        var reader = JSONLinesReader<JournalEntry>(context.folder.journal)
        while case let entries = try reader.read(limit: 1 << 22), !entries.isEmpty { effects += state.reduce(.journal(entries)) }
        // What the screen asks for is read at once, until it asks for nothing more.
        for _ in 0..<20 where !effects.isEmpty {
            let asked = effects
            effects = []
            for effect in asked { effects += try answer(effect) }
        }
        guard let subject else { return }
        let shown = screen == .masks ? state.masks.loaded?.id : screen == .cohort ? state.cohort.loaded?.id : subject
        guard shown == subject else {
            throw Failure(
                (screen == .masks ? state.masks.complaint : state.cohort.complaint?.sentence) ?? "the session has no subject \(subject)")
        }
    }

    private mutating func answer(_ effect: Effect) throws -> [Effect] {
        switch effect {
        case .listSubjects: state.reduce(SubjectLoading.listEvent(context.library))
        case .loadSubject(let id): state.reduce(SubjectLoading.event(subject: id, context.library))
        case .masks(.readBoxes): state.reduce(.masks(.boxes(try SessionBoxes.read(context.folder)), session: context.folder.root.path))
        case .loadAtlas: state.reduce(SubjectLoading.atlasEvent(context.atlas))
        case .listCohort: state.reduce(SubjectLoading.cohortListEvent(context.cohort))
        case .loadCohortSubject(let id): state.reduce(SubjectLoading.cohortEvent(subject: id, context.cohort))
        case .listExperiments: state.reduce(SubjectLoading.experimentsEvent(context.experiments))
        default: []
        }
    }
}
