import Cohorts
import Foundation
import Inference
import Masks
import SessionFormat

/// What the demo found, as lines to print.
struct DemoSummary {
    let settings: DemoRun.Settings
    let training: TrainingSettings
    let landmarks: Int
    let trainingSubjects: Int
    let heldOut: [PreparedSubject]
    let classifiers: [[Classifier]]
    let methods: [MaskStudy.Method]
    let secondsToTrained: Double
    let seconds: Double

    var lines: [String] {
        var lines = [
            "Demo on phantoms: \(trainingSubjects) training subjects, held out \(heldOutInWords); \(landmarks) landmarks, seed \(settings.seed)",
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
        for classifier in classifiers[0] {
            guard let skill = classifier.skill else { continue }
            lines.append("Skill \(classifier.subtype.rawValue): \(skill.summary)\(skill.complaint.map { "; UNFIT: \($0)" } ?? "")")
        }
        lines.append("Masks of held-out subjects, stride \(settings.stride) mm, at p = \(EmphysemaMask.threshold):")
        lines.append("  subtype     method                      region Dice  lesion Dice  volume error  area under curve  of healthy lung")
        for (index, subtype) in EmphysemaSubtype.allCases.enumerated() {
            for method in methods { lines.append(row(subtype, method.name, method.subtypes[index])) }
        }
        lines.append(String(format: "Time: %.0f s in all, %.0f s until pre-training ended", seconds, secondsToTrained))
        return lines
    }

    private func row(_ subtype: EmphysemaSubtype, _ name: String, _ found: MaskEvaluation) -> String {
        func number(_ value: Double?, _ format: String, width: Int) -> String {
            let text = value.map { String(format: format, $0) } ?? "none"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
        return "  " + padded(subtype.rawValue, 12) + padded(name, 27) + number(found.regionDice, "%.3f", width: 12)
            + number(found.lesionDice, "%.3f", width: 13) + number(found.volumeError.map { 100 * $0 }, "%.0f %%", width: 14)
            + number(found.areaUnderCurve, "%.3f", width: 18) + number(found.healthyShare.map { 100 * $0 }, "%.2f %%", width: 17)
    }

    private var heldOutInWords: String {
        guard heldOut.count <= Self.mostNamed else { return "\(heldOut.count) subjects of seed \(settings.testSeed)" }
        return heldOut.map { subject in
            let grades = ["cle", "paraseptal"].map { "\($0) \(Int(subject.labels[$0] ?? 0))" }.joined(separator: ", ")
            return "\(subject.id) (\(grades))"
        }.joined(separator: ", ")
    }

    /// More held-out subjects are counted, not listed.
    private static let mostNamed = 8
}
