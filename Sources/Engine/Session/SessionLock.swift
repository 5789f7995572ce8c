import Foundation

/// Held by the one process that works on a session; readers and viewers need none.
public final class SessionLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock, which the system gives back when the process ends, however it ends.
    /// - Throws: `Failure` naming the process that holds it.
    public init(_ session: SessionFolder) throws {
        do { try FileManager.default.createDirectory(at: session.root, withIntermediateDirectories: true) } catch {
            throw Failure("cannot create the session folder \(session.root.path): \(error.localizedDescription)")
        }
        descriptor = open(session.lock.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(session.lock.path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOf: session.lock, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            close(descriptor)
            throw Failure(
                "the session \(session.root.path) is being worked on by another process\(holder.isEmpty ? "" : " (\(holder))"); "
                    + "watch and steer it with `workbench attach`, or stop it first")
        }
        let text = Data("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { throw Failure.system("write \(session.lock.path)") }
        try text.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: session.lock.path) }
    }

    deinit { close(descriptor) }

    /// True while some process works on the session.
    public static func isHeld(_ session: SessionFolder) -> Bool {
        let descriptor = open(session.lock.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        return false
    }
}
