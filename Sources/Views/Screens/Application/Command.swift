import TerminalKit

/// The screens.
package enum ScreenID: String, CaseIterable, Codable, Sendable {
    case sessions, comparison, training, atlas, masks, cohort, evaluation

    package var title: String {
        switch self {
        case .sessions: "Sessions"
        case .comparison: "Comparison"
        case .training: "Training"
        case .atlas: "Atlas"
        case .masks: "Masks"
        case .cohort: "Cohort"
        case .evaluation: "Evaluation"
        }
    }

    /// For narrow windows.
    package var shortTitle: String {
        switch self {
        case .sessions: "List"
        case .comparison: "Compare"
        case .training: "Train"
        case .atlas: "Atlas"
        case .masks: "Masks"
        case .cohort: "Cohort"
        case .evaluation: "Eval"
        }
    }

    /// The command that goes there.
    package var command: CommandID {
        switch self {
        case .sessions: .showSessions
        case .comparison: .compareSessions
        case .training: .showTraining
        case .atlas: .showAtlas
        case .masks: .showMasks
        case .cohort: .showCohort
        case .evaluation: .showEvaluation
        }
    }
}

/// Everything that a key, the palette or a tape can ask for. Raw values are stable: tapes carry them.
package enum CommandID: String, CaseIterable, Codable, Sendable {
    case showSessions = "screen.sessions"
    case showTraining = "screen.training"
    case showAtlas = "screen.atlas"
    case showMasks = "screen.masks"
    case showCohort = "screen.cohort"
    case showEvaluation = "screen.evaluation"
    case nextScreen = "screen.next"
    case previousScreen = "screen.previous"
    case help
    case palette
    case redraw
    case undo
    case redo
    case counters = "display.counters"
    case lean = "display.lean"
    case toggleMouse = "mouse.toggle"
    case nextGraphics = "display.graphics"
    case nextMosaic = "display.mosaic"
    case quit

    case selectPrevious = "list.previous"
    case selectNext = "list.next"
    case selectFirst = "list.first"
    case selectLast = "list.last"
    case openSession = "session.open"
    case newRun = "session.new"
    case forkRun = "session.fork"
    case continueRun = "session.continue"
    case markSession = "session.mark"
    case compareSessions = "session.compare"
    case closeComparison = "compare.close"
    case renameSession = "session.rename"
    case noteSession = "session.note"
    case deleteSession = "session.delete"
    case startDemo = "session.demo"

    case pauseResume = "train.pause"
    case singleStep = "train.step"
    case raiseLearningRate = "train.rate.raise"
    case lowerLearningRate = "train.rate.lower"
    case enterLearningRate = "train.rate.enter"
    case enterSetting = "train.set"
    case checkpoint = "train.checkpoint"
    case stop = "train.stop"
    case rollBack = "train.rollback"

    case nextPage = "curves.page"
    case nextAxis = "curves.axis"
    case toggleLogarithm = "curves.log"
    case zoomIn = "curves.zoom.in"
    case zoomOut = "curves.zoom.out"
    case panLeft = "curves.pan.left"
    case panRight = "curves.pan.right"
    case showAllSteps = "curves.all"
    case followNewest = "curves.newest"
    case curveCursorLeft = "curves.cursor.left"
    case curveCursorRight = "curves.cursor.right"
    case hideCurveCursor = "curves.cursor.hide"
    case smoother = "curves.smoother"
    case rougher = "curves.rougher"
    case nextPanel = "panel.next"
    case panelUp = "panel.up"
    case panelDown = "panel.down"

    case nextSlice = "slice.next"
    case previousSlice = "slice.previous"
    case forwardSlices = "slice.forward"
    case backSlices = "slice.back"
    case firstSlice = "slice.first"
    case lastSlice = "slice.last"
    case cursorLeft = "cursor.left"
    case cursorRight = "cursor.right"
    case cursorUp = "cursor.up"
    case cursorDown = "cursor.down"
    case focusAxial = "plane.axial"
    case focusCoronal = "plane.coronal"
    case focusSagittal = "plane.sagittal"
    case nextPlane = "plane.next"
    case maximise = "plane.maximise"
    case toggleCrosshair = "crosshair.toggle"
    case toggleRadiological = "display.radiological"
    case tallerCells = "display.cells.taller"
    case flatterCells = "display.cells.flatter"
    case resetView = "view.reset"

    case nextLandmark = "landmark.next"
    case previousLandmark = "landmark.previous"
    case worstLandmark = "landmark.worst"
    case nextQuantity = "landmark.quantity"
    case showViews = "landmark.views"

    case nextSubject = "subject.next"
    case previousSubject = "subject.previous"
    case nextWindow = "window.next"
    case previousWindow = "window.previous"
    case raiseLevel = "window.level.raise"
    case lowerLevel = "window.level.lower"
    case widenWindow = "window.widen"
    case narrowWindow = "window.narrow"
    case invert = "window.invert"
    case toggleOverlays = "overlay.toggle"
    case toggleCentrilobular = "overlay.cle"
    case toggleParaseptal = "overlay.paraseptal"
    case raiseOpacity = "overlay.opacity.raise"
    case lowerOpacity = "overlay.opacity.lower"
    case raiseThreshold = "overlay.threshold.raise"
    case lowerThreshold = "overlay.threshold.lower"
    case nextOverlayKind = "overlay.kind"
    case enlargeSlice = "slice.enlarge"
    case shrinkSlice = "slice.shrink"
    case shiftLeft = "slice.shift.left"
    case shiftRight = "slice.shift.right"
    case shiftUp = "slice.shift.up"
    case shiftDown = "slice.shift.down"
    case markRuler = "ruler.mark"
    case nextInterpolation = "slice.interpolation"
    case nextSlab = "slab.next"
    case thickerSlab = "slab.thicker"
    case thinnerSlab = "slab.thinner"
    case nextStyle = "overlay.style"
    case nextRegion = "region.next"
    case goToSlice = "slice.go"
    case farLeft = "cursor.far.left"
    case farRight = "cursor.far.right"
    case farUp = "cursor.far.up"
    case farDown = "cursor.far.down"
    case toggleCine = "cine.toggle"
    case nextCineRate = "cine.rate"
    case wholeScreen = "plane.whole"
    case toggleThirds = "table.thirds"
    case exportSubject = "subject.export"
    case nextDisease = "disease.next"
    case previousDisease = "disease.previous"

    case predict = "mask.predict"
    case stopMaskWork = "mask.stop"
    case boxCentrilobular = "box.cle"
    case boxParaseptal = "box.paraseptal"
    case boxHealthy = "box.healthy"
    case removeBox = "box.remove"
    case toggleBoxes = "box.toggle"
    case fineTune = "mask.finetune"

    case acceptSubject = "cohort.accept"
    case excludeSubject = "cohort.exclude"
    case clearReview = "cohort.clear"
    case redoSubject = "cohort.redo"
    case prepareAgain = "cohort.prepare"
    case giveRight = "lungs.give.right"
    case giveLeft = "lungs.give.left"
    case takePart = "lungs.take"
    case cutBelow = "lungs.cut.below"
    case cutAbove = "lungs.cut.above"
    case clearCorrections = "lungs.clear"
    case nextDoubtful = "cohort.next"
    case previousDoubtful = "cohort.previous"
    case toggleLungOutline = "outline.lungs"
    case toggleAtlasOutline = "outline.atlas"
    case toggleLandmarks = "outline.patches"

    case nextExperiment = "experiment.next"
    case previousExperiment = "experiment.previous"
    case runExperiment = "experiment.run"
    case runAllExperiments = "experiment.run.all"
    case stopExperiments = "experiment.stop"
    case nextEvaluationPage = "evaluation.page"
    case evaluationDown = "evaluation.down"
    case evaluationUp = "evaluation.up"
    case evaluationRight = "evaluation.right"
    case evaluationLeft = "evaluation.left"
    case nextPoint = "point.next"
    case previousPoint = "point.previous"
    case openPoint = "point.open"
}

