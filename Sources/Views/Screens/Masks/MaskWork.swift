import Cohorts
import Masks

/// A prediction that goes on.
package struct RunningPrediction: Equatable, Sendable {
    package let subject: String
    /// The slice that was asked for last.
    var slice: MaskSlice
    /// Nil while the CT is being read.
    package var partial: PartialPrediction?
    package var isWriting = false
    /// The masks lie in the session; what is known of them is shown until they are read.
    var isWritten = false

    init(subject: String, slice: MaskSlice) {
        self.subject = subject
        self.slice = slice
    }
}

extension MasksState {
    /// Where to begin: with current masks, else with any, else the first.
    var firstChoice: SubjectEntry? {
        subjects.first { $0.masks == .current } ?? subjects.first { $0.masks != nil } ?? subjects.first
    }

    /// How a subject's masks stand; nil where there are none.
    package func condition(_ entry: SubjectEntry) -> MaskCondition? {
        if prediction?.subject == entry.id { return .partial }
        return loaded?.id == entry.id ? loaded?.volumes.maskCondition : entry.masks
    }

    /// What is known so far of the masks of the subject that is shown.
    package var partial: PartialPrediction? { prediction?.subject == loaded?.id ? prediction?.partial : nil }

    /// The boxes of the subject that is shown, placed on this very CT.
    package var shownBoxes: [LesionBox] {
        guard let loaded else { return [] }
        return boxes.filter { $0.subject == loaded.id && $0.fits(image: loaded.volumes.imageChecksum) }
    }

    /// Places of the subject that is shown which are marked both diseased and healthy, one sentence each.
    var contradictions: [String] { LesionBox.contradictions(shownBoxes) }
}
