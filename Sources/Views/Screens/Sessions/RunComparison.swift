/// Curves of several sessions over each other.
package struct RunComparison: Equatable, Sendable {
    package struct Run: Equatable, Sendable {
        package var name: String
        package var training: TrainingState
        /// Why it could not be read.
        package var complaint: String?

        package init(name: String, training: TrainingState, complaint: String? = nil) {
            self.name = name
            self.training = training
            self.complaint = complaint
        }
    }

    package var runs: [Run]

    package init(runs: [Run]) { self.runs = runs }

    /// Those with curves, with their places in the list.
    package var drawn: [(index: Int, run: Run)] {
        runs.enumerated().filter { $0.element.complaint == nil && !$0.element.training.total.isEmpty }.map { ($0.offset, $0.element) }
    }

    /// From the first step of all to the last.
    package var steps: ClosedRange<Int> {
        let all = drawn.map(\.run.training.steps)
        let first = all.map(\.lowerBound).min() ?? 0
        return first...max(first + 1, all.map(\.upperBound).max() ?? 1)
    }
}

/// What a frame cost.
package struct FrameCounters: Equatable, Sendable {
    /// Of the frame before this one.
    package var bytes = 0
    package var cells = 0
    package var renderMilliseconds = 0.0
    package var writeMilliseconds = 0.0
    /// Since the interface started.
    package var frames = 0
    package var totalBytes = 0

    package init() {}
}

/// Fewer shades in pictures, so that less is written: for slow links.
package enum LeanMode: String, CaseIterable, Sendable {
    /// Where the link lags.
    case automatic
    case on, off
}

extension WorkbenchState {
    package var isLean: Bool { leanness == .on || (leanness == .automatic && isLagging) }

    mutating func nextLeanMode() {
        leanness = leanness.next
        let text =
            switch leanness {
            case .automatic: "fewer shades when the link lags"
            case .on: "fewer shades"
            case .off: "all shades, however slow the link"
            }
        message = Message(text: text, isFault: false)
    }
}
