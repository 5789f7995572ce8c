import TerminalKit

/// The one table of commands: the key map, the help, the palette, the hints at the foot of each screen and the tape all read it.
package enum CommandTable {
    /// In the order in which help shows them.
    package static let all: [Command] =
        sessions + comparison + training + atlas + viewing(masks) + corrections + cohort + viewing(slices) + evaluation + everywhere

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    package static subscript(_ id: CommandID) -> Command { byID[id]! }

    /// The commands that work on a screen.
    package static func commands(on screen: ScreenID) -> [Command] { all.filter { $0.works(on: screen) } }

    private static let keyMaps: [ScreenID: [Key: CommandID]] = Dictionary(
        uniqueKeysWithValues: ScreenID.allCases.map { screen in
            (screen, Dictionary(uniqueKeysWithValues: commands(on: screen).flatMap { command in command.keys.map { ($0, command.id) } }))
        })

    /// The command that a key runs on a screen.
    package static func command(for key: Key, on screen: ScreenID) -> CommandID? { keyMaps[screen]?[key] }

    private static func row(_ id: CommandID, _ keys: String, _ hint: String, _ help: String, _ screens: Set<ScreenID>) -> Command {
        let parsed = keys.split(separator: " ").map { name in
            guard let key = Key(name: String(name)) else { preconditionFailure("CommandTable: \(name) is not a key") }
            return key
        }
        return Command(id: id, keys: parsed, hint: hint, help: help, screens: screens)
    }

    private static let sessions: [Command] = [
        row(.openSession, "Enter", "open", "open the chosen session", [.sessions]),
        row(.startDemo, "d", "demo", "start the demo: phantom cohort, pre-training, masks, in minutes", [.sessions]),
        row(.newRun, "n", "new", "start a new run: a form with every setting", [.sessions]),
        row(.continueRun, "c", "continue", "resume a run that was interrupted", [.sessions]),
        row(.forkRun, "f", "fork", "start a run from this one's newest checkpoint with changed settings", [.sessions]),
        row(.markSession, "Space", "mark", "mark for comparing", [.sessions]),
        row(.compareSessions, "v", "compare", "curves of the marked sessions over each other", [.sessions]),
        row(.renameSession, "R", "", "rename the session", [.sessions]),
        row(.noteSession, "N", "", "write a note on the session", [.sessions]),
        row(.deleteSession, "D", "", "delete the session and all that is in it (asks first)", [.sessions]),
        row(.selectNext, "Down j", "", "next session", [.sessions]),
        row(.selectPrevious, "Up k", "", "previous session", [.sessions]),
        row(.selectFirst, "Home", "", "first session", [.sessions]),
        row(.selectLast, "End", "", "last session", [.sessions]),
    ]

    private static let comparison: [Command] = [
        row(.closeComparison, "v Esc", "list", "take the cross-hair away, or go back to the list", [.comparison])
    ]

    private static let training: [Command] = [
        row(.pauseResume, "p Space", "pause/resume", "pause the training, or resume it", [.training]),
        row(.singleStep, "s", "step", "while paused: compute one step", [.training]),
        row(.raiseLearningRate, "+ =", "rate up", "multiply the learning rate by 1.25", [.training]),
        row(.lowerLearningRate, "-", "rate down", "divide the learning rate by 1.25", [.training]),
        row(.enterLearningRate, "l", "rate", "type a learning rate", [.training]),
        row(.enterSetting, "e", "set", "type any setting as name=value", [.training]),
        row(.checkpoint, "c", "checkpoint", "write a checkpoint now", [.training]),
        row(.rollBack, "b", "roll back", "go back to a checkpoint and on from there (asks first)", [.training]),
        row(.stop, "x", "stop", "write a checkpoint and end the run (asks first)", [.training]),
        row(.nextPage, "v", "curves", "other curves: losses, rates, health", [.training]),
        row(.nextPanel, "w", "table", "below the curves: events, landmarks by loss, commands", [.training]),
        row(.zoomIn, "z", "zoom", "show fewer steps", [.training, .comparison]),
        row(.zoomOut, "Z", "", "show more steps", [.training, .comparison]),
        row(.panLeft, "Left", "", "earlier steps", [.training, .comparison]),
        row(.panRight, "Right", "", "later steps", [.training, .comparison]),
        row(.showAllSteps, "Home", "", "show all steps", [.training, .comparison]),
        row(.followNewest, "End", "", "the newest steps, and on with them", [.training, .comparison]),
        row(.curveCursorLeft, ",", "cross-hair", "cross-hair to an earlier step", [.training, .comparison]),
        row(.curveCursorRight, ".", "", "cross-hair to a later step", [.training, .comparison]),
        row(.hideCurveCursor, "Esc", "", "take the cross-hair away", [.training]),
        row(.nextAxis, "t", "", "against steps, epochs or time", [.training]),
        row(.toggleLogarithm, "g", "log", "logarithmic values, or plain", [.training, .comparison]),
        row(.smoother, "]", "", "smoother line", [.training, .comparison]),
        row(.rougher, "[", "", "rougher line", [.training, .comparison]),
        row(.panelUp, "Up k", "", "up in the panel: higher loss, earlier events and commands", [.training]),
        row(.panelDown, "Down j", "", "down in the panel: lower loss, later events and commands", [.training]),
    ]

    private static let atlas: [Command] = [
        row(.nextLandmark, "n", "landmark", "select the next landmark and go to it", [.atlas]),
        row(.previousLandmark, "N", "", "select the previous landmark and go to it", [.atlas]),
        row(.worstLandmark, "w", "worst", "select the landmark with the highest loss", [.atlas]),
        row(.nextQuantity, "m", "quantity", "colour by loss, its change, accuracy, bank or gradient", [.atlas]),
        row(.showViews, "v", "views", "the landmark's patch and the views that the network saw, or the curve", [.atlas]),
    ]

    private static let masks: [Command] = [
        row(.nextSubject, "]", "subject", "next subject", [.masks]),
        row(.previousSubject, "[", "", "previous subject", [.masks]),
        row(.nextDisease, "n", "disease", "next slice with emphysema", [.masks]),
        row(.previousDisease, "N", "", "previous slice with emphysema", [.masks]),
        row(.nextWindow, "w", "window", "next window: lung, mediastinum, bone, emphysema", [.masks]),
        row(.previousWindow, "W", "", "previous window", [.masks]),
        row(.raiseLevel, ".", "", "raise the window's level by 25 HU", [.masks]),
        row(.lowerLevel, ",", "", "lower the window's level by 25 HU", [.masks]),
        row(.widenWindow, ">", "", "widen the window by 50 HU", [.masks]),
        row(.narrowWindow, "<", "", "narrow the window by 50 HU", [.masks]),
        row(.invert, "i", "", "black for white", [.masks]),
        row(.toggleOverlays, "g", "overlays", "show or hide both overlays", [.masks]),
        row(.toggleCentrilobular, "e", "", "show or hide centrilobular emphysema", [.masks]),
        row(.toggleParaseptal, "p", "", "show or hide paraseptal emphysema", [.masks]),
        row(.raiseOpacity, "+ =", "", "overlays more opaque", [.masks]),
        row(.lowerOpacity, "-", "", "overlays more transparent", [.masks]),
        row(.nextOverlayKind, "v", "", "overlay: both masks, probability of centrilobular, of paraseptal emphysema", [.masks]),
        row(.raiseThreshold, "t", "", "mark voxels from a higher probability on (0.50 is the mask)", [.masks]),
        row(.lowerThreshold, "T", "", "mark voxels from a lower probability on", [.masks]),
        row(.enlargeSlice, "z", "zoom", "larger, about the cross-hair", [.masks]),
        row(.shrinkSlice, "Z", "", "smaller", [.masks]),
        row(.nextInterpolation, "I", "", "between voxels: the nearest one, or straight from one to the next", [.masks]),
        row(.nextSlab, "V", "", "single slice, or a slab: mean, MIP (highest), MinIP (lowest, for emphysema)", [.masks]),
        row(.thickerSlab, ";", "", "thicker slab", [.masks]),
        row(.thinnerSlab, "'", "", "thinner slab", [.masks]),
        row(.nextStyle, "O", "", "masks: hatched, outline, filled, or lines of probability", [.masks]),
        row(.nextRegion, "A", "", "mean and SD of a round region about the cross-hair: 5, 10, 20, 40 mm, off", [.masks]),
        row(.toggleCine, "\\", "", "cine: run through the slices, or stop", [.masks]),
        row(.nextCineRate, "|", "", "cine: 5, 10, 15 or 20 slices a second", [.masks]),
        row(.wholeScreen, "F2", "", "the chosen plane over the whole screen, a voxel at least a pixel", [.masks]),
        row(.shiftLeft, "H", "", "move the zoomed view to the left", [.masks]),
        row(.shiftRight, "L", "", "move the zoomed view to the right", [.masks]),
        row(.shiftUp, "K", "", "move the zoomed view up", [.masks]),
        row(.shiftDown, "J", "", "move the zoomed view down", [.masks]),
        row(.markRuler, "m", "ruler", "measure from the cross-hair on; again: put the ruler away", [.masks]),
        row(.toggleThirds, "d", "thirds", "table: whole lungs, or their thirds and densitometry", [.masks]),
        row(.exportSubject, "E", "export", "write masks, volumes, picture and a report of the subject to a folder", [.masks]),
    ]

    private static let corrections: [Command] = [
        row(.predict, "P", "predict", "predict this subject's masks, the slice on the screen first", [.masks]),
        row(.boxCentrilobular, "C", "", "place a 32 mm box of centrilobular emphysema about the cross-hair", [.masks]),
        row(.boxParaseptal, "S", "", "place a 32 mm box of paraseptal emphysema about the cross-hair", [.masks]),
        row(.boxHealthy, "G", "", "place a 32 mm box of healthy lung about the cross-hair", [.masks]),
        row(.removeBox, "X Delete", "", "remove the box that holds the cross-hair", [.masks]),
        row(.toggleBoxes, "B", "", "show or hide boxes", [.masks]),
        row(.fineTune, "F", "fine-tune", "fine-tune the classifiers with the boxes and predict again (asks first)", [.masks]),
        row(.stopMaskWork, "Esc", "", "stop the prediction or fine-tuning", [.masks]),
    ]

    private static let cohort: [Command] = [
        row(.acceptSubject, "y", "accept", "accept the subject: its warnings were seen; a refused one with a reason", [.cohort]),
        row(.excludeSubject, "X", "exclude", "exclude the subject from the patches, with a note", [.cohort]),
        row(.clearReview, "t", "", "take the judgement of the subject back", [.cohort]),
        row(.redoSubject, "R", "re-run", "prepare the subject again from its scan", [.cohort]),
        row(.prepareAgain, "P", "prepare", "prepare what is new, changed or reviewed", [.cohort]),
        row(.giveRight, "(", "to right", "lungs: give the part under the cross-hair to the patient's right lung", [.cohort]),
        row(.giveLeft, ")", "to left", "lungs: give the part under the cross-hair to the patient's left lung", [.cohort]),
        row(.takePart, "T", "take out", "lungs: the part under the cross-hair is not lung; again: nothing at all", [.cohort]),
        row(.cutBelow, "b", "cut", "lungs: of the part, what is below the slice (behind it, left of it) is not lung", [.cohort]),
        row(.cutAbove, "B", "", "lungs: of the part, what is above the slice (before it, right of it) is not lung", [.cohort]),
        row(.clearCorrections, "D", "", "lungs: take every correction of the subject back (u: the last one)", [.cohort]),
        row(.nextDoubtful, "n", "doubtful", "next subject with warnings or refused", [.cohort]),
        row(.previousDoubtful, "N", "", "previous subject with warnings or refused", [.cohort]),
        row(.toggleLungOutline, "g", "", "show or hide the lungs' outline", [.cohort]),
        row(.toggleAtlasOutline, "e", "", "show or hide the registered atlas's outline", [.cohort]),
        row(.toggleLandmarks, "p", "", "show or hide the patches' centres", [.cohort]),
    ]

    /// Commands of the slices that mean the same on the cohort's.
    private static func viewing(_ commands: [Command]) -> [Command] {
        let own: Set<CommandID> = [
            .nextDisease, .previousDisease, .toggleOverlays, .toggleCentrilobular, .toggleParaseptal, .raiseOpacity, .lowerOpacity,
            .nextOverlayKind, .raiseThreshold, .lowerThreshold, .markRuler, .toggleThirds, .exportSubject, .nextStyle,
        ]
        return commands.map { own.contains($0.id) ? $0 : $0.working(on: .cohort) }
    }

    private static let slices: [Command] = [
        row(.nextSlice, "Up Right", "slice", "next slice of the chosen plane (up, forward, to the right)", [.atlas, .masks]),
        row(.previousSlice, "Down Left", "", "previous slice of the chosen plane", [.atlas, .masks]),
        row(.forwardSlices, "PgUp", "", "ten slices on", [.atlas, .masks]),
        row(.backSlices, "PgDn", "", "ten slices back", [.atlas, .masks]),
        row(.firstSlice, "Home", "", "first slice", [.atlas, .masks]),
        row(.lastSlice, "End", "", "last slice", [.atlas, .masks]),
        row(.cursorLeft, "h", "", "cross-hair to the left", [.atlas, .masks]),
        row(.cursorRight, "l", "", "cross-hair to the right", [.atlas, .masks]),
        row(.cursorUp, "k", "", "cross-hair up", [.atlas, .masks]),
        row(.cursorDown, "j", "", "cross-hair down", [.atlas, .masks]),
        row(.farLeft, "6", "", "cross-hair ten voxels to the left", [.atlas, .masks]),
        row(.farDown, "7", "", "cross-hair ten voxels down", [.atlas, .masks]),
        row(.farUp, "8", "", "cross-hair ten voxels up", [.atlas, .masks]),
        row(.farRight, "9", "", "cross-hair ten voxels to the right", [.atlas, .masks]),
        row(.goToSlice, "#", "", "go to a slice by number, or to a place in mm (as 120mm)", [.atlas, .masks]),
        row(.focusAxial, "a", "", "choose the axial plane", [.atlas, .masks]),
        row(.focusCoronal, "c", "", "choose the coronal plane", [.atlas, .masks]),
        row(.focusSagittal, "s", "", "choose the sagittal plane", [.atlas, .masks]),
        row(.nextPlane, "Space", "plane", "choose the next plane", [.atlas, .masks]),
        row(.maximise, "o Enter", "one/three", "the chosen plane alone, or all three", [.atlas, .masks]),
        row(.toggleCrosshair, "x", "", "show or hide the cross-hair", [.atlas, .masks]),
        row(.toggleRadiological, "f", "flip", "patient's right on the screen's left, or on its right", [.atlas, .masks]),
        row(.tallerCells, "}", "", "tell that character cells are taller (pictures too tall)", [.atlas, .masks]),
        row(.flatterCells, "{", "", "tell that character cells are flatter (pictures too flat)", [.atlas, .masks]),
        row(.resetView, "r", "", "cross-hair to the middle, display as at first", [.atlas, .masks]),
    ]

    private static let evaluation: [Command] = [
        row(.nextExperiment, "Down j", "experiment", "next experiment", [.evaluation]),
        row(.previousExperiment, "Up k", "", "previous experiment", [.evaluation]),
        row(.nextEvaluationPage, "v", "page", "results, comparisons, claims of the paper, how the numbers were made", [.evaluation]),
        row(.runExperiment, "s", "run", "run the chosen experiment, or resume it", [.evaluation]),
        row(.runAllExperiments, "S", "run all", "run every experiment that is not done", [.evaluation]),
        row(.stopExperiments, "x", "stop", "stop after the piece at work; what is done stays", [.evaluation]),
        row(.nextPoint, "]", "subject", "next subject in the box plots", [.evaluation]),
        row(.previousPoint, "[", "", "previous subject in the box plots", [.evaluation]),
        row(.openPoint, "Enter", "open", "open the subject of the chosen point: its masks, or the cohort", [.evaluation]),
        row(.evaluationRight, "Right l", "", "further columns of the table; in box plots the next stage", [.evaluation]),
        row(.evaluationLeft, "Left h", "", "earlier columns of the table; in box plots the previous stage", [.evaluation]),
        row(.evaluationDown, "PgDn", "", "further down the page", [.evaluation]),
        row(.evaluationUp, "PgUp", "", "up the page", [.evaluation]),
    ]

    private static let everywhere: [Command] = [
        row(.showSessions, "0", "", "go to the list of sessions", []),
        row(.showTraining, "1", "", "go to the training", []),
        row(.showAtlas, "2", "", "go to the atlas", []),
        row(.showMasks, "3", "", "go to the masks", []),
        row(.showCohort, "4", "", "go to the cohort", []),
        row(.showEvaluation, "5", "", "go to the evaluation", []),
        row(.nextScreen, "Tab", "", "next screen", []),
        row(.previousScreen, "S-Tab", "", "previous screen", []),
        row(.palette, ":", "commands", "find a command of any screen by name", []),
        row(.help, "?", "help", "the keys of this screen", []),
        row(.undo, "u", "", "take the last change of view or setting back", []),
        row(.redo, "U", "", "do it again", []),
        row(.counters, "F12", "", "show or hide bytes and time of each frame", []),
        row(.lean, "F11", "", "fewer shades for slow links: on, off or by itself", []),
        row(.nextGraphics, "F10", "", "pictures: what the terminal offers, kitty's protocol, sixel, characters", []),
        row(.nextMosaic, "F9", "", "pictures in characters: of 2, 4 or 6 parts a cell", []),
        row(.redraw, "C-l", "", "draw the whole screen again", []),
        row(.toggleMouse, "M", "", "let the mouse steer, or leave it to the terminal to select text", []),
        row(.quit, "q", "quit", "leave the interface", []),
    ]
}
