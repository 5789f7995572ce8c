import Foundation
import Synchronization

/// Notices the first interrupt or termination signal instead of dying of it; the second one kills as usual.
final class Interruption: Sendable {
    private static let requested = Atomic<Bool>(false)
    private static let signals = [SIGINT, SIGTERM]

    init() {
        var mask = sigset_t()
        sigemptyset(&mask)
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
}
