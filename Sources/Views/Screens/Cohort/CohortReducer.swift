import Cohorts
import TerminalKit

/// The cohort: which subject is looked at, and what the user thinks of it.
extension WorkbenchState {
    /// How often the cohort is looked at while it is on the screen, seconds.
    private static let cohortPeriod = 1.0

    /// The subject that is shown or being read.
    package var cohortIndex: Int {
        let id = cohort.loading ?? view.cohortSubject
        return cohort.snapshot.subjects.firstIndex { $0.id == id } ?? -1
    }

    package var cohortSubject: CohortSubject? {
        cohort.snapshot.subjects.indices.contains(cohortIndex) ? cohort.snapshot.subjects[cohortIndex] : nil
    }

    /// What the screen wants to know now.
    mutating func lookAtCohort() -> [Effect] {
        guard session != nil, screen == .cohort else { return [] }
        var effects: [Effect] = []
        if now - cohort.lastListed >= Self.cohortPeriod {
            cohort.lastListed = now
            effects.append(.listCohort)
        }
        if cohort.loading == nil, cohort.loaded == nil, cohort.complaint == nil, !cohort.snapshot.subjects.isEmpty {
            if let wanted = view.cohortSubject, cohortIndex < 0 {
                message = Message(text: "\(wanted) is not a subject of this cohort; its first one is shown", isFault: true)
            }
            effects += chooseCohort(subject: max(0, cohortIndex))
        }
        return effects
    }

    mutating func show(_ snapshot: CohortSnapshot) -> [Effect] {
        let before = cohortSubject
        cohort.snapshot = snapshot
        cohort.isListed = true
        // What is on the screen was made again, or only now: read it again.
        guard let subject = cohortSubject, subject.id == before?.id, subject.outcome != nil, subject.outcome != before?.outcome,
            screen == .cohort
        else { return [] }
        return loadCohort(subject.id)
    }

    mutating func show(_ loaded: LoadedCohortSubject) {
        // Only who was wished for last is shown.
        guard cohort.isWanted(loaded.id) else { return }
        cohort.loading = nil
        cohort.correcting = nil
        let isNew = view.cohortSubject != loaded.id
        if isNew { view.cohortZoom.centre = nil }
        cohort.loaded = loaded
        cohort.complaint = nil
        view.cohortSubject = loaded.id
        let isInside = view.cohortCursor.map { loaded.axes.extent.contains($0) } == true
        if isNew || !isInside { view.cohortCursor = loaded.subject.firstCursor }
    }

    mutating func cohortFailed(_ id: String, _ sentence: String) {
        guard cohort.isWanted(id) else { return }
        cohort.loading = nil
        cohort.loaded = nil
        view.cohortSubject = id
        cohort.complaint = (id, sentence)
    }

    mutating func chooseCohort(subject index: Int) -> [Effect] {
        guard cohort.snapshot.subjects.indices.contains(index) else { return [] }
        let id = cohort.snapshot.subjects[index].id
        guard id != cohort.loading, cohort.loading != nil || id != cohort.loaded?.id else { return [] }
        return loadCohort(id)
    }

    /// Has a subject read. Nothing of another one stays on the screen meanwhile, nor of the same one before it was made again: its scan may be
    /// another patient's now.
    private mutating func loadCohort(_ id: String) -> [Effect] {
        cohort.loaded = nil
        cohort.correcting = nil
        cohort.loading = id
        cohort.complaint = nil
        return [.loadCohortSubject(id)]
    }

    /// Commands that mean the cohort's subjects on its screen; nil for those that it does not know.
    mutating func runCohort(_ command: CommandID) -> [Effect]? {
        switch command {
        case .nextSubject: return chooseCohort(subject: cohortIndex + 1)
        case .previousSubject: return chooseCohort(subject: max(0, cohortIndex - 1))
        case .nextDoubtful: return chooseDoubtful(by: 1)
        case .previousDoubtful: return chooseDoubtful(by: -1)
        case .toggleLungOutline: cohort.showsLungs.toggle()
        case .toggleAtlasOutline: cohort.showsAtlas.toggle()
        case .toggleLandmarks: cohort.showsLandmarks.toggle()
        case .giveRight: return correct { .give($0, to: .right) }
        case .giveLeft: return correct { .give($0, to: .left) }
        case .takePart: return correct { .take($0) }
        case .cutBelow, .cutAbove: return cut(above: command == .cutAbove)
        case .clearCorrections: return clearCorrections()
        case .acceptSubject: return accept()
        case .excludeSubject:
            guard let subject = cohortSubject else { return noSubject() }
            overlay = .note(ReviewNote(subject: subject.id, decision: .excluded, text: subject.review?.note ?? ""))
        case .clearReview:
            guard let subject = cohortSubject else { return noSubject() }
            return review(subject.id, nil)
        case .redoSubject:
            guard let subject = cohortSubject else { return noSubject() }
            message = Message(text: "preparing \(subject.id) again", isFault: false)
            return [.prepareAgain([subject.id])]
        case .prepareAgain:
            message = Message(text: "preparing what is new, changed or reviewed", isFault: false)
            return [.prepareAgain([])]
        default: return nil
        }
        return []
    }

    private mutating func noSubject() -> [Effect] {
        message = Message(text: "choose a subject first with [ and ]", isFault: false)
        return []
    }

    private mutating func accept() -> [Effect] {
        guard let subject = cohortSubject else { return noSubject() }
        guard let outcome = subject.outcome else {
            message = Message(text: "\(subject.id) is not prepared yet", isFault: true)
            return []
        }
        if let fault = outcome.quality.acceptanceFault {
            message = Message(
                text: "\(subject.id) cannot be accepted: \(fault); correct its lungs and press P, or exclude it with X", isFault: true)
            return []
        }
        if outcome.quality.verdict == .refused || outcome.quality.isAccepted == true {
            overlay = .note(
                ReviewNote(subject: subject.id, decision: .accepted, text: subject.review?.note ?? "", needsReason: true))
            return []
        }
        return review(subject.id, CohortReview.Entry(decision: .accepted, note: subject.review?.note ?? ""))
    }

    /// Writes a review down, shows it at once, and says when it takes effect.
    mutating func review(_ id: String, _ entry: CohortReview.Entry?) -> [Effect] {
        if let index = cohort.snapshot.subjects.firstIndex(where: { $0.id == id }) { cohort.snapshot.subjects[index].review = entry }
        cohort.lastListed = -.infinity
        let what = entry.map { "\(id) is \($0.decision.rawValue)" } ?? "\(id) is not judged any more"
        message = Message(text: "\(what); P prepares the patches accordingly", isFault: false)
        return [.review(id, entry)]
    }

    private mutating func chooseDoubtful(by step: Int) -> [Effect] {
        let subjects = cohort.snapshot.subjects
        var at = cohortIndex + step
        while subjects.indices.contains(at) {
            if let outcome = subjects[at].outcome, outcome.quality.verdict != .ok { return chooseCohort(subject: at) }
            at += step
        }
        message = Message(text: "no further subject with warnings this way", isFault: false)
        return []
    }

    mutating func handleCohort(_ mouse: Mouse, _ content: Rect) -> [Effect]? {
        guard let index = CohortLayout(content, self).subjects(self).subject(column: mouse.column, row: mouse.row) else { return nil }
        switch mouse.action {
        case .press: return chooseCohort(subject: index)
        case .wheelUp: return runCohort(.previousSubject)
        case .wheelDown: return runCohort(.nextSubject)
        default: return []
        }
    }
}
