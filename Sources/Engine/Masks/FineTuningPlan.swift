import Cohorts
import Foundations

/// What fine-tuning with a session's boxes will do, in words, before it is done.
package struct FineTuningPlan: Codable, Equatable, Sendable {
    /// The subtypes whose classifiers are trained; not empty.
    package let subtypes: [EmphysemaSubtype]
    /// One sentence each.
    package let lines: [String]

    /// A subtype is trained where it has a box, and there is a box of something else to tell it from.
    /// - Parameters:
    ///   - boxes: those that can be used.
    ///   - unused: how many others there are, of other cohorts.
    ///   - present: what is written on the session's present classifiers.
    /// - Throws: `Failure` that says which boxes are missing, where no subtype can be trained.
    package init(boxes: [LesionBox], unused: Int, present: [EmphysemaSubtype: [String: String]]) throws {
        var trained: [EmphysemaSubtype] = []
        var lines: [String] = []
        var missing: [String] = []
        for subtype in EmphysemaSubtype.allCases {
            let positives = boxes.count { $0.label.rawValue == subtype.rawValue }
            let negatives = boxes.count - positives
            let name = subtype.word
            guard positives > 0, negatives > 0 else {
                missing.append(
                    positives == 0
                        ? "there is no \(name) box" : "there is no box of anything else to tell \(name) from: place a healthy one")
                if present[subtype] != nil { lines.append("\(name): its classifier stays as it is, since \(missing[missing.count - 1]).") }
                continue
            }
            trained.append(subtype)
            let others = boxes.filter { $0.label.rawValue != subtype.rawValue }
            let against = LesionBox.Label.allCases.compactMap { label -> String? in
                let count = others.count { $0.label == label }
                return count > 0 ? "\(count) \(label.word)" : nil
            }
            lines.append("\(name): \(positives) \(positives == 1 ? "box" : "boxes") against \(against.joined(separator: " and ")).")
            if let before = present[subtype]?["positives"].flatMap(Int.init), before > positives {
                lines.append(
                    "The present \(name) classifier was trained with \(before) boxes, of which \(positives) are kept here: only these count."
                )
            }
        }
        guard !trained.isEmpty else {
            throw Failure("too few boxes to fine-tune with: \(missing.joined(separator: ", and ")); C, S and G place boxes")
        }
        lines += LesionBox.contradictions(boxes).map { "Contradiction: \($0)." }
        if unused > 0 {
            lines.append("Left out, since their subject or CT is not in this cohort: \(unused) \(unused == 1 ? "box" : "boxes").")
        }
        subtypes = trained
        self.lines = lines
    }
}

extension EmphysemaSubtype {
    /// A word for it on screens.
    package var word: String { self == .centrilobular ? "CLE" : "paraseptal" }
}

extension LesionBox.Label {
    /// A word for it on screens.
    package var word: String { self == .cle ? "CLE" : rawValue }
}
