import Cohorts
import Foundation
import Masks
import SessionFormat
import StudyResults
import TerminalKit

/// Everything that can change what is shown. Nothing else does: no clock, no file, no terminal.
package enum WorkbenchEvent: Sendable {
    case key(Key)
    /// A command by name: how a tape replays a key, whatever keys mean by then.
    case command(CommandID)
    case mouse(Mouse)
    /// Text that was pasted: no key, whatever it holds.
    case paste(String)
    case resize(Size)
    /// The terminal has answered what it offers.
    case offered(TerminalOffers)
    /// Time passes: seconds since the interface started.
    case tick(Double)
    /// A session was opened; everything of the one before is forgotten.
    case sessionOpened(SessionIdentity, ViewSettings)
    case ownership(SessionOwnership)
    case journal([JournalEntry])
    /// The settings that a run began with, which were not there yet when its session was opened.
    case settingsRead([SteerableSetting: Double])
    case sessionsListed([SessionSummary], demoOffered: Bool)
    case subjectsListed([SubjectEntry])
    case subjectsFailed(String)
    case subjectLoaded(LoadedSubject)
    case subjectFailed(id: String, String)
    case atlasLoaded(LoadedAtlas?)
    case atlasFailed(String)
    /// What goes on in the background of the masks screen of a session, given by its folder's path.
    case masks(MaskReport, session: String)
    case cohortListed(CohortSnapshot)
    case cohortSubjectLoaded(LoadedCohortSubject)
    case cohortSubjectFailed(id: String, String)
    /// The lungs of the subject that is shown were corrected.
    case lungsCorrected(LoadedCohortSubject)
    case lungsNotCorrected(String)
    case experimentsListed(ExperimentSnapshot)
    /// Steps of the checkpoints that can be gone back to.
    case checkpointsListed([Int])
    case runsCompared(RunComparison)
    /// What a new run, or a fork, would be asked to do: to be changed in a form.
    case runRead(RunRequest)
    /// What the run of the form will take of the disk, or why that cannot be told.
    case runEstimated(String)
    /// What the network saw at a landmark.
    case viewsLoaded(SeenViews)
    /// The link to the terminal is slow, or no longer.
    case lag(Bool)
    case counted(FrameCounters)
    /// The cine's next slice is due.
    case cineStep
    /// The user rests: slices that were held follow the cross-hair.
    case settled
    /// The newest part of a long journal, while the rest is being read.
    case journalTail(TrainingState)
    /// A long journal has been read whole.
    case journalRead(TrainingState, session: String, offset: Int)
    /// Something went wrong outside: one sentence for the user.
    case failed(String)
    /// What was typed and sent off cannot be done: one sentence.
    case refused(String)
    /// Something worth a line.
    case noticed(String)
}

/// What the reducer asks the runtime to do.
package enum Effect: Equatable, Sendable {
    case steer(SteeringCommand)
    case loadSubject(String)
    case loadAtlas
    case listSubjects
    case listSessions
    case masks(MaskRequest)
    case listCohort
    case listExperiments
    case startExperiments([ExperimentName])
    case stopExperiments
    case loadCohortSubject(String)
    /// Nil takes a judgement back.
    case review(String, CohortReview.Entry?)
    /// Of the subject that is shown.
    case correctLungs(String, LungCorrectionChange)
    /// These subjects from the start, the others where they are not current.
    case prepareAgain([String])
    case openSession(String)
    case startDemo
    case listCheckpoints
    case compareSessions([String])
    case renameSession(String, to: String)
    case noteSession(String, String)
    case deleteSession(String)
    /// Reads what a session was asked to do, for a fork; nil: the defaults, for a new run.
    case readRun(String?)
    /// Tells what a run takes of the disk.
    case estimateRun(RunRequest)
    case startRun(RunRequest)
    case continueRun(String)
    case loadViews(landmark: Int)
    case saveView(ViewSettings)
    /// Writes what is shown of the subject to a folder, as the user named it.
    case exportSubject(folder: String)
    case redraw
    case captureMouse(Bool)
    case quit
}

/// Who is computing in a session.
package enum SessionOwnership: String, Codable, Sendable {
    case thisProcess
    case otherProcess
    /// Nobody: finished, stopped or not resumed yet.
    case nobody
}

/// The session on the screen.
package struct SessionIdentity: Equatable, Sendable {
    package var name: String
    package var ownership: SessionOwnership
    /// What leaving the interface does to a run that goes on, in a sentence; nil where it does nothing.
    package var quitHint: String?
    /// Settings that can be steered, as the run began with them.
    package var rates: [SteerableSetting: Double] = [:]

    package init(name: String, ownership: SessionOwnership, quitHint: String? = nil) {
        self.name = name
        self.ownership = ownership
        self.quitHint = quitHint
    }
}

/// A line of the list of sessions.
package struct SessionSummary: Equatable, Sendable {
    package enum Condition: String, Codable, Sendable {
        case preparing, running, paused, finished, stopped, faulty, idle, unreadable
    }
    package var name: String
    package var condition: Condition
    package var ownership: SessionOwnership
    package var step: Int
    package var totalSteps: Int
    package var loss: Double?
    /// The last fault, or why the session cannot be read.
    package var note: String?
    /// What the user wrote on it.
    package var remark: String?
    /// A run that ends with this process.
    package var isRunHere: Bool { ownership == .thisProcess && [.preparing, .running, .paused].contains(condition) }

    package init(
        name: String, condition: Condition, ownership: SessionOwnership = .nobody, step: Int = 0, totalSteps: Int = 0, loss: Double? = nil,
        note: String? = nil, remark: String? = nil
    ) {
        self.name = name
        self.condition = condition
        self.ownership = ownership
        self.step = step
        self.totalSteps = totalSteps
        self.loss = loss
        self.note = note
        self.remark = remark
    }
}
