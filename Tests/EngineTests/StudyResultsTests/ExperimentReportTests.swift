import Foundation
import Foundations
import StudyResults
import TestSupport
import Testing

@Suite("Results of experiments, what they say, and how they are drawn")
struct ExperimentReportTests {
    @Test("verdicts: the interval decides")
    func verdicts() {
        #expect(ExperimentClaims.verdict(0.01, 0.2, isEquality: false) == .holds)
        #expect(ExperimentClaims.verdict(-0.2, -0.01, isEquality: false) == .doesNotHold)
        #expect(ExperimentClaims.verdict(-0.1, 0.1, isEquality: false) == .undecided)
        #expect(ExperimentClaims.verdict(-0.05, 0.08, isEquality: true) == .holds)
        #expect(ExperimentClaims.verdict(-0.3, 0.2, isEquality: true) == .undecided)
    }

    @Test("each pair of methods is compared once, over the folds that both have")
    func comparisons() {
        var result = ExperimentResult(name: .table5, profile: .quick, key: "")
        for (name, folds) in [("a", [1.0, 0.9, 0.8]), ("b", [0.5, 0.6, 0.7]), ("c", [0.5])] {
            result.measurements.append(MethodScore(method: name, target: "t", metric: "F1", folds: folds, interval: nil, count: 3))
        }
        result.compare("a", testFraction: 0.25)
        result.compare("b", testFraction: 0.25)
        #expect(result.comparisons.map { "\($0.first)\($0.second)" } == ["ab"])
        #expect(abs((result.comparisons.first?.difference ?? 0) - 0.3) < 1e-12)
    }

    @Test(
        "labels are saved where the whole interval is below all boxes",
        arguments: [
            (0.25, 0.1, 0.5, "holds", "with 25 % of the boxes [10 %, 50 %]"), (0.5, 0.25, 1.0, "undecided", "with 50 %"),
            (nil, 2.0, 2.0, "does not hold", "does not reach the random one's F1 with all boxes [more than all, more than all]"),
            (1.0, 0.5, 2.0, "undecided", "[50 %, more than all]"),
        ])
    func savings(fraction: Double?, lower: Double, upper: Double, verdict: String, words: String) {
        var result = ExperimentResult(name: .figure4, profile: .quick, key: "")
        result.savings = [ExperimentResult.Saving(target: "centrilobular", fraction: fraction, lower: lower, upper: upper)]
        let claim = ExperimentClaims(results: [result]).all[0]
        #expect(claim.evidence.map(\.verdict.rawValue) == [verdict])
        #expect(claim.evidence[0].text.contains(words), "\(claim.evidence[0].text)")
    }

    @Test("figures are drawn with every subject")
    func figure() throws {
        let scratch = try ScratchFolder()
        var result = ExperimentResult(name: .figure5, profile: .quick, key: "")
        result.groups = [
            ExperimentResult.Group(series: "cle", name: "GOLD 0", subjects: ["a", "b"], values: [1, 2]),
            ExperimentResult.Group(series: "cle", name: "GOLD 1", subjects: ["c"], values: [7]),
        ]
        try ExperimentReport(results: [result], run: []).write(to: scratch.url)
        let svg = try String(contentsOf: scratch.url.appendingPathComponent("figure5.svg"), encoding: .utf8)
        #expect(XMLDocumentCheck.isWellFormed(svg) && svg.contains("<title>c: 7.0 %</title>"))
        #expect(try CSVTable(contentsOf: scratch.url.appendingPathComponent("figure5.csv")).rows.count == 3)
    }
}

/// Every tag that is opened is closed, in order.
private enum XMLDocumentCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            guard let end = piece.firstIndex(of: ">") else { return false }
            let tag = piece[..<end]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}
