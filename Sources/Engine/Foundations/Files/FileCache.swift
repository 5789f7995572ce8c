import Foundation

/// The system's cache of files.
package enum FileCache {
    /// Asks the system to drop what it holds of a file that is on the disk, so that the next reading comes from there.
    package static func forget(_ file: URL) {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }
}
