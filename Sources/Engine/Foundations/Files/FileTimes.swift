import Foundation

/// What tells at a glance whether files are still the ones that were read: which file, its size and when it was written. A file that is not
/// there counts, too.
package struct FileTimes: Equatable, Sendable {
    private let parts: [Int]

    package init(_ files: [URL]) {
        parts = files.flatMap { file in
            var status = stat()
            guard stat(file.path, &status) == 0 else { return [-1, 0, 0, 0] }
            return [Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
        }
    }
}
