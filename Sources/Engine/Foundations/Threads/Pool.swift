import Synchronization

/// Work spaces that tasks borrow, as many as run at once; made when first needed.
package final class Pool<Item>: @unchecked Sendable {
    // `idle` is touched under the mutex only, and an item belongs to the one task that borrowed it.
    private let lock = Mutex(())
    private var idle: [Item] = []
    private let make: () -> Item

    package init(_ make: @escaping () -> Item) { self.make = make }

    /// Lends an item for the time of `body`.
    package func with<Result, Thrown: Error>(_ body: (Item) throws(Thrown) -> Result) throws(Thrown) -> Result {
        let item = lock.withLock { _ in idle.popLast() } ?? make()
        defer { lock.withLock { _ in idle.append(item) } }
        return try body(item)
    }
}
