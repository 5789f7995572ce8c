import ArgumentParser
import Cohorts
import Foundation
import Foundations

/// `workbench cohort PREPARED`.
struct CohortCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cohort", abstract: "Look at a prepared cohort, or at one while it is prepared: quality, outlines, what to leave out.",
        discussion: """
            For each subject the slices with its lungs' outline, the registered atlas and the patches; subjects can be accepted, excluded with a \
            note (review.csv) or prepared again. A preparation that runs in another process shows live.
            """)

    @Argument(help: "The prepared cohort's folder.")
    var prepared: String

    @OptionGroup var display: DisplayOptions

    func run() throws {
        let folder = URL(fileURLWithPath: prepared, isDirectory: true).standardizedFileURL
        let files = ["prepared.json", "preparation.jsonl"].map { folder.appendingPathComponent($0).path }
        guard files.contains(where: FileManager.default.fileExists) else {
            throw Failure("\(folder.path) is not a prepared cohort: it has no prepared.json; make one with `workbench prepare`")
        }
        if display.linear || isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0 { return try list(folder) }
        try Interface.showCohort(folder, display)
    }

    /// The same without a screen: a line a subject.
    private func list(_ folder: URL) throws {
        let snapshot = try CohortBrowser(folder, parallel: .allProcessors).snapshot()
        for subject in snapshot.subjects {
            let verdict = subject.outcome?.quality.verdict.rawValue ?? (subject.isAtWork ? "at work" : "waiting")
            let review = subject.review.map { ", \($0.decision.rawValue)\($0.note.isEmpty ? "" : " (\($0.note))")" } ?? ""
            let reasons = subject.outcome?.quality.reasons ?? []
            print("\(subject.id): \(verdict)\(review)\(reasons.isEmpty ? "" : ": " + reasons.joined(separator: "; "))")
        }
        if let fault = snapshot.fault { throw Failure(fault) }
    }
}
