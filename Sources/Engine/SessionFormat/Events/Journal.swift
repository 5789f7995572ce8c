import Dispatch
import Foundation
import Foundations
import Synchronization

/// Writes a session's journal. Events may come from any thread; each is one line.
package final class Journal: Sendable {
    private struct State {
        var writer: JSONLinesWriter<JournalEntry>
        var step: Int
    }

    // The writer is used under the mutex only.
    private let state: Mutex<State>
    /// Monotonic time that stands for t = 0.
    private let origin: Double

    /// Opens for appending; time goes on from the last event.
    package init(_ session: SessionFolder) throws {
        let last = try JournalTail.last(session)
        origin = Self.now() - (last?.t ?? 0)
        let writer = try JSONLinesWriter<JournalEntry>(session.journal)
        state = Mutex(State(writer: writer, step: last?.step ?? 0))
    }

    /// Appends an event; `step` is that of the last event where none is given.
    package func append(_ event: TrainingEvent, step: Int? = nil) throws {
        let t = ((Self.now() - origin) * 1000).rounded() / 1000
        try state.withLock { state in
            if let step { state.step = step }
            try state.writer.append(JournalEntry(t: t, step: state.step, event: event))
        }
    }

    /// Makes sure that all events are on the disk.
    package func synchronise() throws { try state.withLock { try $0.writer.synchronise() } }

    package static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}
