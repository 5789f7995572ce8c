import Foundation
import Synchronization

/// The interface's work off its own thread, one piece after the other: reading scans, journals and lists.
///
/// A thread of its own, since those of Dispatch's pool may have computed for the engine and then keep the low priority of that work.
final class BackgroundWork: Sendable {
    private final class Line: Sendable {
        /// Nil ends the thread.
        let waiting = Mutex<[(@Sendable () -> Void)?]>([])
        let signal = DispatchSemaphore(value: 0)

        func add(_ work: (@Sendable () -> Void)?) {
            waiting.withLock { $0.append(work) }
            signal.signal()
        }

        func run() {
            while true {
                signal.wait()
                guard let work = waiting.withLock({ $0.removeFirst() }) else { return }
                work()
            }
        }
    }

    private let line = Line()

    init() {
        let line = line
        Thread { line.run() }.start()
    }

    deinit { line.add(nil) }

    func add(_ work: @escaping @Sendable () -> Void) { line.add(work) }
}
