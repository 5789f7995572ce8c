import Foundation
import Foundations
import Screens
import SessionFormat

/// A session that is on the screen: its journal followed by offset, its control file, its view and its tape.
final class OpenSession {
    let context: SessionContext
    /// Which visit of a session this is, counted through all sessions: what was asked for in one visit is not shown in another.
    let visit: Int
    /// What reads the subjects of the masks screen, and of the cohort screen.
    private(set) lazy var subjects = SubjectReader<LoadedSubject>(
        read: { [library = context.library] in try SubjectLoading.read(subject: $0, library, isWanted: $1) },
        times: { [library = context.library] in SubjectLoading.times(subject: $0, library) }, bytes: { $0.volumes.bytes })
    private(set) lazy var cohortSubjects = SubjectReader<LoadedCohortSubject>(
        read: { [cohort = context.cohort] in try SubjectLoading.readCohort(subject: $0, cohort, isWanted: $1) },
        times: { [cohort = context.cohort] in cohort.times($0) }, bytes: { $0.subject.volumes.bytes })
    private var journal: JSONLinesReader<JournalEntry>
    private var isJournalBroken = false
    private var control: JSONLinesWriter<SteeringCommand>?
    private(set) var tape: TapeRecorder?
    private var unsavedView: ViewSettings?
    private var lastSaved = -Double.infinity
    private var lastOwnership: SessionOwnership
    private var lastAsked = 0.0
    /// The journal is being read elsewhere.
    private var isReadingWhole = false
    /// From here on a journal is read beside the loop, its newest part first.
    private static let longJournal = 1 << 22
    private static let journalTail = 1 << 19
    /// Bytes of the journal read in one go: keys are answered between pieces of a long one.
    private static let journalPiece = 1 << 18

    init(_ context: SessionContext, visit: Int = 0) {
        self.context = context
        self.visit = visit
        journal = JSONLinesReader(context.folder.journal)
        lastOwnership = context.ownership()
    }

    var identity: SessionIdentity { SessionIdentity(context, ownership: lastOwnership, quitHint: context.quitHint) }

    /// The newest part of a long journal, which is then to be read whole with `readWhole`; nil for a short one.
    func beginLongJournal() -> TrainingState? {
        let size = (try? FileManager.default.attributesOfItem(atPath: context.folder.journal.path)[.size] as? Int) ?? 0
        guard size > Self.longJournal, let tail = try? JournalTail.entries(context.folder, bytes: Self.journalTail) else { return nil }
        var training = TrainingState(rates: identity.rates)
        // How long the run is stands at the journal's beginning.
        var head = JSONLinesReader<JournalEntry>(context.folder.journal)
        let first = (try? head.read(limit: 1 << 14)) ?? []
        if let started = first.first(where: { $0.kind == "started" }) { training.fold(started) }
        for entry in tail.entries { training.fold(entry) }
        isReadingWhole = true
        tailEnd = size
        return training
    }

    /// Folds a journal up to its present end, or to its first damaged line.
    static func readWhole(_ folder: SessionFolder, rates: [SteerableSetting: Double]) -> (TrainingState, offset: Int) {
        var training = TrainingState(rates: rates)
        var reader = JSONLinesReader<JournalEntry>(folder.journal)
        while let entries = try? reader.read(limit: 1 << 22), !entries.isEmpty { for entry in entries { training.fold(entry) } }
        return (training, reader.offset)
    }

    /// The journal was read whole up to here.
    func goOn(at offset: Int) {
        isReadingWhole = false
        journal = JSONLinesReader(context.folder.journal, from: offset)
    }

    func startTape(_ header: TapeLine) {
        // A session that cannot be written to (an example, someone else's) is shown without a tape.
        tape = try? TapeRecorder(context.folder.tape, header)
    }

    /// The journal's next piece; empty when all is read. After a damaged line nothing more is read.
    func readJournal() -> Result<[JournalEntry], Failure> {
        guard !isJournalBroken, !isReadingWhole else { return .success([]) }
        do {
            return .success(try journal.read(limit: Self.journalPiece))
        } catch {
            isJournalBroken = true
            return .failure(error as? Failure ?? Failure("\(context.folder.journal.path) cannot be read: \(error)"))
        }
    }

    /// The end of the session's last run, where it ran to its last step.
    var completion: JournalEntry? {
        guard let end = try? JournalTail.completion(of: context.folder),
            let last = try? JournalTail.last(context.folder, kinds: ["finished"])
        else { return nil }
        return JournalEntry(t: last.t, step: last.step, event: .finished(end))
    }

    /// Bytes of the journal that are shown. While a long one is read, what is shown has its end.
    var journalOffset: Int { isReadingWhole ? tailEnd : journal.offset }
    private var tailEnd = 0

    func steer(_ command: SteeringCommand) throws {
        if control == nil { control = try JSONLinesWriter(context.folder.control) }
        try control?.append(command)
    }

    /// Who computes, where that changed since the last call; asked at most every two seconds.
    func changedOwnership(now: Double) -> SessionOwnership? {
        guard now - lastAsked >= 2 else { return nil }
        lastAsked = now
        let found = context.ownership()
        guard found != lastOwnership else { return nil }
        lastOwnership = found
        return found
    }

    func keep(_ view: ViewSettings) { unsavedView = view }

    /// Writes `view.json` if the view changed, at most every two seconds unless it must be now.
    func saveView(now: Double, force: Bool) {
        guard let view = unsavedView, force || now - lastSaved >= 2 else { return }
        lastSaved = now
        unsavedView = nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        // Where the folder cannot be written to, the view is not kept; nothing else is lost.
        if let data = try? encoder.encode(view) { try? AtomicFile.write(data, to: context.folder.view) }
    }
}
