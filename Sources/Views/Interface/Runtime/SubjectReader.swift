import Foundation
import Foundations
import Synchronization

/// Reads subjects for one screen, on a thread of its own: always the one that was wished for last, and then ahead the one that is likely to be
/// wished for next. Wishes that are no longer wanted are given up, or never begun.
package final class SubjectReader<Subject: Sendable>: Sendable {
    /// Reads a subject; gives up with `CancellationError` once it is not wanted any more.
    package typealias Read = @Sendable (_ id: String, _ isWanted: @Sendable () -> Bool) throws -> Subject

    private struct Wish {
        let id: String
        /// The subject to read ahead once this one is there.
        let ahead: String?
        let deliver: @Sendable (Result<Subject, any Error>) -> Void
    }

    private struct State {
        /// The newest wish until it is taken up.
        var next: Wish?
        /// Read ahead, with the times of its files before it was read.
        var kept: (id: String, times: FileTimes, subject: Subject)?
        /// How often what was read ahead had to be forgotten.
        var changes = 0
        var isClosed = false
    }

    /// What the thread holds on to, so that a reader that is let go ends it.
    private final class Work: Sendable {
        let state = Mutex(State())
        let signal = DispatchSemaphore(value: 0)
        let read: Read
        let times: @Sendable (String) -> FileTimes
        let bytes: @Sendable (Subject) -> Int

        init(_ read: @escaping Read, _ times: @escaping @Sendable (String) -> FileTimes, _ bytes: @escaping @Sendable (Subject) -> Int) {
            self.read = read
            self.times = times
            self.bytes = bytes
        }

        func run() {
            while true {
                signal.wait()
                let (wish, isClosed) = state.withLock { state in
                    defer { state.next = nil }
                    return (state.next, state.isClosed)
                }
                if isClosed { return }
                // Taken up already in place of one that was wished for before.
                if let wish { fulfil(wish) }
            }
        }

        private func fulfil(_ wish: Wish) {
            let result: Result<Subject, any Error>
            if let kept = state.withLock({ $0.kept }), kept.id == wish.id, kept.times == times(wish.id) {
                result = .success(kept.subject)
            } else {
                state.withLock { $0.kept = nil }
                result = Result { try readWhole(wish.id) }
            }
            // Whoever wished for another one meanwhile has no use for this one.
            guard state.withLock({ $0.next == nil && !$0.isClosed }) else { return }
            wish.deliver(result)
            guard let ahead = wish.ahead, case .success(let subject) = result, bytes(subject) <= SubjectReader.largest else { return }
            let changes = state.withLock { state in
                state.kept = nil
                return state.changes
            }
            let times = times(ahead)
            guard let next = try? readWhole(ahead) else { return }
            state.withLock { if $0.changes == changes { $0.kept = (ahead, times, next) } }
        }

        /// Goes on while nothing else is wished for.
        private func readWhole(_ id: String) throws -> Subject {
            try read(id) { self.state.withLock { !$0.isClosed && ($0.next == nil || $0.next?.id == id) } }
        }
    }

    private let work: Work

    /// Where a subject takes more memory than this, a second one is not kept beside it, bytes.
    private static var largest: Int { 1 << 29 }

    /// - Parameters:
    ///   - times: of the files that a subject is read from.
    ///   - bytes: what a subject takes of memory.
    package init(
        read: @escaping Read, times: @escaping @Sendable (String) -> FileTimes, bytes: @escaping @Sendable (Subject) -> Int = { _ in 0 }
    ) {
        let work = Work(read, times, bytes)
        self.work = work
        Thread { work.run() }.start()
    }

    deinit {
        work.state.withLock { $0.isClosed = true }
        work.signal.signal()
    }

    /// Wishes for a subject in place of any before; what comes of it is delivered from the reader's thread, unless another wish is made first.
    package func want(_ id: String, ahead: String? = nil, deliver: @escaping @Sendable (Result<Subject, any Error>) -> Void) {
        work.state.withLock { $0.next = Wish(id: id, ahead: ahead, deliver: deliver) }
        work.signal.signal()
    }

    /// Forgets what was read ahead: it may have changed in ways that its files do not show.
    package func forgetAhead() {
        work.state.withLock { state in
            state.kept = nil
            state.changes += 1
        }
    }
}
