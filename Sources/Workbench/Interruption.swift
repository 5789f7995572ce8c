import Foundation
import Synchronization

/// Notices the first interrupt or termination signal instead of dying of it; the second one kills as usual. A lost terminal is noticed and
/// never kills.
final class Interruption: Sendable {
    private static let requested = Atomic<Bool>(false)
    private static let hungUp = Atomic<Bool>(false)
    private static let signals = [SIGINT, SIGTERM]

    init() {
        Self.outliveTerminal()
        signal(SIGHUP) { _ in Interruption.hungUp.store(true, ordering: .relaxed) }
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGHUP)
        for number in Self.signals {
            sigaddset(&mask, number)
            signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        // Whoever started the program may have blocked them, which children inherit.
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    var isRequested: Bool { Self.requested.load(ordering: .relaxed) }
    /// True once the terminal went away.
    var isHungUp: Bool { Self.hungUp.load(ordering: .relaxed) }

    /// From now on the process lives on without its terminal, and without whoever reads its output. A connection that drops sends SIGHUP more
    /// than once, by the system and by the shell, so what answers the first must not lay down its arms before the others.
    static func outliveTerminal() {
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }
}
