import Cohorts
import Foundations
import Masks
import TerminalKit

/// The whole interface as a value: what is shown is a function of this and of nothing else.
package struct WorkbenchState: Equatable, Sendable {
    package var size: Size
    /// What the terminal shows, and how pictures are drawn as the user wants them.
    package var capabilities: Capabilities
    /// What the terminal has answered.
    package var offers = TerminalOffers()
    /// Pictures with few pixels while keys repeat: all of them, then all but the chosen plane's, then none.
    package var coarseness = Coarseness.none
    /// Seconds since the interface started.
    package var now = 0.0
    /// The session on the screen; nil while only the list of sessions is there.
    package var session: SessionIdentity?
    package var view = ViewSettings()
    package var overlay: Overlay?
    /// What was typed and sent off with the last key: it opens again where it is refused.
    var submitted: Overlay?
    package var message: Message?
    package var mouseCaptured = true
    package var history = ChangeHistory()
    package var counters = FrameCounters()
    package var showsCounters = false
    /// Fewer shades for slow links.
    package var leanness = LeanMode.automatic
    package var isLagging = false

    /// Where the mouse was while a button is held.
    var dragged: Mouse?
    /// When the last frames of the cine were, newest last; nil while it stands.
    var cine: [Double]?
    /// A slice that does not follow the cross-hair yet.
    package var held: DeferredSlice?
    /// The newest part of a long journal is shown while all of it is being read.
    package var isReadingJournal = false
    /// Lines that the panel below the curves was moved by: back from the newest event or command, on from a summary's first line.
    package var panelOffset = 0

    package var sessions = SessionsState()
    package var training = TrainingState()
    package var atlas = AtlasState()
    package var masks = MasksState()
    package var cohort = CohortState()
    package var evaluation = EvaluationState()

    package init(size: Size, capabilities: Capabilities) {
        self.size = size
        self.capabilities = capabilities
    }

    /// Without a session only the list can be shown, or the comparison.
    package var screen: ScreenID { session != nil ? view.screen : sessions.comparison == nil ? .sessions : .comparison }

    /// A cell's height over its width: measured where pictures have pixels, else as the user has told.
    package var cellRatio: Double {
        capabilities.drawsPixels ? Double(capabilities.cell.height) / Double(max(1, capabilities.cell.width)) : view.cellRatio
    }

    /// A process computes in the session that commands would reach.
    package var isSteerable: Bool { session != nil && session?.ownership != .nobody && !training.isOver }
}

/// Which pictures of slices are drawn with few pixels.
package enum Coarseness: Int, Sendable {
    case none
    /// The chosen plane has all of its pixels already.
    case others
    case all
}

/// What lies over the screen and takes the keys.
package enum Overlay: Equatable, Sendable {
    /// First line shown.
    case help(Int)
    case palette(query: String, chosen: Int)
    /// A line of text for a steering command.
    case prompt(text: String, complaint: String?)
    /// Why a subject is excluded, or accepted although refused.
    case note(ReviewNote)
    /// The checkpoints to go back to, newest first; nil while they are looked up.
    case rollBack(steps: [Int]?, chosen: Int)
    /// A line of text for a session.
    case entry(TextEntry)
    /// What a new run is asked to do.
    case form(RunForm)
    /// A question to be answered with `y`.
    case confirmStop
    case confirmRollBack(Int)
    case confirmDelete(String)
    case confirmQuit(hint: String)
    case confirmFineTuning(FineTuningPlan)

    /// With a sentence on why what was typed cannot be done; nil for overlays that have no place for it.
    func complaining(_ sentence: String) -> Overlay? {
        switch self {
        case .entry(var entry):
            entry.complaint = sentence
            return .entry(entry)
        case .form(var form):
            form.complaint = sentence
            return .form(form)
        default: return nil
        }
    }
}

/// What is thought of a subject, while the reason is being typed.
package struct ReviewNote: Equatable, Sendable {
    package var subject: String
    package var decision: CohortReview.Decision
    package var text: String
    /// The subject was refused: without a reason it stays so.
    package var needsReason = false
    package var complaint: String?
}

/// One line at the foot of the screen, until the next key.
package struct Message: Equatable, Sendable {
    package var text: String
    package var isFault: Bool

    package init(text: String, isFault: Bool) {
        self.text = text
        self.isFault = isFault
    }
}

/// The list of sessions.
package struct SessionsState: Equatable, Sendable {
    package var entries: [SessionSummary] = []
    package var isListed = false
    package var demoOffered = false
    package var chosen = 0
    /// Marked for comparing, in the order of marking.
    package var marked: [String] = []
    /// Curves over each other instead of the list, and how they are looked at.
    package var comparison: RunComparison?
    package var curves = CurveView()
    /// The session to choose when the list is there: the one that was left.
    var wanted: String?
    /// A session that was given another name, which the list does not have yet.
    var renaming: Renaming?
    var lastListed = -Double.infinity
}

/// A session's old and new names.
struct Renaming: Equatable, Sendable {
    let from: String
    let to: String
}

/// The atlas screen; its cursor and landmark are in the view settings.
package struct AtlasState: Equatable, Sendable {
    package var atlas: LoadedAtlas?
    package var isLoading = false
    /// The session has none yet; asked again when the session moves on.
    package var isMissing = false
    package var complaint: String?
    /// The patch and its views instead of the loss curve.
    package var showsViews = false
    package var views: SeenViews?
    /// The landmark and step that views were asked for.
    package var wantedViews: SeenViews.Key?
}

/// The masks screen; its cursor, window and overlays are in the view settings.
package struct MasksState: Equatable, Sendable {
    package var subjects: [SubjectEntry] = []
    /// Why the subjects could not be listed.
    package var listComplaint: String?
    package var loaded: LoadedSubject?
    /// The subject being read.
    package var loading: String?
    /// Where the ruler begins, in the subject that is shown.
    package var mark: VoxelIndex?
    /// True where a mask arrived while its subject was being read: read again.
    var needsReload = false
    package var complaint: String?
    package var prediction: RunningPrediction?
    /// Boxes encoded for fine-tuning; nil where none goes on.
    package var fineTuning: StageProgress?
    /// All of the session's.
    package var boxes: [LesionBox] = []
    var hasAskedForBoxes = false
    package var showsBoxes = true

    /// Whether what was read of a subject is to be shown: where another one was wished for meanwhile, it is not.
    func isWanted(_ id: String) -> Bool { (loading ?? loaded?.id).map { $0 == id } ?? true }
}
