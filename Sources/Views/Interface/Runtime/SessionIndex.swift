import Foundation
import Screens
import SessionFormat
import Synchronization

/// Looks over the sessions of a folder without reading their journals whole: the head tells how long a run is, the tail how far it is. A session
/// whose files have not changed since is not read again, so that a long list costs nothing while it is on the screen.
package final class SessionIndex: Sendable {
    private static let piece = 1 << 16

    /// What a session's files say, whoever holds it now.
    private enum Reading: Sendable {
        /// A run that was made and never begun.
        case unbegun
        case unreadable(String)
        case run(Run)
    }

    private struct Run: Sendable {
        var step, totalSteps: Int
        var loss: Double?
        var isPaused: Bool
        /// How it ended, and why it failed.
        var outcome, fault: String?
    }

    /// Size and time of the files that a reading came of.
    private struct Stamp: Equatable {
        let parts: [Int]

        init(_ folder: SessionFolder) {
            parts = [folder.description, folder.journal].flatMap { file in
                var status = stat()
                guard stat(file.path, &status) == 0 else { return [-1, 0, 0] }
                return [Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
            }
        }
    }

    private let known = Mutex<[String: (stamp: Stamp, reading: Reading)]>([:])

    package init() {}

    /// The sessions below `root`, by name. A folder without a journal and a description is no session.
    package func list(_ root: URL, ownership: (SessionFolder) -> SessionOwnership) -> [SessionSummary] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().compactMap { name in
            let folder = SessionFolder(root.appendingPathComponent(name, isDirectory: true))
            guard folder.isSession else { return nil }
            return summary(folder, ownership(folder))
        }
    }

    private func summary(_ folder: SessionFolder, _ ownership: SessionOwnership) -> SessionSummary {
        // Before the reading: what changes meanwhile is read the next time.
        let stamp = Stamp(folder)
        let before = known.withLock { $0[folder.root.path] }
        let reading = before?.stamp == stamp ? before!.reading : Self.read(folder)
        known.withLock { $0[folder.root.path] = (stamp, reading) }
        let remark = (try? String(contentsOf: folder.note, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        switch reading {
        case .unbegun: return SessionSummary(name: folder.name, condition: .idle, ownership: ownership, remark: remark)
        case .unreadable(let why):
            return SessionSummary(name: folder.name, condition: .unreadable, ownership: ownership, note: why, remark: remark)
        case .run(let run):
            return SessionSummary(
                name: folder.name, condition: Self.condition(run, ownership), ownership: ownership, step: run.step,
                totalSteps: run.totalSteps, loss: run.loss, note: run.fault, remark: remark)
        }
    }

    private static func condition(_ run: Run, _ ownership: SessionOwnership) -> SessionSummary.Condition {
        if run.fault != nil { return .faulty }
        if let outcome = run.outcome { return outcome == RunFinished.Outcome.done.rawValue ? .finished : .stopped }
        if ownership == .nobody { return .idle }
        if run.isPaused { return .paused }
        return run.loss == nil ? .preparing : .running
    }

    private static func read(_ folder: SessionFolder) -> Reading {
        if FileManager.default.fileExists(atPath: folder.description.path) {
            do { _ = try SessionDescription.read(folder) } catch { return .unreadable("\(error)") }
            if !FileManager.default.fileExists(atPath: folder.journal.path) { return .unbegun }
        }
        guard let handle = try? FileHandle(forReadingFrom: folder.journal), let size = try? handle.seekToEnd() else {
            return .unreadable("its journal cannot be read")
        }
        defer { try? handle.close() }
        let head = entries(handle, from: 0)
        let tail = size > UInt64(piece) ? entries(handle, from: size - UInt64(piece)) : []
        guard size == 0 || !(head.isEmpty && tail.isEmpty) else { return .unreadable("its journal is damaged or of a newer version") }
        var training = TrainingState()
        // The head tells how long the run is; how it went, only the newest of everything: an end that lies in the head may be that of an earlier
        // run, which was gone on with in the middle that is left out.
        if !tail.isEmpty, let started = head.first(where: { $0.kind == "started" }) { training.fold(started) }
        for entry in tail.isEmpty ? head : tail { training.fold(entry) }
        // Whether it is finished is decided where it is decided for a session that is opened, too.
        let completion = (try? JournalTail.completion(of: folder))?.outcome
        let isOpenEnded = training.finished?.outcome == RunFinished.Outcome.done.rawValue
        return .run(
            Run(
                step: training.step, totalSteps: training.started?.totalSteps ?? 0, loss: training.latest?.loss,
                isPaused: training.isPaused, outcome: completion ?? (isOpenEnded ? nil : training.finished?.outcome),
                fault: training.fault?.message))
    }

    /// The lines of one piece that can be read; the first and last may be cut.
    private static func entries(_ handle: FileHandle, from offset: UInt64) -> [JournalEntry] {
        guard (try? handle.seek(toOffset: offset)) != nil, let data = try? handle.read(upToCount: piece) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: 0x0A).compactMap { try? decoder.decode(JournalEntry.self, from: Data($0)) }
    }
}
