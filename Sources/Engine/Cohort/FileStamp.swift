import Foundation

/// What tells whether an input file is still the one that was used: its checksum, and size and time so that it need not be read again.
struct FileStamp: Codable, Equatable {
    let bytes: Int
    /// Nanoseconds since 1970.
    let modified: Int
    let checksum: String

    /// - Parameter known: an earlier stamp of that file; its checksum is taken over where size and time still agree.
    init(_ file: URL, known: FileStamp? = nil) throws {
        var status = stat()
        guard stat(file.path, &status) == 0 else { throw Failure.system("read \(file.path)") }
        let found = (bytes: Int(status.st_size), modified: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec))
        bytes = found.bytes
        modified = found.modified
        if let known, known.bytes == found.bytes, known.modified == found.modified {
            checksum = known.checksum
        } else {
            checksum = try Checksum.sha256(of: file)
        }
    }
}
