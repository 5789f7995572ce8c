import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Imaging

/// `workbench prepare`: a cohort's lungs, registrations and patches.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Prepare a cohort: lungs, registration to the atlas and patches of every subject.",
        discussion: """
            An image is a NIfTI file or a folder with one DICOM series. A bad subject is reported in quality.csv and left out. Run the same command again after an interruption: what is done stays done, \
            and what depends on a changed scan, mask, atlas or setting is made again. Subjects \
            excluded in the workbench (review.csv) are left out. `workbench cohort` shows how it goes.
            """)

    @Argument(help: "cohort.csv: subject,image[,lungs] and label columns, paths relative to it; or a folder of scans, named by subject.")
    var cohort: String

    @Option(name: .long, help: "Atlas folder, from `workbench atlas`.")
    var atlas: String

    @Option(name: .long, help: "Folder to write.")
    var out: String

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Option(name: .long, help: "Memory that the scans at work may take, such as 8G (default: half of the machine's).")
    var memory: String?

    @Option(name: .long, help: "Voxel size at which lungs are registered, mm.")
    var registrationMm = 2.0

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if let memory { try Usage.check { try MemoryBudget(memory) } }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard PreparationSettings.registrationRange.contains(registrationMm) else {
            throw ValidationError("--registration-mm is \(registrationMm), expected 0.5 to 8")
        }
    }

    func run() throws {
        let manifest = try CohortManifest(contentsOf: URL(fileURLWithPath: cohort))
        var files = CommandFiles(kept: KeptFolder.all)
        for row in manifest.rows {
            files.reads("the image of \(row.subject),", row.image.path)
            files.reads("the lungs of \(row.subject),", row.lungs?.path)
        }
        files.fills("--out", out, as: PreparedFolder.kept)
        try files.check()
        let atlasFolder = URL(fileURLWithPath: atlas, isDirectory: true)
        let atlas = try AtlasFolder.read(atlasFolder)
        let folder = URL(fileURLWithPath: out, isDirectory: true)
        let preparation = Preparation(
            manifest: manifest, atlas: atlas, folder: folder, settings: PreparationSettings(registrationMillimetres: registrationMm),
            memory: try memory.map { try MemoryBudget($0) } ?? .ofThisMachine,
            parallel: threads.map(Parallel.init(threads:)) ?? .allProcessors)

        // Control-C ends the run after the subjects at work; a second one ends it at once.
        let interruption = Interruption()
        let line = ProgressLine()
        let report = try preparation.run(
            progress: { line.show($0.stage, done: $0.done, total: $0.total, detail: $0.detail) }, isCancelled: { interruption.isRequested })
        line.finish()
        try keepImage(of: atlasFolder, in: PreparedFolder(folder))
        try show(report, folder: folder)
        if report.interrupted {
            Output.message("interrupted: run the same command again to go on")
            throw ExitCode(130)
        }
    }

    /// The CT of the atlas's subject stays with its mask: the viewer shows it behind the landmarks.
    private func keepImage(of atlas: URL, in prepared: PreparedFolder) throws {
        let (source, target) = (atlas.appendingPathComponent("image.nii.gz"), prepared.atlas.appendingPathComponent("image.nii.gz"))
        guard FileManager.default.fileExists(atPath: source.path), !FileManager.default.fileExists(atPath: target.path) else { return }
        try AtomicFile.write(try Data(contentsOf: source), to: target)
    }

    private func show(_ report: Preparation.Report, folder: URL) throws {
        for warning in report.warnings { Output.message("warning: \(warning)") }
        let refused = report.outcomes.filter { $0.quality.verdict == .refused }
        if json {
            for entry in refused { Output.message("\(entry.subject) is left out: \(LungMaskQuality.summary(of: entry.quality.reasons))") }
            return try JSONOutput.print(
                PrepareReport(
                    prepared: report.prepared, reused: report.reused, refused: refused.map(\.subject), excluded: report.excluded,
                    interrupted: report.interrupted, warnings: report.warnings))
        }
        for entry in refused { print("\(entry.subject) is left out: \(LungMaskQuality.summary(of: entry.quality.reasons))") }
        for subject in report.excluded { print("\(subject) is excluded by review.csv") }
        let warnings = report.outcomes.count { $0.quality.verdict == .warning }
        print(
            "\(report.prepared) subjects prepared (\(report.reused) of them before), \(warnings) with warnings, \(refused.count) left out")
        let computed = report.outcomes.filter { !$0.isReused && $0.quality.verdict != .refused }
        if !computed.isEmpty {
            let sum = computed.map(\.times).reduce(StageTimes(), +)
            let stages = sum.stages.map { "\($0.name) \(Output.number($0.seconds / Double(computed.count), 2))" }.joined(separator: ", ")
            print(
                "seconds a subject, \(report.atOnce) at once: \(stages); together \(Output.number(sum.total / Double(computed.count), 2))")
        }
        print("written to \(folder.path); details in quality.csv")
    }
}

private struct PrepareReport: Encodable {
    let prepared: Int
    let reused: Int
    let refused, excluded: [String]
    let interrupted: Bool
    let warnings: [String]
}
