import Synchronization

/// Counts finished pieces from several threads and reports each count in rising order, one call at a time.
final class ProgressCount: Sendable {
    private let done = Mutex(0)
    private let report: @Sendable (Int) -> Void

    init(_ report: @escaping @Sendable (Int) -> Void) { self.report = report }

    func add() {
        done.withLock { count in
            count += 1
            report(count)
        }
    }
}
