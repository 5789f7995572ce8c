import ArgumentParser
import Screens

/// `workbench attach SESSION`.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Watch and steer a session that another process computes; any number may attach at once.")

    @Argument(help: "The session's folder.")
    var session: String

    @OptionGroup var display: DisplayOptions

    func run() throws { try Interface.show(try SessionViewing.folder(session), job: nil, display) }
}
