import ArgumentParser
import Foundation
import Foundations
import SessionFormat

/// `workbench steer`: asks a running session to do something at its next step.
struct SteerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steer", abstract: "Steer a session: pause, resume, step, checkpoint, stop, or name=value.",
        discussion: "Settings that can be steered:\n"
            + SteerableSetting.allCases.map { "  \($0.rawValue): \($0.help); \($0.range.lowerBound) to \($0.range.upperBound)" }.joined(
                separator: "\n"))

    @Argument(help: "The session's folder.")
    var session: String

    @Argument(help: "pause, resume, step, checkpoint, stop or name=value.")
    var command: String

    func validate() throws { try Usage.check { try SteeringCommand(words: command) } }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        _ = try SessionDescription.read(folder)
        let wish = try SteeringCommand(words: command)
        try JSONLinesWriter<SteeringCommand>(folder.control).append(wish)
        if !FileLock.isHeld(folder) { Output.message("no process works on \(folder.name) now; the command waits for the next run") }
    }
}
