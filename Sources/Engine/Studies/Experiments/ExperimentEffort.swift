import StudyResults
import Synchronization

/// How long a run of experiments will still take: the work that is left, in passes of one patch through the encoder, at the speed of the work
/// that was done. A backward pass counts as two.
package final class ExperimentEffort: Sendable {
    /// Work that takes long enough to be counted.
    package enum Piece: Hashable, Sendable {
        case training(EncoderVariant)
        case features(EncoderVariant, isMisplaced: Bool)
        case boxes(EncoderVariant)
        case fineTuning(ExperimentName)
        case masks
    }

    private struct State {
        var left: [Piece: Double] = [:]
        var current: (piece: Piece, passes: Double, fraction: Double, since: ContinuousClock.Instant)?
        /// Measured so far.
        var passes = 0.0
        var seconds = 0.0

        mutating func measure(passes: Double, seconds: Double) {
            self.passes += passes
            self.seconds += seconds
        }
    }

    /// Nothing is told before so many seconds were measured.
    private static let leastSeconds = 3.0
    private let state = Mutex(State())

    package init() {}

    /// Adds what is to be done; a piece that is known already stays as it is.
    package func plan(_ piece: Piece, passes: Double) { state.withLock { if $0.left[piece] == nil { $0.left[piece] = passes } } }

    /// Work on a piece begins, a part of which may be done from before.
    package func begin(_ piece: Piece, at fraction: Double = 0) {
        state.withLock { state in
            state.current = (piece, (state.left[piece] ?? 0) / max(1e-6, 1 - fraction), fraction, .now)
        }
    }

    /// So much of the piece at work is done.
    func reach(_ fraction: Double) {
        state.withLock { state in
            guard let current = state.current, fraction > current.fraction else { return }
            let now = ContinuousClock.now
            state.measure(passes: (fraction - current.fraction) * current.passes, seconds: (now - current.since) / .seconds(1))
            state.left[current.piece] = max(0, 1 - fraction) * current.passes
            state.current = (current.piece, current.passes, fraction, now)
        }
    }

    /// So many passes took so long.
    package func measure(passes: Double, seconds: Double) { state.withLock { $0.measure(passes: passes, seconds: seconds) } }

    /// A piece is done, or was there already.
    package func end(_ piece: Piece) {
        state.withLock { state in
            state.left[piece] = 0
            if state.current?.piece == piece { state.current = nil }
        }
    }

    /// Nil as long as it is not known how fast this machine is.
    package var secondsLeft: Double? {
        state.withLock { state in
            guard state.seconds > Self.leastSeconds, state.passes > 0 else { return nil }
            return state.left.values.sorted().reduce(0, +) * state.seconds / state.passes
        }
    }
}
