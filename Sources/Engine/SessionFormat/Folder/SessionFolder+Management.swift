import Foundation
import Foundations

/// Renaming, annotating and deleting a session.
extension SessionFolder {
    /// What the user wrote on the session; one line.
    package var note: URL { root.appendingPathComponent("note.txt") }

    /// True where the folder holds a session, begun or not.
    package var isSession: Bool { [journal, description].contains { FileManager.default.fileExists(atPath: $0.path) } }

    /// Why a text cannot be a session's name; nil where it can.
    package static func faultOfName(_ name: String) -> String? {
        if name.trimmingCharacters(in: .whitespaces).isEmpty { return "a session needs a name" }
        if name.hasPrefix(".") || name.contains("/") || name.unicodeScalars.contains(where: { $0.value < 32 }) {
            return "\"\(name)\" cannot be a session's name: it may hold no / and not begin with a point"
        }
        return nil
    }

    /// Gives the session another name beside the others.
    /// - Returns: its new folder.
    package func rename(to name: String) throws -> SessionFolder {
        if let fault = Self.faultOfName(name) { throw Failure(fault) }
        let target = SessionFolder(root.deletingLastPathComponent().appendingPathComponent(name, isDirectory: true))
        guard !FileManager.default.fileExists(atPath: target.root.path) else {
            throw Failure("\(target.root.path) is there already; choose another name")
        }
        try requireFree("renamed")
        guard Foundation.rename(root.path, target.root.path) == 0 else { throw Failure.system("rename \(root.path)") }
        return target
    }

    /// Removes the folder with everything in it.
    package func delete() throws {
        try requireFree("deleted")
        try requireSession("deleted")
        do { try FileManager.default.removeItem(at: root) } catch {
            throw Failure("cannot delete \(root.path): \(error.localizedDescription)")
        }
    }

    /// Keeps a line of the user's with the session; an empty one removes it.
    package func write(note text: String) throws {
        try requireSession("written")
        if text.isEmpty {
            guard unlink(note.path) == 0 || errno == ENOENT else { throw Failure.system("remove \(note.path)") }
        } else {
            try AtomicFile.write(Data((text + "\n").utf8), to: note)
        }
    }

    private func requireSession(_ done: String) throws {
        guard isSession else {
            throw Failure("\(root.path) is no session: it has neither session.json nor journal.jsonl; nothing was \(done)")
        }
    }

    private func requireFree(_ done: String) throws {
        guard !FileLock.isHeld(self) else { throw Failure("a process works on \(name); it cannot be \(done) now: stop it first") }
    }
}
