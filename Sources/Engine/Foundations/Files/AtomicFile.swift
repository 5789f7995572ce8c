import Foundation

/// Writes files so that a reader sees the old one or the new one, never half of one.
package enum AtomicFile {
    private static let temporaryPrefix = ".partial-"

    /// True for a name that this type lends.
    package static func isTemporary(_ name: String) -> Bool { name.hasPrefix(temporaryPrefix) }

    /// Removes what runs that were killed left half-written in a folder and those below it. Only for a folder that no other process writes
    /// to: whoever calls this holds its lock.
    package static func removeLeftovers(in folder: URL) {
        guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return }
        for case let file as URL in walk.allObjects where file.lastPathComponent.hasPrefix(temporaryPrefix) { unlink(file.path) }
    }

    /// Runs `write` on a temporary path beside `target` (same extension), syncs it to disk and renames it to `target`.
    /// If `write` throws, the temporary file is removed and `target` is left as it was.
    package static func replace(_ target: URL, _ write: (URL) throws -> Void) throws {
        try replace([target]) { try write($0[0]) }
    }

    /// Several files that belong together: runs `write` on a temporary path beside each target and renames them, in order, once all are there.
    /// A link is written through; a device or a pipe gets the bytes and stays what it is.
    /// If `write` throws, the temporary files and folders made for them are removed, and every target is left as it was.
    package static func replace(_ targets: [URL], _ write: ([URL]) throws -> Void) throws {
        var madeFolders: [String] = []
        var temporaries: [URL] = []
        do {
            let destinations = try targets.map(FileIdentity.destination)
            for destination in destinations {
                let folder = isStream(destination) ? FileManager.default.temporaryDirectory : destination.deletingLastPathComponent()
                madeFolders += try makeFolder(folder)
                temporaries.append(temporary(for: destination, in: folder))
            }
            try write(temporaries)
            for temporary in temporaries { try synchronise(temporary) }
            for (temporary, destination) in zip(temporaries, destinations) {
                if isStream(destination) {
                    try copy(temporary, into: destination)
                } else if rename(temporary.path, destination.path) != 0 {
                    throw Failure.system("write \(destination.path)")
                }
            }
            // A new name is on the disk once its folder is.
            for folder in Set(destinations.filter { !isStream($0) }.map { $0.deletingLastPathComponent() }) { try synchronise(folder) }
        } catch {
            for temporary in temporaries { unlink(temporary.path) }
            // Only empty folders go.
            for folder in madeFolders.reversed() { rmdir(folder) }
            throw error
        }
    }

    /// A path beside a target, with the target's endings, by which writers know the format; no longer than any name may be.
    private static func temporary(for target: URL, in folder: URL) -> URL {
        let name = target.lastPathComponent
        let endings = [".gz", ".tar"].reduce(into: (rest: name, ending: "")) { found, last in
            guard found.rest.lowercased().hasSuffix(last) else { return }
            found = (String(found.rest.dropLast(last.count)), String(found.rest.suffix(last.count)) + found.ending)
        }
        let own = URL(fileURLWithPath: endings.rest).pathExtension
        let ending = (own.isEmpty || own.utf8.count > 32 ? "" : "." + own) + endings.ending
        return folder.appendingPathComponent("\(temporaryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))\(ending)")
    }

    /// True for what can be written to but not replaced: a device, a pipe, a socket.
    private static func isStream(_ place: URL) -> Bool {
        var status = stat()
        return stat(place.path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    private static func copy(_ file: URL, into stream: URL) throws {
        let descriptor = open(stream.path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.system("write \(stream.path)") }
        defer { close(descriptor) }
        let bytes = try Data(contentsOf: file, options: .alwaysMapped)
        try bytes.withUnsafeBytes { try writeAll($0, to: descriptor, path: stream.path) }
        unlink(file.path)
    }

    /// Writes bytes so that `target` is complete or untouched.
    package static func write(_ data: Data, to target: URL) throws {
        try replace(target) { try writeNew(data, to: $0, called: target) }
    }

    /// Writes bytes to one of the temporary paths that `replace` lends.
    package static func writeNew(_ data: Data, to temporary: URL, called target: URL) throws {
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("create \(target.path)") }
        defer { close(descriptor) }
        try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: target.path) }
    }

    /// Makes a folder with those above it.
    /// - Returns: the folders that were not there before, outermost first.
    @discardableResult
    package static func makeFolder(_ folder: URL) throws -> [String] {
        var missing: [String] = []
        var place = folder.standardizedFileURL
        while access(place.path, F_OK) != 0, errno == ENOENT, place.path != "/" {
            missing.append(place.path)
            place.deleteLastPathComponent()
        }
        for path in missing.reversed() where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw Failure.system("create the folder \(path)")
        }
        var status = stat()
        guard stat(folder.path, &status) == 0 else { throw Failure.system("create the folder \(folder.path)") }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Failure.system("create the folder \(folder.path)", ENOTDIR) }
        return missing.reversed()
    }

    /// Says early, before long work, that a file could not be written: makes its folder and tries to create a file in it.
    package static func requireWritable(_ target: URL) throws {
        let destination = try FileIdentity.destination(of: target)
        var status = stat()
        if stat(destination.path, &status) != 0 {
            guard errno == ENOENT else { throw Failure.system("write \(target.path)") }
        } else if status.st_mode & S_IFMT == S_IFDIR {
            throw Failure.system("write \(target.path)", EISDIR)
        } else if isStream(destination) {
            guard access(destination.path, W_OK) == 0 else { throw Failure.system("write \(target.path)") }
            return
        }
        let folder = destination.deletingLastPathComponent()
        let made = try makeFolder(folder)
        defer { for path in made.reversed() { rmdir(path) } }
        let trial = folder.appendingPathComponent("\(temporaryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let descriptor = open(trial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("write \(target.path)") }
        close(descriptor)
        unlink(trial.path)
    }

    /// Writes all of `bytes` or throws what the system said (a full disk, for example).
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
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
