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
    static func show(_ folder: SessionFolder, job: EngineJob.Outcome?, linear: Bool, cohort: URL? = nil) throws {
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.root.deletingLastPathComponent(),
            session: SessionViewing.context(for: folder, job: job, cohort: cohort),
            open: { SessionViewing.context(for: $0, job: $0 == folder ? job : nil, cohort: $0 == folder ? cohort : nil) }, linear: linear)
        try finish(try WorkbenchApp.run(configuration), folder: folder, job: job)
    }

    /// Shows a prepared cohort, or one that is being prepared, without any session.
    static func showCohort(_ folder: URL, linear: Bool) throws {
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.deletingLastPathComponent(), session: try SessionViewing.context(forPrepared: folder),
            open: { SessionViewing.context(for: $0) }, linear: linear)
        try finish(try WorkbenchApp.run(configuration), folder: SessionFolder(folder), job: nil)
    }

    /// Shows the list of sessions; the demo is offered from there.
    static func showSessions(_ root: URL, linear: Bool) throws {
        let demo = DemoJob(SessionFolder(root.appendingPathComponent("demo", isDirectory: true)))
        let configuration = WorkbenchConfiguration(
            sessionsRoot: root, open: { SessionViewing.context(for: $0, job: $0 == demo.folder ? demo.outcome : nil) },
            startDemo: {
                demo.start()
                return SessionViewing.context(for: demo.folder, job: demo.outcome)
            }, linear: linear)
        try finish(try WorkbenchApp.run(configuration), folder: demo.folder, job: demo.outcome)
    }

    /// After the interface: a hang-up leaves the run going without it; any other end saves a checkpoint first.
    private static func finish(_ reason: ExitReason, folder: SessionFolder, job: EngineJob.Outcome?) throws {
        if let job {
            if reason == .hangUp {
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

/// The demo as the list of sessions starts it, once in this process.
private final class DemoJob: Sendable {
    let folder: SessionFolder
    private let running = Mutex<EngineJob.Outcome?>(nil)

    init(_ folder: SessionFolder) { self.folder = folder }

    var outcome: EngineJob.Outcome? { running.withLock { $0 } }

    /// Begins the work, unless it is going on or was done before.
    func start() {
        running.withLock { running in
            guard running == nil, (try? DemoRun.isFinished(folder)) == false, !SessionLock.isHeld(folder) else { return }
            let demo = DemoRun(folder)
            running = EngineJob(session: folder, work: { try demo.run() }).start()
        }
    }
}
