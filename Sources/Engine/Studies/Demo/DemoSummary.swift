import Cohorts
import Foundation
import Inference
import SessionFormat

/// What the demo found, as lines to print.
struct DemoSummary {
    struct Agreements {
        /// `[encoder][subtype][subject]`.
        var masks: [[[MaskAgreement]]]
        /// The same masks against the regions that a reader would mark.
        var regions: [[[MaskAgreement]]]
        /// Those regions as masks, `[subtype][subject]`: what a classifier of 32 mm boxes that errs nowhere would find.
        var faultless: [[MaskAgreement]]
        /// Of a threshold at -950 HU against both subtypes together, a subject each.
        var threshold: [MaskAgreement]
    }

    let settings: DemoRun.Settings
    let training: TrainingSettings
    let landmarks: Int
    let trainingSubjects: Int
    let heldOut: [String]
    let classifiers: [[Classifier]]
    let agreements: Agreements
    let secondsToTrained: Double
    let seconds: Double

    var lines: [String] {
        var lines = [
            "Demo on phantoms: \(trainingSubjects) training subjects, held out \(heldOut.joined(separator: ", ")); \(landmarks) landmarks, seed \(settings.seed)",
            "Pre-training: \(training.epochs) epochs, \(landmarks * max(1, trainingSubjects / training.batch) * training.epochs) steps, batch \(training.batch), "
                + "\(training.experts) experts, \(training.neighbours) neighbours, T \(training.temperature), learning rate \(training.learningRate)",
        ]
        for (encoder, row) in classifiers.enumerated() {
            for (index, classifier) in row.enumerated() where encoder == 0 || classifier.provenance != classifiers[0][index].provenance {
                let words = classifier.provenance.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
                lines.append(
                    "Fine-tuning \(classifier.subtype.rawValue) on \(classifier.encoder.name): \(classifier.scheme.rawValue), \(words)")
            }
        }
        lines.append("Masks of held-out subjects, stride \(settings.stride) mm, threshold \(EmphysemaMask.threshold):")
        for (encoder, row) in classifiers.enumerated() {
            for (index, classifier) in row.enumerated() {
                let name = "\(classifier.subtype.rawValue), \(classifier.encoder.name)"
                lines.append(
                    text(name, agreements.masks[encoder][index])
                        + "; of regions with boxes of lesion: Dice \(Self.dice(agreements.regions[encoder][index]))")
            }
        }
        for (subtype, found) in zip(EmphysemaSubtype.allCases, agreements.faultless) {
            lines.append(text("\(subtype.rawValue), a faultless classifier of 32 mm boxes", found))
        }
        lines.append(text("both together, threshold at -950 HU", agreements.threshold))
        lines.append(String(format: "Time: %.0f s in all, %.0f s until pre-training ended", seconds, secondsToTrained))
        return lines
    }

    private static func dice(_ subjects: [MaskAgreement]) -> String {
        MaskAgreement.dice(subjects).map { String(format: "%.3f", $0) } ?? "none (no lesion, none found)"
    }

    private func text(_ name: String, _ subjects: [MaskAgreement]) -> String {
        let errors = subjects.map(\.volumeErrorMillilitres)
        let mean = errors.reduce(0, +) / Double(max(1, errors.count))
        let absolute = errors.reduce(0) { $0 + abs($1) } / Double(max(1, errors.count))
        return
            "  \(name): Dice \(Self.dice(subjects)), volume error \(String(format: "%+.1f", mean)) mL (mean absolute \(String(format: "%.1f", absolute)) mL)"
    }
}
