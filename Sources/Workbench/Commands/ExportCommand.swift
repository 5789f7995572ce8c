import ArgumentParser
import Engine
import Foundation
import Views

/// `workbench export SESSION`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a session's steps as CSV or for TensorBoard, or a screen as PNG.")

    @Argument(help: "The session's folder; with --png also that of experiments.")
    var session: String

    @Option(help: "CSV file for every step's numbers.")
    var metrics: String?

    @Option(help: "Folder for a TensorBoard event file.")
    var tensorboard: String?

    @Option(help: "PNG file for a picture of a screen.")
    var png: String?

    @Option(help: "The screen of --png: training, atlas, masks, cohort or evaluation.")
    var screen = "training"

    @Option(help: "Size of --png in characters, COLSxROWS.")
    var size = "120x40"

    func validate() throws {
        if metrics == nil, tensorboard == nil, png == nil { throw ValidationError("say what to write: --metrics, --tensorboard or --png") }
        if Size(size) == nil { throw ValidationError("--size \(size) is no size; expected for example 120x40") }
    }

    func run() throws {
        let experiments = ExperimentFolder(URL(fileURLWithPath: session, isDirectory: true))
        if experiments.isBegun, metrics == nil, tensorboard == nil {
            return try draw(SessionViewing.context(forExperiments: ExperimentBrowser(experiments)), screen: "evaluation")
        }
        let folder = try SessionViewing.folder(session)
        if metrics != nil || tensorboard != nil {
            let steps = try RunMetrics(folder)
            if let metrics {
                try AtomicFile.write(Data(steps.csv.utf8), to: URL(fileURLWithPath: metrics))
                Output.message("\(metrics): \(steps.rows.count) steps")
            }
            if let tensorboard {
                let created = (try? SessionDescription.read(folder)).flatMap { try? Date($0.created, strategy: .iso8601) }
                let began = created?.timeIntervalSince1970 ?? 0
                let file = try TensorBoardFile(steps, began: began).write(
                    to: URL(fileURLWithPath: tensorboard, isDirectory: true), began: began)
                Output.message("\(file.path): \(steps.rows.count) steps")
            }
        }
        try draw(SessionViewing.context(for: folder), screen: screen)
    }

    private func draw(_ context: SessionContext, screen: String) throws {
        guard let png, let size = Size(size) else { return }
        try AtomicFile.write(try ScreenExport.png(context, screen: screen, size: size), to: URL(fileURLWithPath: png))
        Output.message("\(png): the \(screen) screen at \(size.description)")
    }
}
