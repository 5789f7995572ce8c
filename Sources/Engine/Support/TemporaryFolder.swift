import Foundation

/// A private place for files that live as long as one piece of work.
enum TemporaryFolder {
    private static let prefix = "workbench-\(getuid())-"

    /// Lends a new folder that only this user may enter; it is gone afterwards. Folders that killed runs left are removed as well.
    static func with<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let place = FileManager.default.temporaryDirectory
        removeLeftovers(in: place)
        var template = Array(place.appendingPathComponent("\(prefix)\(getpid())-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure.system("create a temporary folder in \(place.path)") }
        let folder = URL(fileURLWithPath: template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }, isDirectory: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private static func removeLeftovers(in place: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let process = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }) else { continue }
            if kill(process, 0) != 0, errno == ESRCH { try? FileManager.default.removeItem(at: place.appendingPathComponent(name)) }
        }
    }
}
