import Foundation
import Screens
import Synchronization
import TerminalKit

/// Carries events from background queues to the event loop: they wait in a list, and a byte in a pipe wakes the loop's `poll`.
final class WakePipe: Sendable {
    private let pipe: SelfPipe
    /// An event, and the visit of a session that it is of; nil: of none.
    typealias Waiting = (event: WorkbenchEvent, visit: Int?)

    private let waiting = Mutex<[Waiting]>([])

    init() throws { pipe = try SelfPipe() }

    deinit { pipe.close() }

    var readDescriptor: Int32 { pipe.readEnd }

    /// From any thread.
    /// - Parameter visit: of the session that the event is of.
    func post(_ event: WorkbenchEvent, visit: Int? = nil) {
        waiting.withLock { $0.append((event, visit)) }
        var byte: UInt8 = 1
        // A full pipe already wakes the loop.
        _ = write(pipe.writeEnd, &byte, 1)
    }

    /// The events since the last call, in order.
    func take() -> [Waiting] {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(pipe.readEnd, &bytes, bytes.count) == bytes.count {}
        return waiting.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
