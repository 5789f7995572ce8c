import ArgumentParser
import Foundation
import Screens
import Studies
import StudyResults

/// `workbench open SESSION`.
struct OpenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Open the interface on a session; a training that was interrupted is resumed.",
        discussion:
            "A session that another process works on is shown and can be steered; a finished one is shown. So are the experiments of a folder "
            + "that `workbench experiment` wrote.")

    @Argument(help: "The session's folder, or that of experiments.")
    var session: String

    @Option(help: "Prepared cohort to browse instead of the session's own, for example of real CTs.")
    var cohort: String?

    @Flag(help: "Only look: do not resume an interrupted training.")
    var view = false

    @OptionGroup var job: JobOptions

    @OptionGroup var display: DisplayOptions

    func run() throws {
        let experiments = ExperimentFolder(URL(fileURLWithPath: session, isDirectory: true))
        if experiments.isBegun { return try showExperiments(experiments) }
        let folder = try SessionViewing.folder(session)
        if !view, cohort == nil, let work = try SessionViewing.remainingWork(folder) {
            try EngineJob(session: folder, options: job, work: work).run(headless: false, display)
        } else {
            try Interface.show(folder, job: nil, display, cohort: cohort.map { URL(fileURLWithPath: $0, isDirectory: true) })
        }
    }

    /// Without a screen a line an experiment.
    private func showExperiments(_ folder: ExperimentFolder) throws {
        guard display.linear || isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0 else {
            return try Interface.showExperiments(folder, display.pictures)
        }
        for entry in try ExperimentBrowser(folder).snapshot().entries {
            print("\(entry.name.rawValue): \(EvaluationText.state(entry.state))")
        }
    }
}
