import ArgumentParser
import Engine
import Foundation

extension ExperimentProfile: ExpressibleByArgument {}

/// `workbench experiment`: the paper's tables and figures on the user's cohort.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment", abstract: "Run the paper's experiments on a prepared cohort.",
        discussion: ExperimentName.allCases.map { "  \($0.rawValue): \($0.title)" }.joined(separator: "\n")
            + "\n  all: every one of them\n\nWrites report.md, CLAIMS.md, a CSV for each table and an SVG for each figure. "
            + "Run the same command again after an interruption.")

    @Argument(help: "table2 … table9, figure4, figure5, or all.")
    var name: String

    @Option(help: "Prepared cohort, from `workbench prepare`.")
    var cohort: String

    @Option(help: "Folder to write; pre-trained sessions, features and results are kept in it.")
    var out: String

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

    @Flag(help: "Print one JSON object.")
    var json = false

    private func names() throws -> [ExperimentName] {
        if name == "all" { return ExperimentName.allCases }
        guard let one = ExperimentName(rawValue: name) else {
            throw ValidationError(
                "\"\(name)\" is no experiment; expected \(ExperimentName.allCases.map(\.rawValue).joined(separator: ", ")) or all")
        }
        return [one]
    }

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        _ = try names()
    }

    func run() throws {
        let prepared = try PreparedCohort(URL(fileURLWithPath: cohort, isDirectory: true))
        let folder = URL(fileURLWithPath: out, isDirectory: true)
        var options = ExperimentRun.Options()
        options.profile = profile
        options.session = session.map { SessionFolder(URL(fileURLWithPath: $0, isDirectory: true)) }
        options.boxes = boxes.map { URL(fileURLWithPath: $0) }
        options.targets = targets
        if let threads { options.parallel = Parallel(threads: threads) }
        // Control-C ends the run at the next piece; a second one ends it at once.
        let interruption = Interruption()
        let line = ProgressLine()
        let results: [ExperimentResult]
        do {
            results = try ExperimentRun(
                cohort: prepared, folder: folder, options: options,
                report: { line.show($0.stage, done: $0.done, total: $0.total, detail: $0.detail) },
                isCancelled: { interruption.isRequested }
            ).run(try names())
        } catch is Cancelled {
            line.finish()
            Output.message("interrupted: run the same command again to go on")
            throw ExitCode(130)
        }
        line.finish()
        if json {
            try JSONOutput.print(Report(out: folder.path, profile: profile.rawValue, experiments: results))
        } else {
            for result in results {
                print("\(result.name.rawValue): \(result.measurements.count) measurements, \(Output.number(result.seconds, 0)) s")
            }
            print("written to \(folder.appendingPathComponent("report.md").path)")
        }
    }

    private struct Report: Encodable {
        let out, profile: String
        let experiments: [ExperimentResult]
    }
}
