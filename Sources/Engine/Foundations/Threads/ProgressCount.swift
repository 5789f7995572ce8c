import Synchronization

/// Counts finished pieces from several threads and reports each count in rising order, one call at a time.
package final class ProgressCount: Sendable {
    private let done = Mutex(0)
    private let report: @Sendable (Int) -> Void

    package init(_ report: @escaping @Sendable (Int) -> Void) { self.report = report }

    package func add() {
        done.withLock { count in
            count += 1
            report(count)
        }
    }
}
