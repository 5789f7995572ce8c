import Cohorts
import Foundations

/// A slice of a CT in its own grid.
package struct MaskSlice: Codable, Equatable, Sendable {
    /// The grid axis across it: 0 (x), 1 (y) or 2 (z).
    package var axis: Int
    /// Of the slice along that axis.
    package var index: Int

    package init(axis: Int, index: Int) {
        self.axis = axis
        self.index = index
    }
}

/// What a viewer of masks asks for.
package enum MaskRequest: Equatable, Sendable {
    case readBoxes
    case change(BoxChange)
    /// Masks of a subject by the session's classifiers, this slice first.
    case predict(subject: String, MaskSlice)
    /// Another slice first.
    case look(MaskSlice)
    /// Nothing further of what goes on.
    case stop
    /// What fine-tuning with the session's boxes would do.
    case planFineTuning
    case fineTune
}

/// What a viewer of masks is told, in the background's own time.
package enum MaskReport: Codable, Equatable, Sendable {
    /// The session's boxes, all of them.
    case boxes([LesionBox])
    case predictionBegan(PartialPrediction)
    case part(PartialPrediction.Part)
    /// Everything is classified, and masks are being written.
    case writing
    /// Masks of the subject lie in the session.
    case predicted(subject: String)
    /// The prediction was stopped; nothing of it was written.
    case stopped
    case planned(FineTuningPlan)
    /// Boxes that were encoded, of how many.
    case fineTuning(StageProgress)
    /// Classifiers were trained, in a sentence.
    case fineTuned(String)
    /// What was asked for last did not go: one sentence.
    case failed(String)
    /// The boxes could not be read or changed: one sentence.
    case boxesFailed(String)
}
