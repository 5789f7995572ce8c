import Dispatch
import Foundation
import Synchronization

/// Runs the pieces of one computation on several threads.
///
/// A piece's result must not depend on the others; sums over pieces are made afterwards in index order, so that results are the same for
/// any number of threads.
public struct Parallel: Sendable, Equatable {
    /// How many threads take part, the caller's among them.
    public let threads: Int

    public init(threads: Int) {
        precondition(threads > 0, "Parallel: threads is \(threads), expected at least 1")
        self.threads = threads
    }

    /// One thread for each processor that this process may use.
    public static let allProcessors = Parallel(threads: max(1, ProcessInfo.processInfo.activeProcessorCount))

    /// Calls `body` once for each index in 0 ..< count, on up to `threads` threads, and returns when all are done.
    /// Indices are handed out in rising order, one at a time.
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        let workers = min(threads, count)
        guard workers > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        let next = Atomic<Int>(0)
        // Each index is visited by exactly one thread, and the call does not return before all are done.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }

    /// `forEach` with results, in index order. Of several errors the one of the lowest index is thrown.
    public func map<Value, Fault: Error>(_ count: Int, _ body: (Int) throws(Fault) -> Value) throws(Fault) -> [Value] {
        var results = [Result<Value, Fault>?](repeating: nil, count: count)
        results.withUnsafeMutableBufferPointer { buffer in
            // Each element is written by exactly one thread.
            nonisolated(unsafe) let slots = buffer
            forEach(count) { index in
                do throws(Fault) { slots[index] = .success(try body(index)) } catch { slots[index] = .failure(error) }
            }
        }
        var values: [Value] = []
        values.reserveCapacity(count)
        for result in results { values.append(try result!.get()) }
        return values
    }
}
