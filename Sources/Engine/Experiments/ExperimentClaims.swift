import Foundation

/// What the experiments say of the paper's claims: the measured difference, its corrected interval and p, and a verdict.
package struct ExperimentClaims {
    package enum Verdict: String {
        case holds, doesNotHold = "does not hold", undecided
    }

    /// One measured difference of a claim.
    struct Evidence {
        let text: String
        let verdict: Verdict
    }

    let results: [ExperimentResult]

    var markdown: String {
        var lines = [
            "# Claims of the paper, on this cohort", "",
            "A claim holds where the 95 % interval of its difference (paired folds, Nadeau and Bengio's correction) lies on the claimed side of 0, does not hold "
                + "where it lies on the other, and is undecided where it contains 0. Claims that nothing differs hold where the interval contains 0 and is "
                + "narrower than ±0.1.", "",
        ]
        for claim in claims {
            lines += ["## \(claim.title)", ""]
            lines += claim.evidence.isEmpty ? ["- not measured yet"] : claim.evidence.map { "- **\($0.verdict.rawValue)**: \($0.text)" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    private var claims: [(title: String, evidence: [Evidence])] {
        [
            ("Pre-training saves labels", saving() + compared(.figure4, "DrasCLR", "no pre-training") { $0.hasPrefix("F1 at") }),
            (
                "Pre-training beats random weights",
                compared(.table5, "DrasCLR, linear", "no pre-training, linear") { $0 == "F1" }
                    + compared(.table5, "DrasCLR, fine-tuned", "no pre-training, fine-tuned") { $0 == "F1" }
            ),
            ("The linear readout beats LAA for both subtypes", compared(.table5, "DrasCLR, linear", "patch LAA-950") { $0 == "F1" }),
            (
                "Frozen features beat densitometry, image by image",
                compared(.table2, "DrasCLR", "LAA-950 + Perc15") { Self.main.contains($0) }
            ),
            (
                "Loc-CondConv is at least as good as concatenation",
                compared(.table6, "DrasCLR", "concatenation") { Self.main.contains($0) }
                    + compared(.table6, "DrasCLR, linear", "concatenation, linear") { $0 == "F1" }
            ),
            (
                "Loc-CondConv is at least as good as no conditioning",
                compared(.table6, "DrasCLR", "no conditioning") { Self.main.contains($0) }
                    + compared(.table6, "DrasCLR, linear", "no conditioning, linear") { $0 == "F1" }
            ),
            ("Random locations hurt", compared(.table8, "true locations", "random locations") { Self.main.contains($0) }),
            ("Two neighbours help", compared(.table7, "DrasCLR", "0 neighbours") { Self.main.contains($0) }),
            ("The atlas does not matter", compared(.table9, "DrasCLR", "diseased atlas", isEquality: true) { Self.main.contains($0) }),
            ("Emphysema rises with GOLD", rising()),
            ("Features add to clinical survival", compared(.table3, "DrasCLR + clinical", "clinical") { $0.hasPrefix("Uno") }),
        ]
    }

    private static let main: Set = ["R²", "accuracy"]

    private func compared(
        _ name: ExperimentName, _ first: String, _ second: String, isEquality: Bool = false, where wanted: (String) -> Bool
    ) -> [Evidence] {
        let comparisons = results.first { $0.name == name }?.comparisons ?? []
        return comparisons.filter { $0.first == first && $0.second == second && wanted($0.metric) }.map { c in
            let text =
                "\(c.target), \(c.metric): \(first) − \(second) \(ExperimentReport.signed(c.difference)) [\(ExperimentReport.signed(c.lower)), "
                + "\(ExperimentReport.signed(c.upper))], p \(ExperimentReport.probability(c.corrected)) corrected, \(ExperimentReport.probability(c.plain)) plain"
            return Evidence(text: text, verdict: Self.verdict(c.lower, c.upper, isEquality: isEquality))
        }
    }

    package static func verdict(_ lower: Double, _ upper: Double, isEquality: Bool) -> Verdict {
        let containsZero = lower <= 0 && upper >= 0
        if isEquality { return containsZero ? (max(-lower, upper) < 0.1 ? .holds : .undecided) : .doesNotHold }
        return containsZero ? .undecided : lower > 0 ? .holds : .doesNotHold
    }

    private func rising() -> [Evidence] {
        (results.first { $0.name == .figure5 }?.measurements ?? []).compactMap { m in
            guard let lower = m.lower, let upper = m.upper else { return nil }
            return Evidence(
                text:
                    "\(m.target): Spearman ρ \(ExperimentReport.signed(m.mean)) [\(ExperimentReport.signed(lower)), \(ExperimentReport.signed(upper))], \(m.note), n \(m.count)",
                verdict: Self.verdict(lower, upper, isEquality: false))
        }
    }

    /// The sentences of figure 4 on the fraction of boxes that is enough.
    private func saving() -> [Evidence] {
        (results.first { $0.name == .figure4 }?.notes ?? []).filter { $0.contains("full-data F1") || $0.contains("does not reach") }.map {
            Evidence(text: $0, verdict: $0.contains("does not reach") ? .doesNotHold : .undecided)
        }
    }
}
