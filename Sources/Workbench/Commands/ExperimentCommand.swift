import ArgumentParser
import Foundation
import Foundations
import Screens
import SessionFormat
import Studies
import StudyResults
import TerminalKit

extension ExperimentProfile: ExpressibleByArgument {}

/// `workbench experiment`: the paper's tables and figures on the user's cohort.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment", abstract: "Run the paper's experiments on a cohort.",
        discussion: ExperimentName.allCases.map { "  \($0.rawValue): \($0.title)" }.joined(separator: "\n")
            + "\n  all: every one of them\n  masks: masks of 40 phantoms of another seed than those they are learned from; makes its own cohort"
            + "\n\nWrites report.md, CLAIMS.md, a CSV for each table and an SVG for each figure. "
            + "In a terminal the Evaluation screen shows how it goes. Run the same command again after an interruption; "
            + "`workbench open OUT` looks at the results.")

    @Argument(help: "table2 … table9, figure4, figure5, all, or masks.")
    var name: String

    @Option(help: "Prepared cohort, from `workbench prepare`; or a cohort.csv, which is prepared with --atlas first. Not for masks.")
    var cohort: String?

    @Option(help: "Folder to write; pre-trained sessions, features and results are kept in it.")
    var out: String

    @Option(help: "Atlas folder with which a cohort is prepared that is not yet.")
    var atlas: String?

    @Option(help: "Session whose encoder stands for the method (default: one is pre-trained).")
    var session: String?

    @Option(help: "boxes.csv (default: that of the cohort's folder, or beside its images).")
    var boxes: String?

    @Option(name: .customLong("target"), help: "A further label column to read out in table2; may be repeated.")
    var targets: [String] = []

    @Option(help: "quick: a compact cohort on two cores; full: a real cohort on a real machine.")
    var profile = ExperimentProfile.quick

    @Option(help: "Threads.")
    var threads: Int?

    @Flag(help: "Run without the interface and print what came of it.")
    var headless = false

    @Flag(help: "Print one JSON object, without the interface.")
    var json = false

    private func names() throws -> [ExperimentName] {
        if name == "all" { return ExperimentName.allCases }
        guard let one = ExperimentName(rawValue: name) else {
            throw ValidationError(
                "\"\(name)\" is not an experiment; expected \(ExperimentName.allCases.map(\.rawValue).joined(separator: ", ")) or all")
        }
        return [one]
    }

    @OptionGroup var pictures: PictureOptions

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard name != Self.masks else {
            guard cohort == nil else { throw ValidationError("masks makes its own cohort of phantoms; leave --cohort out") }
            guard !json, atlas == nil, session == nil, boxes == nil, targets.isEmpty else {
                throw ValidationError("masks prints its table and takes --out and --threads only")
            }
            return
        }
        _ = try names()
        guard cohort != nil else { throw ValidationError("expected --cohort, a prepared cohort or a cohort.csv") }
    }

    private static let masks = "masks"

    /// The table of masks on phantoms, with progress on standard error.
    private func runMasks() throws {
        let folder = URL(fileURLWithPath: out, isDirectory: true)
        var files = CommandFiles(kept: KeptFolder.all)
        files.fills("--out", out, as: SessionFolder.kept)
        try files.check()
        try AtomicFile.makeFolder(folder)
        let session = SessionFolder(folder)
        let run = DemoRun(session, settings: .masksExperiment, parallel: threads.map(Parallel.init(threads:)) ?? .allProcessors)
        if try !DemoRun.isFinished(session) {
            let job = EngineJob(session: session, options: try JobOptions.parse([]), work: { try run.run() })
            return try job.run(headless: true, try DisplayOptions.parse([]))
        }
        for line in try DemoRun.summary(of: session) { print(line) }
    }

    func run() throws {
        guard name != Self.masks, let cohort else { return try runMasks() }
        var request = ExperimentRequest(cohort: URL(fileURLWithPath: cohort))
        func path(_ given: String) -> String { URL(fileURLWithPath: given).standardizedFileURL.path }
        request.atlas = atlas.map(path)
        request.session = session.map(path)
        request.boxes = boxes.map(path)
        request.targets = targets
        request.profile = profile
        let folder = ExperimentFolder(URL(fileURLWithPath: out, isDirectory: true))
        var files = CommandFiles(kept: KeptFolder.all)
        files.fills("--out", out, as: ExperimentFolder.kept)
        try files.check()
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        let job = ExperimentJob(try names(), request, folder: folder, parallel: parallel)
        if headless || json || NcursesTerminal.probe() == nil { return try follow(job) }
        try Interface.showExperiments(folder, job: job, pictures)
    }

    /// Runs here, with progress on standard error.
    private func follow(_ job: ExperimentJob) throws {
        // Control-C ends the run at the next piece; a second one ends it at once.
        let interruption = Interruption()
        let line = ProgressLine()
        let outcome: ExperimentRun.Outcome
        do {
            outcome = try job.run(
                report: { event in
                    if event.kind == .began, let name = event.name { Output.message("\(name.heading): \(name.title)") }
                    guard let stage = event.stage else { return }
                    let left = event.secondsLeft.map { "everything: about \(ProgressLine.duration($0)) left" }
                    let detail = [stage.detail, left].compactMap { $0 }.joined(separator: "; ")
                    line.show(stage.stage, done: stage.done, total: stage.total, detail: detail.isEmpty ? nil : detail)
                }, isCancelled: { interruption.isRequested })
        } catch is Cancelled {
            line.finish()
            Output.message("interrupted: run the same command again to go on")
            throw ExitCode(130)
        }
        line.finish()
        if json {
            try JSONOutput.print(
                Report(out: job.folder.root.path, profile: profile.rawValue, experiments: outcome.results, failures: outcome.failures))
        } else {
            for result in outcome.results {
                print("\(result.name.rawValue): \(result.measurements.count) measurements, \(Output.number(result.seconds, 0)) s")
            }
            if !outcome.results.isEmpty { print("written to \(job.folder.report.path)") }
        }
        guard let first = outcome.failures.first else { return }
        let others = outcome.failures.count - 1
        throw Failure(
            "\(first.name.rawValue) could not be run: \(first.sentence)\(others > 0 ? "; so could not \(others) more, see \(job.folder.report.path)" : "")"
        )
    }

    private struct Report: Encodable {
        let out, profile: String
        let experiments: [ExperimentResult]
        let failures: [ExperimentFailure]
    }
}
