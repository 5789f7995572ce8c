import Engine
import Foundation
import Synchronization
import Views

/// The runs that the list of sessions starts in this process: one at a time, since each uses every core.
final class InterfaceJobs: Sendable {
    struct Running {
        let folder: SessionFolder
        let outcome: EngineJob.Outcome
    }

    private let latest = Mutex<Running?>(nil)

    /// The run that was started last, whether or not it has ended.
    var running: Running? { latest.withLock { $0 } }

    func context(_ folder: SessionFolder) -> SessionContext {
        SessionViewing.context(for: folder, job: running.flatMap { $0.folder == folder ? $0.outcome : nil })
    }

    /// Starts the demo, or shows one that is finished or going on elsewhere.
    func startDemo(_ folder: SessionFolder) throws -> SessionContext {
        if try !DemoRun.isFinished(folder), !SessionLock.isHeld(folder) {
            try AtomicFile.makeFolder(folder.root)
            let demo = DemoRun(folder)
            try start(folder) { try demo.run() }
        }
        return context(folder)
    }

    /// Makes a session and starts it.
    func start(_ request: RunRequest, _ folder: SessionFolder, origin: SessionFolder?) throws -> SessionContext {
        try requireFree()
        let cohort = try PreparedCohort(URL(fileURLWithPath: request.cohort, isDirectory: true))
        if let origin {
            let trained = try SessionDescription.read(origin).trainingSubjects
            try Trainer.check(request.settings, cohort: cohort, trainingSubjects: trained)
            try SessionFork.make(folder, from: origin, settings: request.settings)
        } else {
            try DiskEstimate(settings: request.settings, subjects: cohort.subjects.count, landmarks: cohort.atlas.landmarks.count).check(
                folder)
            try Trainer.create(folder, cohort: cohort, settings: request.settings)
        }
        return try resume(folder)
    }

    /// Goes on with a session.
    func resume(_ folder: SessionFolder) throws -> SessionContext {
        try requireFree()
        guard let work = try SessionViewing.remainingWork(folder) else {
            throw Failure(
                SessionLock.isHeld(folder)
                    ? "another process works on \(folder.name); Enter shows and steers it"
                    : "\(folder.name) is done; there is nothing to go on with")
        }
        try start(folder, work)
        return context(folder)
    }

    private func requireFree() throws {
        if let running, !running.outcome.isKnown {
            throw Failure(
                "\(running.folder.name) runs in this process and uses every core; stop it first, or start this run from another shell")
        }
    }

    private func start(_ folder: SessionFolder, _ work: @escaping @Sendable () throws -> [String]) throws {
        try requireFree()
        // A session is shown from its first moment on.
        if !FileManager.default.fileExists(atPath: folder.journal.path) { try AtomicFile.write(Data(), to: folder.journal) }
        latest.withLock { $0 = Running(folder: folder, outcome: EngineJob(session: folder, work: work).start()) }
    }
}
