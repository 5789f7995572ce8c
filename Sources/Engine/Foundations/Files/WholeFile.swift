import Foundation

/// Reads small files whole.
package enum WholeFile {
    /// - Parameter kind: what messages call the file, for example `table`.
    /// - Throws: `Failure` with what the system said.
    package static func read(_ file: URL, kind: String) throws -> Data {
        var status = stat()
        guard stat(file.path, &status) == 0 else { throw Failure.system("read the \(kind) \(file.path)") }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure.system("read the \(kind) \(file.path)", EISDIR) }
        do { return try Data(contentsOf: file) } catch { throw Failure.system("read the \(kind) \(file.path)", EACCES) }
    }
}
