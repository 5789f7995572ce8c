import Foundation

/// Floats whose last one lies right before a page that may not be touched: a kernel that reads or writes beyond the end is caught.
package final class GuardedFloats {
    package let pointer: UnsafeMutablePointer<Float>
    package let count: Int
    private let base: UnsafeMutableRawPointer
    private let bytes: Int

    /// - Parameter count: a multiple of 16, so that the first float lies at a 64-byte boundary.
    package init(count: Int) {
        precondition(count > 0 && count % 16 == 0, "GuardedFloats: count \(count), expected a multiple of 16")
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let used = (count * 4 + page - 1) / page * page
        bytes = used + page
        guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED,
            mprotect(start + used, page, PROT_NONE) == 0
        else { preconditionFailure("GuardedFloats: no memory") }
        base = start
        self.count = count
        pointer = (start + used - count * 4).bindMemory(to: Float.self, capacity: count)
    }

    deinit { munmap(base, bytes) }
}
