import Foundation

/// A private place for files that live as long as one piece of work.
package enum TemporaryFolder {
    private static let prefix = "workbench-\(getuid())-"

    /// Lends a new folder that only this user may enter; it is gone afterwards. Folders that killed runs left are removed as well.
    package static func with<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let place = FileManager.default.temporaryDirectory
        removeLeftovers(in: place)
        var template = Array(place.appendingPathComponent("\(prefix)\(getpid())-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure.system("create a temporary folder in \(place.path)") }
        let folder = URL(fileURLWithPath: template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }, isDirectory: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Says that the disk of a temporary folder has no room: before a tool writes there, and after one that wrote too little.
    /// - Parameters:
    ///   - bytes: how many are still to be written.
    ///   - doing: what for, as in "decode the images of a".
    /// - Throws: `Failure` that names the folder; where there is room nothing is thrown.
    package static func requireRoom(for bytes: Int, in folder: URL, to doing: String) throws {
        guard let free = freeBytes(folder), free < bytes else { return }
        throw Failure(
            "cannot \(doing): the disk of the temporary folder \(FileManager.default.temporaryDirectory.path) has \(free / 1_048_576) MB left, "
                + "\(bytes / 1_048_576 + 1) MB are needed; make room there, or set TMPDIR to a folder on another disk")
    }

    /// What a user may still write to a folder's disk; nil where the system does not say.
    private static func freeBytes(_ folder: URL) -> Int? {
        var disk = statvfs()
        guard statvfs(folder.path, &disk) == 0 else { return nil }
        return Int(clamping: UInt64(disk.f_bavail) * UInt64(disk.f_frsize))
    }

    private static func removeLeftovers(in place: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let process = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }) else { continue }
            if kill(process, 0) != 0, errno == ESRCH { try? FileManager.default.removeItem(at: place.appendingPathComponent(name)) }
        }
    }
}
