import Dispatch
import Foundation
import Synchronization

/// Runs the pieces of one computation on several threads.
///
/// A piece's result must not depend on the others; sums over pieces are made afterwards in index order, so that results are the same for
/// any number of threads.
package struct Parallel: Sendable, Equatable {
    /// How many threads take part, the caller's among them.
    package let threads: Int

    package init(threads: Int) {
        precondition(threads > 0, "Parallel: threads is \(threads), expected at least 1")
        self.threads = threads
    }

    /// One thread for each processor that this process may use.
    package static let allProcessors = Parallel(threads: max(1, ProcessInfo.processInfo.activeProcessorCount))

    /// Calls `body` once for each index in 0 ..< count, on up to `threads` threads, and returns when all are done.
    /// Indices are handed out in rising order, one at a time.
    package func forEach(_ count: Int, _ body: (Int) -> Void) {
        let workers = min(threads, count)
        guard workers > 1 else {
            for index in 0..<count {
                Self.waitForInterface()
                body(index)
            }
            return
        }
        let next = Atomic<Int>(0)
        // Each index is visited by exactly one thread, and the call does not return before all are done.
        nonisolated(unsafe) let body = body
        let caller = pthread_self()
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            // The caller may be the interface's own reader.
            if pthread_self() != caller { Self.lowerThreadPriority() }
            while true {
                Self.waitForInterface()
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }

    private static let stepsBack = Atomic<Bool>(false)
    /// SCHED_IDLE, which the headers show to GNU C alone: such a thread gives way at once to any other that wakes up.
    private static let idlePolicy: Int32 = 5

    /// From now on threads that compute for the engine leave the processors to a thread that has something to show: where there are as many of
    /// them as processors, a frame would else be interrupted for milliseconds. They still use every processor that nobody else wants.
    package static func yieldToInterface() { stepsBack.store(true, ordering: .relaxed) }

    /// Lowers the priority of the calling thread for good, where that was asked for: for threads that the engine's work is begun on.
    package static func lowerThreadPriority() {
        guard stepsBack.load(ordering: .relaxed) else { return }
        var none = sched_param()
        // 0 is the calling thread, not its process. A system that refuses only makes frames slower.
        _ = sched_setscheduler(0, idlePolicy, &none)
    }

    // MARK: the interface first

    /// Where the interface's keys come from; -1: nowhere.
    private static let keys = Atomic<Int32>(-1)
    /// Until when a frame is being drawn, and until when keys are not waited for, in nanoseconds of uptime.
    private static let frameEnd = Atomic<UInt64>(0)
    private static let impatientUntil = Atomic<UInt64>(0)
    /// Longer than a frame takes: a terminal that takes seconds for its bytes must not hold up the engine.
    private static let longestFrame: UInt64 = 8_000_000
    /// For so long keys are not waited for again where waiting was in vain.
    private static let pause: UInt64 = 250_000_000

    /// Pieces that are next wait while a key lies unread on this descriptor, a few milliseconds at most; nil: there is no interface any more.
    ///
    /// A lower priority alone does not do it: where the scheduler looks only at its own ticks, a piece keeps the processor for one of them, which
    /// is 4 ms with Linux's usual settings.
    package static func watchKeys(_ descriptor: Int32?) { keys.store(descriptor ?? -1, ordering: .relaxed) }

    /// The calling thread has something to show, until it calls `endFrame`: pieces that are next wait for that, too.
    package static func beginFrame() { frameEnd.store(DispatchTime.now().uptimeNanoseconds + longestFrame, ordering: .relaxed) }

    /// The frame is on its way to the terminal.
    package static func endFrame() { frameEnd.store(0, ordering: .relaxed) }

    private static func waitForInterface() {
        let descriptor = keys.load(ordering: .relaxed)
        guard descriptor >= 0 || frameEnd.load(ordering: .relaxed) != 0 else { return }
        let begin = DispatchTime.now().uptimeNanoseconds
        var now = begin
        while now < frameEnd.load(ordering: .relaxed) || (now >= impatientUntil.load(ordering: .relaxed) && isReadable(descriptor)) {
            guard now - begin < longestFrame else {
                impatientUntil.store(now + pause, ordering: .relaxed)
                return
            }
            usleep(200)
            now = DispatchTime.now().uptimeNanoseconds
        }
    }

    /// A terminal that is gone is readable for ever, and nobody's turn.
    private static func isReadable(_ descriptor: Int32) -> Bool {
        guard descriptor >= 0 else { return false }
        var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&asked, 1, 0) == 1 && asked.revents == Int16(POLLIN)
    }

    /// `forEach` with results, in index order. Of several errors the one of the lowest index is thrown.
    package func map<Value, Thrown: Error>(_ count: Int, _ body: (Int) throws(Thrown) -> Value) throws(Thrown) -> [Value] {
        var results = [Result<Value, Thrown>?](repeating: nil, count: count)
        results.withUnsafeMutableBufferPointer { buffer in
            // Each element is written by exactly one thread.
            nonisolated(unsafe) let slots = buffer
            forEach(count) { index in
                do throws(Thrown) { slots[index] = .success(try body(index)) } catch { slots[index] = .failure(error) }
            }
        }
        var values: [Value] = []
        values.reserveCapacity(count)
        for result in results { values.append(try result!.get()) }
        return values
    }
}
