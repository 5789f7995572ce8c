import Foundation

/// What the experiments say of the paper's claims: the measured difference, its corrected interval and p, and a verdict.
package struct ExperimentClaims: Equatable, Sendable {
    package enum Verdict: String, Sendable {
        case holds, doesNotHold = "does not hold", undecided
    }

    /// One measured difference of a claim.
    package struct Evidence: Equatable, Sendable {
        /// The experiment that measured it.
        package let name: ExperimentName
        package let text: String
        package let verdict: Verdict
    }

    /// A claim of the paper with everything that was measured on it; nothing yet where it is empty.
    package struct Claim: Equatable, Sendable {
        package let title: String
        /// The experiments that can tell.
        package let names: [ExperimentName]
        package let evidence: [Evidence]
    }

    private let results: [ExperimentResult]

    package init(results: [ExperimentResult]) { self.results = results }

    package var markdown: String {
        var lines = [
            "# Claims of the paper, on this cohort", "",
            "A claim holds where the 95 % interval of its difference (paired folds, Nadeau and Bengio's correction) lies on the claimed side of 0, does not hold "
                + "where it lies on the other, and is undecided where it contains 0. Claims that nothing differs hold where the interval contains 0 and is "
                + "narrower than ±0.1.", "",
        ]
        for claim in all {
            lines += ["## \(claim.title)", ""]
            lines += claim.evidence.isEmpty ? ["- not measured yet"] : claim.evidence.map { "- **\($0.verdict.rawValue)**: \($0.text)" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// In the paper's order.
    package var all: [Claim] {
        let frozen = "DrasCLR, linear"
        return [
            claim(
                "Pre-training saves labels", [.figure4],
                saving() + compared(.figure4, "DrasCLR", "no pre-training") { $0.hasPrefix("F1 at") }),
            claim(
                "Pre-training beats random weights", [.table5],
                EncoderVariant.allCases.filter(\.isUntrained).flatMap { variant in
                    compared(.table5, frozen, "\(variant.title), linear") { $0 == "F1" }
                } + compared(.table5, "DrasCLR, fine-tuned", "no pre-training, fine-tuned") { $0 == "F1" }),
            claim(
                "Pre-training beats random weights, image by image", [.table2],
                EncoderVariant.allCases.filter(\.isUntrained).flatMap { images(.table2, $0.title) }),
            claim("The linear readout beats LAA for both subtypes", [.table5], compared(.table5, frozen, "patch LAA-950") { $0 == "F1" }),
            claim("Frozen features beat densitometry, image by image", [.table2], images(.table2, "LAA-950 + Perc15")),
            claim("Loc-CondConv is at least as good as concatenation", [.table6], both(.table6, "concatenation")),
            claim("Concatenation is at least as good as no conditioning", [.table6], both(.table6, "no conditioning", of: "concatenation")),
            claim("Loc-CondConv is at least as good as no conditioning", [.table6], both(.table6, "no conditioning")),
            claim("Random locations hurt", [.table8], images(.table8, "random locations", of: "true locations")),
            claim("Two neighbours help", [.table7], both(.table7, "0 neighbours")),
            claim("The atlas does not matter", [.table9], both(.table9, "diseased atlas", isEquality: true)),
            claim("Emphysema rises with GOLD", [.figure5], rising()),
            claim(
                "Features add to clinical survival", [.table3],
                compared(.table3, "DrasCLR + clinical", "clinical") { $0.hasPrefix("Uno") }),
        ]
    }

    private func claim(_ title: String, _ names: [ExperimentName], _ evidence: [Evidence]) -> Claim {
        Claim(title: title, names: names, evidence: evidence)
    }

    /// Image by image.
    private func images(_ name: ExperimentName, _ second: String, of first: String = "DrasCLR", isEquality: Bool = false) -> [Evidence] {
        compared(name, first, second, isEquality: isEquality) { Self.main.contains($0) }
    }

    /// Image by image and box by box.
    private func both(_ name: ExperimentName, _ second: String, of first: String = "DrasCLR", isEquality: Bool = false) -> [Evidence] {
        images(name, second, of: first, isEquality: isEquality)
            + compared(name, "\(first), linear", "\(second), linear", isEquality: isEquality) { $0 == "F1" }
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
            return Evidence(name: name, text: text, verdict: Self.verdict(c.lower, c.upper, isEquality: isEquality))
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
                name: .figure5,
                text:
                    "\(m.target): Spearman ρ \(ExperimentReport.signed(m.mean)) [\(ExperimentReport.signed(lower)), \(ExperimentReport.signed(upper))], \(m.note), n \(m.count)",
                verdict: Self.verdict(lower, upper, isEquality: false))
        }
    }

    /// The part of the boxes that is enough: fewer than all, with its interval, or not.
    private func saving() -> [Evidence] {
        (results.first { $0.name == .figure4 }?.savings ?? []).map { saving in
            let verdict: Verdict =
                (saving.upper ?? ExperimentResult.Saving.never) < 1
                ? .holds : (saving.lower ?? 0) > 1 || saving.fraction == nil ? .doesNotHold : .undecided
            return Evidence(name: .figure4, text: saving.sentence, verdict: verdict)
        }
    }
}

extension ExperimentResult.Saving {
    /// In words.
    package var sentence: String {
        func percent(_ fraction: Double) -> String { fraction > 1 ? "more than all" : "\(Int((100 * fraction).rounded())) %" }
        let interval = lower.flatMap { lower in upper.map { " [\(percent(lower)), \(percent($0))]" } } ?? ""
        let start = "\(target): the pre-trained network"
        guard let fraction else { return "\(start) does not reach the random one's F1 with all boxes\(interval)" }
        return "\(start) reaches the random one's full-data F1 with \(percent(fraction)) of the boxes\(interval)"
    }
}
