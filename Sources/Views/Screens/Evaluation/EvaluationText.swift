import StudyResults
import TerminalKit

/// What the evaluation screen says in words.
package enum EvaluationText {
    /// How an experiment stands.
    package static func state(_ state: ExperimentSnapshot.State) -> String {
        switch state {
        case .notRun: "not run"
        case .waiting: "waiting"
        case .running: "running"
        case .interrupted: "interrupted"
        case .done: "done"
        case .failed(let sentence): "failed: \(sentence)"
        }
    }

    /// An experiment as the list names it.
    static func title(_ name: ExperimentName) -> String { "\(name.heading)  \(name.title)" }

    /// A sign that does not need colour, and a style.
    static func sign(_ state: ExperimentSnapshot.State) -> (String, Style) {
        switch state {
        case .notRun: ("·", .faint)
        case .waiting: ("○", .faint)
        case .running: ("●", .good)
        case .interrupted: ("■", .warning)
        case .done: ("✓", .good)
        case .failed: ("✗", .bad)
        }
    }

    static func sign(_ verdict: ExperimentClaims.Verdict) -> (String, Style) {
        switch verdict {
        case .holds: ("✓", .good)
        case .doesNotHold: ("✗", .bad)
        case .undecided: ("?", .warning)
        }
    }

    typealias Line = [(String, Style)]

    /// The lines of a page of text.
    static func lines(_ page: EvaluationState.Page, _ state: EvaluationState, width: Int) -> [Line] {
        switch page {
        case .results: []
        case .comparisons: state.entry.result.map { comparisons($0, width) } ?? []
        case .claims: claims(state, width)
        case .method: state.entry.result.map { method($0, width) } ?? []
        }
    }

    private static func wrapped(_ text: String, _ width: Int, first: String, _ style: Style) -> [Line] {
        let indent = String(repeating: " ", count: first.count)
        return Overlays.wrap(text, max(10, width - first.count)).enumerated().map {
            [($0.offset == 0 ? first : indent, style), ($0.element, style)]
        }
    }

    /// Differences over the same folds: interval, and p by the plain and by the corrected test.
    private static func comparisons(_ result: ExperimentResult, _ width: Int) -> [Line] {
        guard !result.comparisons.isEmpty else { return [[("nothing is compared here", .faint)]] }
        var lines = wrapped("differences over the same folds, 95 % interval and p (Nadeau–Bengio), plain p", width, first: "", .faint)
        var pair = ""
        for c in result.comparisons {
            if pair != "\(c.first) − \(c.second)" {
                pair = "\(c.first) − \(c.second)"
                lines.append([(pair, .strong)])
            }
            let (sign, style): (String, Style) = c.lower > 0 ? ("▲", .good) : c.upper < 0 ? ("▼", .bad) : ("·", .faint)
            let numbers =
                "\(ExperimentReport.signed(c.difference)) [\(ExperimentReport.signed(c.lower)), \(ExperimentReport.signed(c.upper))]"
            let chances = "p \(ExperimentReport.probability(c.corrected)), \(ExperimentReport.probability(c.plain)) plain"
            let name = "\(c.target), \(c.metric)"
            if width >= 74 {
                lines.append([
                    ("  \(sign) ", style), (String(name.prefix(26)).padding(to: 27), .plain), (numbers.padding(to: 24), .plain),
                    (chances, .faint),
                ])
            } else {
                lines.append([("  \(sign) ", style), (name, .plain)])
                lines.append([("    \(numbers)", .plain)])
                lines.append([("    \(chances)", .faint)])
            }
        }
        return lines
    }

    /// The paper's claims; those that the chosen experiment measures come first.
    private static func claims(_ state: EvaluationState, _ width: Int) -> [Line] {
        let claims = state.snapshot.claims
        let own = claims.filter { $0.names.contains(state.chosen) }
        let others = claims.filter { !$0.names.contains(state.chosen) }
        var lines: [Line] = []
        for claim in own + others {
            let words = Set(claim.evidence.map(\.verdict.rawValue)).sorted().joined(separator: ", ")
            let head = claim.evidence.isEmpty ? "not measured yet (\(claim.names.map(\.rawValue).joined(separator: ", ")))" : words
            lines += wrapped("\(claim.title): \(head)", width, first: "", .strong)
            for evidence in claim.evidence {
                let (sign, style) = sign(evidence.verdict)
                let text = wrapped(evidence.text, width - 4, first: "", .plain)
                for (offset, line) in text.enumerated() { lines.append([(offset == 0 ? "  \(sign) " : "    ", style)] + line) }
            }
        }
        return lines
    }

    private static func method(_ result: ExperimentResult, _ width: Int) -> [Line] {
        let sentences =
            result.savings.map(\.sentence) + result.method + result.notes + [
                "computed in \(Text.duration(result.seconds)), profile \(result.profile.rawValue)"
            ]
        return sentences.flatMap { wrapped($0, width, first: "• ", .plain) }
    }
}

extension String {
    /// Filled up with spaces to a width.
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
