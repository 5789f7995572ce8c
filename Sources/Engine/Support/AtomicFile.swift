import Foundation

/// Writes files so that a reader sees the old one or the new one, never half of one.
public enum AtomicFile {
    /// Runs `write` on a temporary path beside `target` (same extension), syncs it to disk and renames it to `target`.
    /// If `write` throws, the temporary file is removed and `target` is left as it was.
    public static func replace(_ target: URL, _ write: (URL) throws -> Void) throws {
        let folder = target.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("cannot create the folder \(folder.path): \(error.localizedDescription)")
        }
        let name = target.lastPathComponent
        let temporary = folder.appendingPathComponent(".partial-\(getpid())-\(UInt32.random(in: 0 ... .max))-\(name)")
        do {
            try write(temporary)
            try synchronise(temporary)
            guard rename(temporary.path, target.path) == 0 else { throw Failure.system("move \(temporary.path) to \(target.path)") }
        } catch {
            unlink(temporary.path)
            throw error
        }
    }

    /// Writes bytes so that `target` is complete or untouched.
    public static func write(_ data: Data, to target: URL) throws {
        try replace(target) { temporary in
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Failure.system("create \(target.path)") }
            defer { close(descriptor) }
            try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: target.path) }
        }
    }

    /// Writes all of `bytes` or throws what the system said (a full disk, for example).
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
        var offset = 0
        while offset < bytes.count {
            let written = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            if written < 0 {
                if errno == EINTR { continue }
                throw Failure.system("write \(path)")
            }
            offset += written
        }
    }

    private static func synchronise(_ file: URL) throws {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.system("open \(file.path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure.system("flush \(file.path) to disk") }
    }
}
