import Cohorts
import Foundations
import Imaging

/// Corrections of the lungs on the cohort screen: parts are given and taken, and cut with the slice that is looked at.
extension WorkbenchState {
    /// The subject on the screen, whose lungs can be corrected now; nil where that has been said.
    private mutating func correctable() -> (loaded: LoadedCohortSubject, lungs: Volume<UInt8>, cursor: VoxelIndex)? {
        guard let loaded = cohort.loaded, let cursor = view.cohortCursor, loaded.axes.extent.contains(cursor) else {
            message = Message(
                text: cohort.loading.map { "\($0) is being read: wait until it is shown" } ?? "choose a subject first with [ and ]",
                isFault: false)
            return nil
        }
        guard let lungs = loaded.volumes.lungs else {
            message = Message(text: "\(loaded.id) has no lung mask to correct yet: P prepares it", isFault: true)
            return nil
        }
        if let fault = loaded.volumes.correctionFault {
            message = Message(text: "\(fault); D takes them back", isFault: true)
            return nil
        }
        guard cohort.correcting == nil else {
            message = Message(text: "the correction before is being made", isFault: false)
            return nil
        }
        return (loaded, lungs, cursor)
    }

    mutating func correct(_ correction: (VoxelIndex) -> LungCorrection) -> [Effect] {
        guard let (loaded, lungs, cursor) = correctable() else { return [] }
        let correction = correction(cursor)
        if let refusal = correction.refusal(label: lungs[cursor]) {
            message = Message(text: refusal, isFault: true)
            return []
        }
        history.add(.lungs(correction, subject: loaded.id), source: "lungs")
        return change(loaded.id, .add(correction), words: correction.words(label: lungs[cursor]))
    }

    /// The slice that is looked at stays with the lung, and so does what lies on its other side.
    mutating func cut(above: Bool) -> [Effect] {
        guard let axes = cohort.loaded?.axes else { return correct { .take($0) } }
        let normal = view.plane.normal.rawValue
        let isHigher = above != axes.isFlipped[normal]
        return correct { .cut($0, axis: axes.gridAxis[normal], beyond: isHigher ? .higher : .lower) }
    }

    mutating func clearCorrections() -> [Effect] {
        guard let loaded = cohort.loaded, cohort.correcting == nil else {
            _ = correctable()
            return []
        }
        guard loaded.volumes.corrections > 0 || loaded.volumes.correctionFault != nil else {
            message = Message(text: "the lungs of \(loaded.id) are not corrected", isFault: false)
            return []
        }
        history.forgetLungs()
        return change(loaded.id, .removeAll, words: "every correction of \(loaded.id) was taken back")
    }

    /// Takes a correction back, or makes it again, of the subject that is shown; of any other nothing is changed.
    mutating func runHistory(_ correction: LungCorrection, of subject: String, isUndo: Bool) -> [Effect] {
        guard screen == .cohort, cohort.loaded?.id == subject, cohort.correcting == nil else {
            // As if it had not been asked for.
            _ = isUndo ? history.redo() : history.undo()
            message = Message(text: "that was a correction of the lungs of \(subject): show it on the cohort screen first", isFault: false)
            return []
        }
        return isUndo
            ? change(subject, .removeLast, words: "the correction was taken back")
            : change(subject, .add(correction), words: "the correction was made again")
    }

    /// Takes the last correction back that was made in an earlier visit; nil where the subject on the screen has none.
    mutating func takeEarlierCorrectionBack() -> [Effect]? {
        guard screen == .cohort, let loaded = cohort.loaded, loaded.volumes.corrections > 0, cohort.correcting == nil else { return nil }
        return change(loaded.id, .removeLast, words: "the correction was taken back")
    }

    private mutating func change(_ subject: String, _ change: LungCorrectionChange, words: String) -> [Effect] {
        cohort.correcting = CohortState.Correcting(change: change, words: words)
        message = Message(text: "correcting the lungs of \(subject) …", isFault: false)
        return [.correctLungs(subject, change)]
    }

    /// Shows what was done, once it is.
    mutating func corrected(_ loaded: LoadedCohortSubject) {
        guard cohort.loaded?.id == loaded.id else { return }
        let words = cohort.correcting?.words ?? "the lungs were corrected"
        show(loaded)
        cohort.lastListed = -.infinity
        message = Message(text: "\(words); P prepares with it", isFault: false)
    }

    /// Nothing was changed: the history is as before.
    mutating func notCorrected(_ sentence: String) {
        switch cohort.correcting?.change {
        case .add: _ = history.undo()
        case .removeLast: _ = history.redo()
        case .removeAll, nil: break
        }
        cohort.correcting = nil
        message = Message(text: sentence, isFault: true)
    }
}
