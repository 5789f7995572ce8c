import ArgumentParser
import Foundation
import Screens

/// `workbench` without a task: the list of sessions.
struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Open the interface on the list of sessions (what `workbench` alone does).")

    @Option(help: "Folder that holds the sessions.")
    var root = "sessions"

    @OptionGroup var display: DisplayOptions

    func run() throws { try Interface.showSessions(URL(fileURLWithPath: root, isDirectory: true), display) }
}
