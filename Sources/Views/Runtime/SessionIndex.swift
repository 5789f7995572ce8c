import Engine
import Foundation

/// Looks over the sessions of a folder without reading their journals whole: the head tells how long a run is, the tail how far it is.
enum SessionIndex {
    private static let piece = 1 << 16

    /// The sessions below `root`, by name. A folder without a journal and a description is no session.
    static func list(_ root: URL, ownership: (SessionFolder) -> SessionOwnership) -> [SessionSummary] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().compactMap { name in
            let folder = SessionFolder(root.appendingPathComponent(name, isDirectory: true))
            guard [folder.journal, folder.description].contains(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
                return nil
            }
            return summary(folder, ownership(folder))
        }
    }

    static func summary(_ folder: SessionFolder, _ ownership: SessionOwnership) -> SessionSummary {
        if FileManager.default.fileExists(atPath: folder.description.path) {
            do { _ = try SessionDescription.read(folder) } catch {
                return SessionSummary(name: folder.name, condition: .unreadable, ownership: ownership, note: "\(error)")
            }
            // A run that was made and never begun.
            if !FileManager.default.fileExists(atPath: folder.journal.path) {
                return SessionSummary(name: folder.name, condition: .idle, ownership: ownership)
            }
        }
        guard let handle = try? FileHandle(forReadingFrom: folder.journal), let size = try? handle.seekToEnd() else {
            return SessionSummary(name: folder.name, condition: .unreadable, note: "its journal cannot be read")
        }
        defer { try? handle.close() }
        let head = entries(handle, from: 0)
        let tail = size > UInt64(piece) ? entries(handle, from: size - UInt64(piece)) : head
        guard size == 0 || !(head.isEmpty && tail.isEmpty) else {
            return SessionSummary(
                name: folder.name, condition: .unreadable, ownership: ownership, note: "its journal is damaged or of a newer version")
        }
        var training = TrainingState()
        // A middle that is left out does not matter: only the newest of everything is told.
        for entry in size > UInt64(piece) ? head + tail : head { training.fold(entry) }
        return SessionSummary(
            name: folder.name, condition: condition(training, ownership), ownership: ownership, step: training.step,
            totalSteps: training.started?.totalSteps ?? 0, loss: training.latest?.loss, note: training.fault?.message,
            remark: (try? String(contentsOf: folder.note, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func condition(_ training: TrainingState, _ ownership: SessionOwnership) -> SessionSummary.Condition {
        if training.fault != nil { return .faulty }
        if let finished = training.finished { return finished.outcome == "done" ? .finished : .stopped }
        if ownership == .nobody { return .idle }
        if training.isPaused { return .paused }
        return training.latest == nil ? .preparing : .running
    }

    /// The lines of one piece that can be read; the first and last may be cut.
    private static func entries(_ handle: FileHandle, from offset: UInt64) -> [JournalEntry] {
        guard (try? handle.seek(toOffset: offset)) != nil, let data = try? handle.read(upToCount: piece) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: 0x0A).compactMap { try? decoder.decode(JournalEntry.self, from: Data($0)) }
    }
}
