import Foundation
import Synchronization

/// Progress on standard error: one live line with rate and time left on a terminal, else a line now and then.
final class ProgressLine: Sendable {
    private struct State {
        var stage = ""
        var started = ContinuousClock.now
        /// Pieces that were done when the stage was first shown: a resumed run did not do them.
        var before = 0
        var lastShown: ContinuousClock.Instant?
        var isOpen = false
    }

    private static let barWidth = 24
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    /// Shows that `done` of `total` pieces are done. May be called from any thread.
    func show(_ stage: String, done: Int, total: Int, detail: String? = nil) {
        state.withLock { state in
            let now = ContinuousClock.now
            if stage != state.stage { state = State(stage: stage, started: now, before: done, lastShown: nil, isOpen: state.isOpen) }
            let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
            if let last = state.lastShown, now - last < pause, done < total { return }
            state.lastShown = now
            let text = line(
                stage, done: done, before: state.before, total: total, seconds: (now - state.started) / .seconds(1), detail: detail
            ).printable
            write(isTerminal ? "\r\u{1B}[K" + text : text + "\n")
            state.isOpen = isTerminal
        }
    }

    /// Ends the live line.
    func finish() {
        state.withLock { state in
            if state.isOpen { write("\n") }
            state.isOpen = false
        }
    }

    private func line(_ stage: String, done: Int, before: Int, total: Int, seconds: Double, detail: String?) -> String {
        var text = "\(stage) \(done)/\(total)"
        if isTerminal {
            let filled = total > 0 ? Self.barWidth * done / total : Self.barWidth
            text += " [" + String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled) + "]"
        }
        if done > before, seconds > 0.5 {
            let rate = Double(done - before) / seconds
            text += String(format: rate >= 1 ? "  %.1f a second" : "  %.2f a second", rate)
            if done < total { text += ", \(Self.duration(Double(total - done) / rate)) left" }
        }
        return text + (detail.map { "  \($0)" } ?? "")
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        if whole < 60 { return "\(whole) s" }
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    private func write(_ text: String) { Output.error(text) }
}
