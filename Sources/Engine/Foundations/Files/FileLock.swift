import CSystem
import Foundation

/// Held by the one process that works on a folder; readers and viewers need none. The system gives it back when the process ends, however it ends.
package final class FileLock: Sendable {
    private let descriptor: Int32
    /// Lines that `control.jsonl` had when the lock was taken: wishes of before this run.
    package let earlierControlLines: Int

    /// Takes the lock.
    /// - Parameters:
    ///   - file: stands for what is locked; made where it is not there.
    ///   - name, advice: how a refusal names what is locked, and what it suggests.
    ///   - control: the wishes to the process that holds it.
    /// - Throws: `Failure` naming the process that holds it.
    package init(_ file: URL, of name: String, advice: String, control: URL? = nil) throws {
        try AtomicFile.makeFolder(file.deletingLastPathComponent())
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(file.path)") }
        guard Self.ask(descriptor, lock_take) else {
            let holder = (try? String(contentsOf: file, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            throw Failure("\(name) is being worked on by another process\(holder.isEmpty ? "" : " (\(holder))"); \(advice)")
        }
        earlierControlLines = control.flatMap { try? Data(contentsOf: $0) }?.count { $0 == 0x0A } ?? 0
        let text = Data("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { throw Failure.system("write \(file.path)") }
        try text.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: file.path) }
    }

    deinit { close(descriptor) }

    /// True while some process, this one included, holds the lock of a file. Asking takes no lock and so disturbs nobody.
    package static func isHeld(_ file: URL) -> Bool {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return !ask(descriptor, lock_query)
    }

    /// True where the lock was taken, or is free.
    private static func ask(_ descriptor: Int32, _ request: Int32) -> Bool {
        var lock = Foundation.flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard withUnsafeMutablePointer(to: &lock, { fcntl(descriptor, request, $0) }) == 0 else { return false }
        return request == lock_take || lock.l_type == Int16(F_UNLCK)
    }
}
