import Engine
import Foundation
import Synchronization

/// Carries events from background queues to the event loop: they wait in a list, and a byte in a pipe wakes the loop's `poll`.
final class WakePipe: Sendable {
    private let pipe: SelfPipe
    private let waiting = Mutex<[WorkbenchEvent]>([])

    init() throws { pipe = try SelfPipe() }

    deinit { pipe.close() }

    var readDescriptor: Int32 { pipe.readEnd }

    /// From any thread.
    func post(_ event: WorkbenchEvent) {
        waiting.withLock { $0.append(event) }
        var byte: UInt8 = 1
        // A full pipe already wakes the loop.
        _ = write(pipe.writeEnd, &byte, 1)
    }

    /// The events since the last call, in order.
    func take() -> [WorkbenchEvent] {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(pipe.readEnd, &bytes, bytes.count) == bytes.count {}
        return waiting.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