extension CommandID {
    /// Changes a run that goes on.
    package var steersRun: Bool {
        switch self {
        case .pauseResume, .singleStep, .raiseLearningRate, .lowerLearningRate, .enterLearningRate, .enterSetting, .checkpoint, .stop,
            .rollBack:
            true
        default: false
        }
    }

    /// Acts on what is chosen on its screen, or computes: for those who have that screen before their eyes.
    package var needsItsScreen: Bool {
        switch self {
        case .openSession, .forkRun, .continueRun, .markSession, .compareSessions, .renameSession, .noteSession, .deleteSession,
            .startDemo, .exportSubject, .predict, .boxCentrilobular, .boxParaseptal, .boxHealthy, .removeBox, .fineTune, .acceptSubject,
            .excludeSubject, .clearReview, .redoSubject, .prepareAgain, .giveRight, .giveLeft, .takePart, .cutBelow, .cutAbove,
            .clearCorrections, .runExperiment, .runAllExperiments, .stopExperiments, .openPoint:
            true
        default: false
        }
    }
}

/// One row of the command table.
package struct Command: Sendable {
    package let id: CommandID
    /// Keys that run it; the first is shown in hints.
    package let keys: [Key]
    /// A few words, as a heading of a hint at the foot of the screen; empty: no hint there.
    package let hint: String
    /// One line for help and palette.
    package let help: String
    /// Where it works; empty: everywhere.
    package let screens: Set<ScreenID>

    /// The same command, on one more screen.
    package func working(on screen: ScreenID) -> Command {
        Command(id: id, keys: keys, hint: hint, help: help, screens: screens.union([screen]))
    }

    /// The screen where the palette runs it from elsewhere; nil where it works everywhere, or belongs to curves that may not be there.
    package var home: ScreenID? { ScreenID.allCases.first { $0 != .comparison && screens.contains($0) } }

    package func works(on screen: ScreenID) -> Bool { screens.isEmpty || screens.contains(screen) }
    package var keyNames: String { keys.map(\.name).joined(separator: " ") }
}
