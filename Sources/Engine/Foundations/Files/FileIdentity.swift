import Foundation

/// Which file a path leads to, links followed: device and inode, so that two names of one file are found to be the same.
///
/// A file that is not there yet is known by the nearest folder that is, and the names below it.
package struct FileIdentity: Hashable {
    private let device: UInt64
    private let inode: UInt64
    /// From that folder on; empty for what is there.
    private let missing: [String]

    /// - Throws: where a chain of links has no end.
    package init(_ file: URL) throws {
        var place = try Self.destination(of: file)
        var missing: [String] = []
        var status = stat()
        while stat(place.path, &status) != 0, place.pathComponents.count > 1 {
            missing.insert(place.lastPathComponent, at: 0)
            place.deleteLastPathComponent()
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        self.missing = missing
    }

    /// The most links in a row that the system follows.
    private static let mostLinks = 40

    /// Where a symbolic link at the end of a path leads, through all links, whether or not something is there.
    static func destination(of file: URL) throws -> URL {
        var place = file
        for _ in 0..<mostLinks {
            guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: place.path) else { return place }
            let folder = place.deletingLastPathComponent().path
            place = URL(fileURLWithPath: link.hasPrefix("/") ? link : "\(folder)/\(link)")
        }
        throw Failure.system("follow the links of \(file.path)", ELOOP)
    }

    /// The folders that a file lies in or will lie in, the nearest first, links resolved, each with the names that lead from it to the file.
    static func folders(above file: URL) throws -> [(folder: URL, names: [String])] {
        var place = try destination(of: file)
        var names: [String] = []
        repeat {
            names.insert(place.lastPathComponent, at: 0)
            place.deleteLastPathComponent()
        } while access(place.path, F_OK) != 0 && place.pathComponents.count > 1
        guard let resolved = realpath(place.path, nil) else { return [] }
        defer { free(resolved) }
        var folder = URL(fileURLWithPath: String(cString: resolved), isDirectory: true)
        var found = [(folder: folder, names: names)]
        while folder.pathComponents.count > 1 {
            names.insert(folder.lastPathComponent, at: 0)
            folder.deleteLastPathComponent()
            found.append((folder, names))
        }
        return found
    }
}
