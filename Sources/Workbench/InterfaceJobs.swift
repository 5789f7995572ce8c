import Cohorts
import Foundation
import Foundations
import Interface
import Learning
import Screens
import SessionFormat
import Studies
import Synchronization

/// The runs that the interface starts in this process: one at a time, since each uses every core.
final class InterfaceJobs: Sendable {
    struct Running {
        let folder: SessionFolder
        let outcome: EngineJob.Outcome
    }

    private let latest: Mutex<Running?>
    /// What else computes in this process, by name.
    private let otherWork: @Sendable () -> String?

    /// - Parameters:
    ///   - running: a run that goes on already.
    ///   - otherWork: what else computes in this process, by name; nil while nothing does.
    init(_ running: Running? = nil, otherWork: @escaping @Sendable () -> String? = { nil }) {
        latest = Mutex(running)
        self.otherWork = otherWork
    }

    /// The run that was started last, whether or not it has ended.
    var running: Running? { latest.withLock { $0 } }

    /// Why no run can be started now; nil where one can.
    var refusal: String? {
        let own = running.flatMap { $0.outcome.isKnown ? nil : $0.folder.name }
        return (own ?? otherWork()).map { "\($0) computes here on every core; stop it first, or use another shell" }
    }

    /// - Parameter cohort: a prepared cohort to browse instead of the session's own.
    func context(_ folder: SessionFolder, cohort: URL? = nil) -> SessionContext {
        SessionViewing.context(for: folder, job: running.flatMap { $0.folder == folder ? $0.outcome : nil }, cohort: cohort)
    }

    /// Starts the demo, or shows one that is finished or going on elsewhere.
    func startDemo(_ folder: SessionFolder) throws -> SessionContext {
        if try !DemoRun.isFinished(folder), !FileLock.isHeld(folder) {
            try AtomicFile.makeFolder(folder.root)
            let demo = DemoRun(folder)
            try start(folder) { try demo.run() }
        }
        return context(folder)
    }

    /// Makes a session and starts it.
    func start(_ request: RunRequest, _ folder: SessionFolder, origin: SessionFolder?) throws -> SessionContext {
        try requireFree()
        if let fault = SessionFolder.kept.faultOfFilling(folder.root) { throw Failure(fault) }
        let (cohort, subjects) = try trained(request, origin: origin)
        if origin != nil { try Trainer.check(request.settings, cohort: cohort, trainingSubjects: subjects) }
        try DiskEstimate(settings: request.settings, subjects: subjects.count, landmarks: cohort.atlas.landmarks.count).check(folder)
        if let origin {
            try SessionFork.make(folder, from: origin, settings: request.settings)
        } else {
            try Trainer.create(folder, cohort: cohort, settings: request.settings)
        }
        return try resume(folder)
    }

    /// What a run would take of the disk.
    func estimate(_ request: RunRequest, _ folder: SessionFolder) throws -> String {
        let origin = request.origin.map {
            SessionFolder(folder.root.deletingLastPathComponent().appendingPathComponent($0, isDirectory: true))
        }
        let (cohort, subjects) = try trained(request, origin: origin)
        let estimate = DiskEstimate(settings: request.settings, subjects: subjects.count, landmarks: cohort.atlas.landmarks.count)
        return "disk: \(estimate.summary(for: folder))"
    }

    /// The cohort of a request and the subjects that it trains on.
    private func trained(_ request: RunRequest, origin: SessionFolder?) throws -> (PreparedCohort, [String]) {
        let cohort = try PreparedCohort(URL(fileURLWithPath: request.cohort, isDirectory: true))
        return (cohort, try origin.map { try SessionDescription.read($0).trainingSubjects } ?? cohort.subjects.map(\.id))
    }

    /// Goes on with a session.
    func resume(_ folder: SessionFolder) throws -> SessionContext {
        try requireFree()
        guard let work = try SessionViewing.remainingWork(folder) else {
            throw Failure(
                FileLock.isHeld(folder)
                    ? "another process works on \(folder.name); Enter shows and steers it"
                    : "\(folder.name) is done; there is nothing to go on with")
        }
        try start(folder, work)
        return context(folder)
    }

    private func requireFree() throws { if let refusal { throw Failure(refusal) } }

    private func start(_ folder: SessionFolder, _ work: @escaping @Sendable () throws -> [String]) throws {
        try requireFree()
        // A session is shown from its first moment on.
        if !FileManager.default.fileExists(atPath: folder.journal.path) { try AtomicFile.write(Data(), to: folder.journal) }
        latest.withLock { $0 = Running(folder: folder, outcome: EngineJob(session: folder, work: work).start()) }
    }
}
