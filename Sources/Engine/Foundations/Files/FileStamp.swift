import Foundation

/// What tells whether an input is still the one that was used: its checksum, and size and time so that it need not be read again.
///
/// A folder stands for the bytes of all its files, whatever their names and order.
package struct FileStamp: Codable, Equatable {
    package let bytes: Int
    /// Nanoseconds since 1970; of a folder the newest of its files and folders.
    package let modified: Int
    package let checksum: String

    /// - Parameter known: an earlier stamp of that file; its checksum is taken over where size and time still agree.
    package init(_ file: URL, known: FileStamp? = nil) throws {
        let isFolder = Self.isFolder(file)
        let contents = isFolder ? Self.contents(of: file) : []
        let states = try ([file] + contents).map(Self.state)
        let files = zip([file] + contents, states).filter { !$1.isFolder }
        bytes = files.map(\.1.bytes).reduce(0, +)
        modified = states.map(\.modified).max() ?? 0
        if let known, known.bytes == bytes, known.modified == modified {
            checksum = known.checksum
        } else if isFolder {
            let checksums = try files.map { try Checksum.sha256(of: $0.0) }.sorted()
            checksum = Checksum.sha256(Data(checksums.joined(separator: "\n").utf8))
        } else {
            checksum = try Checksum.sha256(of: file)
        }
    }

    /// Size of a file, or of all files of a folder.
    package static func bytes(of place: URL) throws -> Int {
        try ([place] + (isFolder(place) ? contents(of: place) : [])).map(state).filter { !$0.isFolder }.map(\.bytes).reduce(0, +)
    }

    /// True where a folder lies at a place, or at the end of a link there.
    package static func isFolder(_ place: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func contents(of folder: URL) -> [URL] {
        (FileManager.default.enumerator(at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)?.allObjects as? [URL]) ?? []
    }

    private static func state(_ file: URL) throws -> (bytes: Int, modified: Int, isFolder: Bool) {
        var status = stat()
        // A link that leads nowhere is none of the inputs.
        guard stat(file.path, &status) == 0 || lstat(file.path, &status) == 0 else { throw Failure.system("read \(file.path)") }
        let modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
        return (Int(status.st_size), modified, status.st_mode & S_IFMT == S_IFDIR)
    }
}
