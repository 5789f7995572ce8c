import ArgumentParser
import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import Studies
import StudyResults
import Synchronization

/// Starts the interface and ends the process as the user left it.
enum Interface {
    /// Shows one session until the user leaves.
    /// - Parameters:
    ///   - job: the work of this process in the session.
    ///   - cohort: a prepared cohort to browse instead of the session's own.
    static func show(
        _ folder: SessionFolder, job: EngineJob.Outcome?, _ display: DisplayOptions, cohort: URL? = nil,
        onHangUp: JobOptions.HangUp = .continue
    ) throws {
        let jobs = InterfaceJobs(job.map { InterfaceJobs.Running(folder: folder, outcome: $0) })
        var configuration = configuration(folder.root.deletingLastPathComponent(), jobs, display)
        configuration.session = jobs.context(folder, cohort: cohort)
        configuration.open = { jobs.context($0, cohort: $0 == folder ? cohort : nil) }
        try finish(try WorkbenchApp.run(configuration), jobs, onHangUp: onHangUp)
    }

    /// Shows a prepared cohort, or one that is being prepared, without any session.
    static func showCohort(_ folder: URL, _ display: DisplayOptions) throws {
        let jobs = InterfaceJobs()
        var configuration = configuration(folder.deletingLastPathComponent(), jobs, display)
        configuration.session = try SessionViewing.context(forPrepared: folder)
        configuration.cohort = folder.path
        try finish(try WorkbenchApp.run(configuration), jobs)
    }

    /// Shows the experiments of a folder.
    /// - Parameter job: is run in the background of this process; nil only looks, and can start more.
    static func showExperiments(_ folder: ExperimentFolder, job: ExperimentJob? = nil, _ pictures: PictureOptions) throws {
        let browser = ExperimentBrowser(folder)
        if let job {
            // The interface needs the folder from its first moment on.
            try AtomicFile.makeFolder(folder.root)
            try browser.start(job)
        }
        let jobs = InterfaceJobs(otherWork: { (try? browser.snapshot())?.isOwn == true ? "the experiments' run" : nil })
        var configuration = pictures.applied(to: configuration(folder.root.deletingLastPathComponent(), jobs, linear: false))
        configuration.session = SessionViewing.context(forExperiments: browser)
        let reason = try WorkbenchApp.run(configuration)
        if reason == .hangUp {
            browser.waitToEnd()
        } else if browser.stop() {
            Output.message("the experiments were stopped; run the same command again to go on")
        }
        try finish(reason, jobs)
    }

    /// Shows the list of sessions; runs and the demo are started from there.
    static func showSessions(_ root: URL, _ display: DisplayOptions) throws {
        let jobs = InterfaceJobs()
        try finish(try WorkbenchApp.run(configuration(root, jobs, display)), jobs)
    }

    /// The list of the sessions of a folder, from which runs are started in this process.
    private static func configuration(_ root: URL, _ jobs: InterfaceJobs, _ display: DisplayOptions) -> WorkbenchConfiguration {
        display.pictures.applied(to: configuration(root, jobs, linear: display.linear))
    }

    private static func configuration(_ root: URL, _ jobs: InterfaceJobs, linear: Bool) -> WorkbenchConfiguration {
        Interruption.outliveTerminal()
        let demo = SessionFolder(root.appendingPathComponent("demo", isDirectory: true))
        return WorkbenchConfiguration(
            sessionsRoot: root, open: { jobs.context($0) }, startDemo: { try jobs.startDemo(demo) },
            startRun: { request, folder, origin in try jobs.start(request, folder, origin: origin) }, continueRun: { try jobs.resume($0) },
            estimate: { try jobs.estimate($0, $1) }, refusal: { jobs.refusal },
            cohort: ProcessInfo.processInfo.environment["WORKBENCH_COHORT"], linear: linear)
    }

    /// After the interface: a hang-up leaves the run going without it unless asked otherwise; any other end saves a checkpoint first.
    private static func finish(_ reason: ExitReason, _ jobs: InterfaceJobs, onHangUp: JobOptions.HangUp = .continue) throws {
        if let running = jobs.running {
            let (folder, job) = (running.folder, running.outcome)
            if reason == .hangUp, onHangUp != .stop {
                if let wish = onHangUp.wish { try? JSONLinesWriter<SteeringCommand>(folder.control).append(wish) }
                _ = job.waitToEnd()
                return
            }
            if !job.isKnown { try stop(folder, job) }
            if let result = job.wait(seconds: 0) { for line in try result.get() { print(line) } }
        }
        if case .signal(let number) = reason { throw ExitCode(128 + number) }
    }

    /// Asks a training to save and stop; other stages keep what they have finished, and go on from there another time.
    private static func stop(_ folder: SessionFolder, _ job: EngineJob.Outcome) throws {
        let again = "start it again to go on from there"
        guard isTraining(folder) else {
            Output.message("left in the middle of a stage; \(again)")
            return
        }
        Output.message("saving a checkpoint …")
        try JSONLinesWriter<SteeringCommand>(folder.control).append(.stop)
        if job.wait(seconds: 60) == nil { Output.message("the run did not stop within a minute; its last checkpoint is kept: \(again)") }
    }

    private static func isTraining(_ folder: SessionFolder) -> Bool {
        for entry in ((try? JournalTail.entries(folder, bytes: 1 << 16).entries) ?? []).reversed() {
            switch entry.event {
            case .started, .step, .epoch, .checkpoint, .command: return true
            default: return false
            }
        }
        return false
    }
}
