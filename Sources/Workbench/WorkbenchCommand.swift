import ArgumentParser
import Foundation
import Foundations

/// The program: one subcommand a task.
@main
struct WorkbenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workbench",
        abstract: "Pre-train, steer and use a self-supervised model of 3-D lung CT.",
        version: WorkbenchVersion.text,
        subcommands: [
            DemoCommand.self, PhantomCommand.self, ImportCommand.self, LungsCommand.self, RegisterCommand.self, AtlasCommand.self,
            PrepareCommand.self,
            PretrainCommand.self, SteerCommand.self, FeaturesCommand.self, FinetuneCommand.self, SegmentCommand.self,
            ConvertCommand.self, InfoCommand.self, BenchCommand.self, ExportCommand.self, OpenCommand.self, CohortCommand.self,
            AttachCommand.self, ReplayCommand.self, ExperimentCommand.self, DoctorCommand.self, SessionsCommand.self,
        ], defaultSubcommand: SessionsCommand.self)

    /// Exit 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted with work saved.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
            try Output.flush()
        } catch let failure as Failure {
            _ = fflush(nil)
            Output.message("workbench: \(failure.description)")
            Foundation.exit(1)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success {
                Output.lines(text)
                Foundation.exit(fflush(nil) == 0 ? 0 : 1)
            }
            if !text.isEmpty { Output.messages(text) }
            Foundation.exit(code == .validationFailure ? 2 : 1)
        }
    }
}
