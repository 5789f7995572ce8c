import Cohorts
import Foundation
import Foundations
import Masks
import Screens
import SessionFormat
import StudyResults
import TerminalKit

/// A session as the interface needs it: where it lies, what can be shown of it, and who computes in it.
package struct SessionContext: Sendable {
    package var folder: SessionFolder
    package var library: any SubjectLibrary
    package var atlas: AtlasSource
    /// The cohort that the session was prepared from.
    package var cohort: any CohortSource
    /// What the masks screen has computed.
    package var masks: any MaskWork
    /// What the network saw in its steps.
    package var patches: PatchSource = { _, _ in throw Failure("this session's cohort is not at hand") }
    /// The experiments on it.
    package var experiments: any ExperimentSource = NoExperiments()
    /// The screen to begin with instead of the one that was left; nil for that one.
    package var firstScreen: ScreenID?
    /// Who computes in the session now. Cheap: asked every two seconds.
    package var ownership: @Sendable () -> SessionOwnership
    /// What leaving the interface does to a run that goes on, in a sentence; asked for confirmation while it runs. Nil: nothing.
    package var quitHint: String?

    package init(
        folder: SessionFolder, library: any SubjectLibrary, atlas: @escaping AtlasSource, cohort: any CohortSource = EmptyCohort(),
        masks: any MaskWork = NoMaskWork(), ownership: @escaping @Sendable () -> SessionOwnership,
        quitHint: String? = nil
    ) {
        self.folder = folder
        self.library = library
        self.atlas = atlas
        self.cohort = cohort
        self.masks = masks
        self.ownership = ownership
        self.quitHint = quitHint
    }
}

/// A cohort without subjects: for a session whose cohort is not at hand.
package struct EmptyCohort: CohortSource {
    private static let missing = Failure("this session's cohort is not at hand")

    package init() {}
    package func snapshot() throws -> CohortSnapshot { CohortSnapshot(subjects: []) }
    package func volumes(_ subject: String, isWanted: @Sendable () -> Bool) throws -> CohortVolumes { throw Self.missing }
    package func times(_ subject: String) -> FileTimes { FileTimes([]) }
    package func review(_ subject: String, _ entry: CohortReview.Entry?) throws { throw Self.missing }
    package func correct(_ subject: String, _ change: LungCorrectionChange, _ shown: CohortVolumes) throws -> CohortVolumes {
        throw Self.missing
    }
    package func prepareAgain(_ subjects: [String]) throws { throw Self.missing }
}

extension SessionIdentity {
    /// With the settings of the session's description, where it can be read.
    init(_ context: SessionContext, ownership: SessionOwnership, quitHint: String?) {
        self.init(name: context.folder.name, ownership: ownership, quitHint: quitHint)
        guard let settings = try? SessionDescription.read(context.folder).settings else { return }
        for setting in SteerableSetting.allCases {
            guard let found = TrainingSetting.all.first(where: { $0.name == setting.rawValue }) else { continue }
            rates[setting] = Double(found.value(in: settings))
        }
    }
}

/// What the interface is started with.
package struct WorkbenchConfiguration: Sendable {
    /// The folder that holds the sessions.
    package var sessionsRoot: URL
    /// The session to open at once; nil: the list of sessions.
    package var session: SessionContext?
    /// Opens a session from the list.
    package var open: @Sendable (SessionFolder) throws -> SessionContext
    /// Starts the demo in this process and returns its session; nil: not offered.
    package var startDemo: (@Sendable () throws -> SessionContext)?
    /// Makes a session as asked, or a fork of another one, and starts it in this process.
    package var startRun: @Sendable (RunRequest, _ folder: SessionFolder, _ origin: SessionFolder?) throws -> SessionContext
    /// Goes on with a session in this process.
    package var continueRun: @Sendable (SessionFolder) throws -> SessionContext
    /// What a run would take of the disk, in a sentence.
    package var estimate: @Sendable (RunRequest, _ folder: SessionFolder) throws -> String
    /// Why no run can be started now, in a sentence; nil where one can.
    package var refusal: @Sendable () -> String?
    /// A prepared cohort that a new run would most likely use.
    package var cohort: String?
    /// One line of text per change instead of screens.
    package var linear: Bool
    /// How pictures are drawn, and what they are made of in cells: instead of what each session remembers.
    package var graphics: GraphicsChoice?
    package var mosaic: Mosaic?

    package init(
        sessionsRoot: URL, session: SessionContext? = nil, open: @escaping @Sendable (SessionFolder) throws -> SessionContext,
        startDemo: (@Sendable () throws -> SessionContext)? = nil,
        startRun: @escaping @Sendable (RunRequest, SessionFolder, SessionFolder?) throws -> SessionContext = { _, _, _ in
            throw Failure("runs cannot be started from here; use `workbench pretrain`")
        },
        continueRun: @escaping @Sendable (SessionFolder) throws -> SessionContext = { _ in
            throw Failure("runs cannot be continued from here; use `workbench open`")
        },
        estimate: @escaping @Sendable (RunRequest, SessionFolder) throws -> String = { _, _ in "" },
        refusal: @escaping @Sendable () -> String? = { nil }, cohort: String? = nil, linear: Bool = false
    ) {
        self.sessionsRoot = sessionsRoot
        self.session = session
        self.open = open
        self.startDemo = startDemo
        self.startRun = startRun
        self.continueRun = continueRun
        self.estimate = estimate
        self.refusal = refusal
        self.cohort = cohort
        self.linear = linear
    }
}

/// Why the interface ended.
package enum ExitReason: Equatable, Sendable {
    /// The user left.
    case quit
    /// The terminal went away: a run goes on without it.
    case hangUp
    /// SIGINT or SIGTERM.
    case signal(Int32)
    /// In the linear mode: nothing more will come.
    case sessionOver
}

/// The interface.
package enum WorkbenchApp {
    /// Shows the interface on this process's terminal until it ends; returns the reason. The terminal is left as it was found.
    /// Call it on the main thread. Throws if the session to open cannot be read.
    package static func run(_ configuration: WorkbenchConfiguration) throws -> ExitReason {
        Parallel.yieldToInterface()
        guard !configuration.linear, let capabilities = NcursesTerminal.probe() else { return try LinearMode(configuration).run() }
        let terminal = try NcursesTerminal(capabilities)
        defer { terminal.close() }
        let loop = try EventLoop(configuration, terminal)
        defer {
            // The user has the terminal back while the last file is being written.
            terminal.close()
            loop.finishMaskWork()
        }
        return try loop.run()
    }
}
