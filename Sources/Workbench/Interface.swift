import ArgumentParser
import Engine
import Foundation
import Synchronization
import Views

/// Starts the interface and ends the process as the user left it.
enum Interface {
    /// Shows one session until the user leaves.
    /// - Parameters:
    ///   - job: the work of this process in the session.
    ///   - cohort: a prepared cohort to browse instead of the session's own.
    static func show(
        _ folder: SessionFolder, job: EngineJob.Outcome?, linear: Bool, cohort: URL? = nil, onHangUp: JobOptions.HangUp = .continue
    ) throws {
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.root.deletingLastPathComponent(),
            session: SessionViewing.context(for: folder, job: job, cohort: cohort),
            open: { SessionViewing.context(for: $0, job: $0 == folder ? job : nil, cohort: $0 == folder ? cohort : nil) }, linear: linear)
        try finish(try WorkbenchApp.run(configuration), folder: folder, job: job, onHangUp: onHangUp)
    }

    /// Shows a prepared cohort, or one that is being prepared, without any session.
    static func showCohort(_ folder: URL, linear: Bool) throws {
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.deletingLastPathComponent(), session: try SessionViewing.context(forPrepared: folder),
            open: { SessionViewing.context(for: $0) }, linear: linear)
        try finish(try WorkbenchApp.run(configuration), folder: SessionFolder(folder), job: nil)
    }

    /// Shows the experiments of a folder.
    /// - Parameter job: is run in the background of this process; nil only looks, and can start more.
    static func showExperiments(_ folder: ExperimentFolder, job: ExperimentJob? = nil) throws {
        let browser = ExperimentBrowser(folder)
        if let job {
            // The interface needs the folder from its first moment on.
            try AtomicFile.makeFolder(folder.root)
            try browser.start(job)
        }
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.root.deletingLastPathComponent(), session: SessionViewing.context(forExperiments: browser),
            open: { SessionViewing.context(for: $0) })
        let reason = try WorkbenchApp.run(configuration)
        if reason == .hangUp { return browser.waitToEnd() }
        if browser.stop() { Output.message("the experiments were stopped; run the same command again to go on") }
        if case .signal(let number) = reason { throw ExitCode(128 + number) }
    }

    /// Shows the list of sessions; runs and the demo are started from there.
    static func showSessions(_ root: URL, linear: Bool) throws {
        let jobs = InterfaceJobs()
        let demo = SessionFolder(root.appendingPathComponent("demo", isDirectory: true))
        let configuration = WorkbenchConfiguration(
            sessionsRoot: root, open: { jobs.context($0) }, startDemo: { try jobs.startDemo(demo) },
            startRun: { request, folder, origin in try jobs.start(request, folder, origin: origin) }, continueRun: { try jobs.resume($0) },
            cohort: ProcessInfo.processInfo.environment["WORKBENCH_COHORT"], linear: linear)
        let reason = try WorkbenchApp.run(configuration)
        let running = jobs.running
        try finish(reason, folder: running?.folder ?? demo, job: running?.outcome)
    }

    /// After the interface: a hang-up leaves the run going without it unless asked otherwise; any other end saves a checkpoint first.
    private static func finish(
        _ reason: ExitReason, folder: SessionFolder, job: EngineJob.Outcome?, onHangUp: JobOptions.HangUp = .continue
    ) throws {
        if let job {
            if reason == .hangUp, onHangUp != .stop {
                if onHangUp == .checkpoint { try? JSONLinesWriter<SteeringCommand>(folder.control).append(.checkpoint) }
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
