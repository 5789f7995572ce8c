import Foundation
import Synchronization

/// Notices the first interrupt signal instead of dying of it; the second one kills as usual.
final class Interruption: Sendable {
    private static let requested = Atomic<Bool>(false)

    init() {
        signal(SIGINT) { _ in
            Interruption.requested.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
    }

    var isRequested: Bool { Self.requested.load(ordering: .relaxed) }
}
