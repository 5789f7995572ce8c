import Cohorts
import Foundation
import Foundations
import Masks
import Screens
import TerminalKit

/// One line of `tape.jsonl`. The first says what the interface started with; each further one an event, or what is then to be seen.
///
/// A tape lies in the folder of its session. Before each event the journal is folded up to `journal` bytes, so a replay has exactly what
/// the user had before their eyes.
package struct TapeLine: Codable, Equatable, Sendable {
    /// The format's version, on the first line only.
    package var tape: Int?
    package var size: String?
    package var colours: Int?
    package var unicode: Bool?
    package var view: ViewSettings?
    package var ownership: SessionOwnership?
    package var quitHint: String?

    /// Seconds since the interface started.
    package var t: Double?
    /// Bytes of the journal folded before this event.
    package var journal: Int?
    package var key: String?
    /// What the key meant; a replay runs this, whatever the key means by then.
    package var command: CommandID?
    /// `press 12 5`: action, column, row.
    package var mouse: String?
    /// Text that was pasted into a field; empty where none was open, since it may be anything.
    package var paste: String?
    /// A background load that was completed: of a subject, of the atlas, of the list of subjects, of the cohort and of a subject of it, of the
    /// experiments.
    package var loaded: String?
    package var atlas: Bool?
    package var subjects: Bool?
    /// How masks stood when the subjects were listed, by subject; those without masks are left out.
    package var conditions: [String: MaskCondition]?
    package var cohort: Bool?
    package var cohortSubject: String?
    /// Subtypes of which the loaded subject had masks then; those that were made since are not shown.
    package var masks: [EmphysemaSubtype]?
    /// What the background of the masks screen told: predicted tiles, boxes, fine-tuning.
    package var work: MaskReport?
    package var experiments: Bool?
    package var failed: String?
    package var refused: String?
    package var noticed: String?
    package var checkpoints: [Int]?
    package var lag: Bool?
    package var settled: Bool?
    /// What the terminal offers: at the start, and when it has answered.
    package var offers: TerminalOffers?
    /// The cine's next slice.
    package var cine: Bool?
    /// A landmark whose views in a step were made again, with so many neighbours.
    package var views: Int?
    package var step: Int?
    package var neighbours: Int?

    /// Text that must be on the screen now; in this row, counted from 1, where given.
    package var expect: String?
    package var row: Int?

    package init() {}

    init(
        header identity: SessionIdentity, view: ViewSettings, size: Size, capabilities: Capabilities,
        offers: TerminalOffers = TerminalOffers()
    ) {
        tape = TapePlayer.version
        self.size = size.description
        colours = capabilities.colours.rawValue
        unicode = capabilities.unicode
        self.offers = offers == TerminalOffers() ? nil : offers
        self.view = view
        ownership = identity.ownership
        quitHint = identity.quitHint
    }

    /// The line of an event; nil for events that a replay finds elsewhere (the journal) or makes itself (time).
    init?(_ event: WorkbenchEvent, _ state: WorkbenchState) {
        switch event {
        case .key(let pressed):
            key = pressed.name
            command = state.command(for: pressed)
        case .command(let id): command = id
        case .mouse(let mouse): self.mouse = "\(mouse.action.rawValue) \(mouse.column) \(mouse.row)"
        case .paste(let text): paste = state.takesText ? text : ""
        case .resize(let size): self.size = size.description
        case .ownership(let ownership): self.ownership = ownership
        case .subjectsListed(let entries):
            subjects = true
            let known = Dictionary(entries.compactMap { entry in entry.masks.map { (entry.id, $0) } }) { $1 }
            conditions = known.isEmpty ? nil : known
        case .subjectsFailed(let sentence):
            subjects = true
            failed = sentence
        case .subjectLoaded(let subject):
            loaded = subject.id
            masks = EmphysemaSubtype.allCases.filter { subject.volumes[$0].mask != nil }
        case .masks(let report, _): work = report
        case .subjectFailed(let id, _): loaded = id
        case .atlasLoaded, .atlasFailed: atlas = true
        case .cohortListed: cohort = true
        case .cohortSubjectLoaded(let subject): cohortSubject = subject.id
        case .cohortSubjectFailed(let id, _): cohortSubject = id
        case .lungsCorrected(let subject): cohortSubject = subject.id
        case .lungsNotCorrected(let sentence): refused = sentence
        case .experimentsListed: experiments = true
        case .failed(let sentence): failed = sentence
        case .refused(let sentence): refused = sentence
        case .noticed(let sentence): noticed = sentence
        case .checkpointsListed(let steps): checkpoints = steps
        case .lag(let lags): lag = lags
        case .settled: settled = true
        case .offered(let offers): self.offers = offers
        case .cineStep: cine = true
        case .viewsLoaded(let seen):
            views = seen.key.landmark
            step = seen.key.step
            neighbours = max(0, seen.pictures.count - 3)
        case .tick, .sessionOpened, .journal, .settingsRead, .sessionsListed, .runsCompared, .runRead, .runEstimated, .counted,
            .journalTail, .journalRead:
            return nil
        }
    }
}

/// Writes the tape of a session while it is on the screen. The tape of the visit before is replaced.
final class TapeRecorder {
    private let writer: JSONLinesWriter<TapeLine>
    private let descriptor: Int32

    /// Throws if the file cannot be written, or another interface is recording to it.
    init(_ file: URL, _ header: TapeLine) throws {
        descriptor = Foundation.open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(file.path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, 0) == 0 else {
            close(descriptor)
            throw Failure("\(file.path) is being written by another workbench")
        }
        do {
            writer = try JSONLinesWriter(file)
            try writer.append(header)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    func record(_ event: WorkbenchEvent, _ state: WorkbenchState, journal: Int) {
        guard var line = TapeLine(event, state) else { return }
        line.t = state.now
        line.journal = journal
        // A full disk must not take the interface down; the tape then ends here.
        try? writer.append(line)
    }
}
