import ArgumentParser
import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import Studies
import StudyResults
import TerminalKit

/// `workbench export SESSION`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a session's steps, a subject's masks with a report, or a screen as PNG.",
        discussion: """
            --report writes SUBJECT.html (one page with picture, volumes and cautions), SUBJECT.csv, SUBJECT.png and each mask as NIfTI with \
            the JSON of what made it. Stale masks are marked as such. Research use only.
            """)

    @Argument(help: "The session's folder; with --png also that of experiments.")
    var session: String

    @Option(help: "CSV file for every step's numbers.")
    var metrics: String?

    @Option(help: "Folder for a TensorBoard event file.")
    var tensorboard: String?

    @Flag(help: "Write the report of --subject, with its masks.")
    var report = false

    @Option(help: "The subject of --report, or of the masks or cohort screen.")
    var subject: String?

    @Option(help: "Folder for --report; the session's reports where none is given.")
    var out: String?

    @Option(help: "PNG file for a picture of a screen.")
    var png: String?

    @Option(help: "The screen of --png: \(ScreenExport.names.joined(separator: ", ")).")
    var screen = "training"

    @Option(name: .customLong("with"), help: "A session that the comparison screen shows beside this one; may be repeated.")
    var others: [String] = []

    @Option(help: "Prepared cohort to show instead of the session's own.")
    var cohort: String?

    @Option(help: "Size of the picture in characters, COLSxROWS.")
    var size = "120x40"

    func validate() throws {
        guard metrics != nil || tensorboard != nil || png != nil || report else {
            throw ValidationError("say what to write: --metrics, --tensorboard, --png or --report")
        }
        if report, subject == nil { throw ValidationError("--report needs --subject") }
        if out != nil, !report { throw ValidationError("--out is the folder of --report") }
        if !others.isEmpty, screen != "comparison" { throw ValidationError("--with is for --screen comparison") }
        if Size(size) == nil { throw ValidationError("--size \(size) is no size; expected for example 120x40") }
    }

    func run() throws {
        guard let size = Size(size) else { return }
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("SESSION", session)
        files.writes("--metrics", metrics)
        files.writes("--png", png)
        try files.check()
        let experiments = ExperimentFolder(URL(fileURLWithPath: session, isDirectory: true))
        if experiments.isBegun, metrics == nil, tensorboard == nil, !report {
            return try draw(SessionViewing.context(forExperiments: ExperimentBrowser(experiments)), screen: "evaluation", size)
        }
        let folder = try SessionViewing.folder(session)
        if metrics != nil || tensorboard != nil { try writeSteps(of: folder) }
        guard png != nil || report else { return }
        let context = SessionViewing.context(for: folder, cohort: cohort.map { URL(fileURLWithPath: $0, isDirectory: true) })
        try draw(context, screen: screen, size)
        if report, let subject {
            let place = out.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? folder.reports
            var export = Self.export(context, size)
            for file in try export.report(subject: subject, to: place) { Output.message(file.path) }
        }
    }

    private func draw(_ context: SessionContext, screen: String, _ size: Size) throws {
        guard let png else { return }
        var export = Self.export(context, size)
        let picture = try export.png(screen: screen, subject: subject, others: try others.map(SessionViewing.folder))
        try AtomicFile.write(picture, to: URL(fileURLWithPath: png))
        Output.message("\(png): the \(screen) screen at \(size.description)")
    }

    private static func export(_ context: SessionContext, _ size: Size) -> ScreenExport {
        ScreenExport(context, size: size) { SessionViewing.context(for: $0).ownership() }
    }

    private func writeSteps(of folder: SessionFolder) throws {
        let steps = try RunMetrics(folder)
        if let metrics {
            try AtomicFile.write(Data(steps.csv.utf8), to: URL(fileURLWithPath: metrics))
            Output.message("\(metrics): \(steps.rows.count) steps")
        }
        if let tensorboard {
            let created = (try? SessionDescription.read(folder)).flatMap { try? Date($0.created, strategy: .iso8601) }
            let began = created?.timeIntervalSince1970 ?? 0
            let file = try TensorBoardFile(steps, began: began).write(
                to: URL(fileURLWithPath: tensorboard, isDirectory: true), began: began, kept: KeptFolder.all)
            Output.message("\(file.path): \(steps.rows.count) steps")
        }
    }
}
