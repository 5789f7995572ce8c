import Foundation

/// The memory of this process.
package enum ResidentMemory {
    /// Bytes that lie in RAM now, mapped files among them; nil where the system does not tell.
    package static var bytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
