import ArgumentParser
import Engine
import Foundation
import Views

/// `workbench open SESSION`.
struct OpenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Open the interface on a session: running here or elsewhere, finished or not yet continued.")

    @OptionGroup var viewer: ViewerOptions

    func run() throws { try viewer.run() }
}

/// What `open` and `attach` have in common.
struct ViewerOptions: ParsableArguments {
    @Argument(help: "The session's folder.")
    var session: String

    @Flag(help: "One line of text for each change instead of screens: for screen readers, logs and plain terminals.")
    var linear = false

    /// Shows the session until the user leaves.
    func run() throws {
        let folder = try SessionViewing.folder(session)
        let context = try SessionViewing.context(for: folder)
        let configuration = WorkbenchConfiguration(
            sessionsRoot: folder.root.deletingLastPathComponent(), session: context, open: { try SessionViewing.context(for: $0) },
            linear: linear)
        if case .signal(let number) = try WorkbenchApp.run(configuration) { throw ExitCode(128 + number) }
    }
}
