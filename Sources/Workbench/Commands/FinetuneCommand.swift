import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Inference
import Learning
import Masks
import SessionFormat

extension EmphysemaSubtype: ExpressibleByArgument {}
extension ClassifierScheme: ExpressibleByArgument {}

/// `workbench finetune`: a subtype's classifier from a reader's boxes.
struct FinetuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune", abstract: "Train a classifier of centrilobular (cle) or paraseptal emphysema on 32 mm boxes.",
        discussion: "The boxes are added to the session's boxes.csv, where corrections that are made in the interface join them.")

    @Option(help: "Session with a pre-trained encoder.")
    var session: String

    @Option(help: "Prepared cohort that the boxes lie in.")
    var cohort: String

    @Option(help: "boxes.csv: subject,subtype,x,y,z (box centre, RAS+ mm; subtype cle, paraseptal or healthy).")
    var boxes: String

    @Option(help: "cle or paraseptal.")
    var subtype: EmphysemaSubtype

    @Option(help: "linear: a readout of the frozen encoder; full: encoder and readout together.")
    var scheme = ClassifierScheme.linear

    @Option(help: "Part of the boxes that is used, above 0 to 1.")
    var fraction = 1.0

    @Flag(help: "Boxes of the other subtype are negatives too.")
    var otherIsNegative = false

    @Option(help: "Seed.")
    var seed: UInt64 = 1

    @Option(help: "Threads.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard fraction > 0, fraction <= 1 else { throw ValidationError("--fraction is \(fraction), expected above 0 to 1") }
    }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        let prepared = try folder.cohort(at: URL(fileURLWithPath: cohort, isDirectory: true))
        let lock = try FileLock(folder)
        defer { withExtendedLifetime(lock) {} }
        let list = try LesionBox.read(URL(fileURLWithPath: boxes))
        for (subject, count) in try prepared.catalogue.leftOut(list, of: boxes) {
            Output.message("\(count) boxes of \(subject), which `workbench prepare` left out, are not used")
        }
        let warnings = LesionBox.contradictions(list)
        for warning in warnings { Output.message("warning: \(warning)") }
        let model = try InferenceModel.open(folder, parallel: parallel)
        var options = FineTuning.Options()
        options.scheme = scheme
        options.fraction = fraction
        options.otherSubtypeIsNegative = otherIsNegative
        options.seed = seed
        let line = ProgressLine()
        let tuning = FineTuning(model: model, cohort: prepared, subjects: prepared.subjects.map(\.id), parallel: parallel)
        let classifier = try Failure.naming(boxes) {
            try tuning.fit([subtype], boxes: list, options: options, progress: { line.show("fine-tune", done: $0, total: $1) })[0]
        }
        line.finish()
        if let complaint = classifier.skill?.complaint {
            Output.message("warning: the classifier is UNFIT and makes no masks: \(complaint)")
        }
        try classifier.write(folder)
        // So that whoever has the session open sees that its masks are stale.
        try Journal(folder).append(.classifiers(ClassifiersTrained([classifier])))
        try SessionBoxes.add(prepared.catalogue.identified(list), to: folder)
        if json {
            try JSONOutput.print(
                Report(
                    subtype: subtype.rawValue, scheme: scheme.rawValue, encoder: model.name, checksum: classifier.checksum,
                    training: classifier.provenance, skill: classifier.skill, warnings: warnings))
        } else {
            print(
                "\(subtype.rawValue) classifier (\(scheme.rawValue)) on \(model.name):",
                classifier.provenance.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
            if let skill = classifier.skill { print(skill.summary) }
        }
    }

    private struct Report: Encodable {
        let subtype, scheme, encoder, checksum: String
        let training: [String: String]
        let skill: ClassifierSkill?
        let warnings: [String]
    }
}
