import ArgumentParser
import Foundation
import SessionFormat

/// What every long run takes.
struct JobOptions: ParsableArguments {
    /// What a run does when its terminal goes away.
    enum HangUp: String, ExpressibleByArgument, CaseIterable {
        case `continue`, checkpoint, stop

        /// What a training is told then.
        var wish: SteeringCommand? {
            switch self {
            case .continue: nil
            case .checkpoint: .checkpoint
            case .stop: .stop
            }
        }
    }

    @Option(
        name: .customLong("on-hangup"),
        help: "When the terminal goes away: continue without it, continue after a checkpoint, or stop after a checkpoint.")
    var onHangup = HangUp.continue

    @Option(
        help:
            "Shell command to run when the work ends or fails; WORKBENCH_SESSION, WORKBENCH_OUTCOME (done or fault) and WORKBENCH_MESSAGE say which and how."
    )
    var notify: String?
}

/// Tells the user's own command how a run ended.
struct Notification {
    let command: String
    let session: SessionFolder

    /// Runs the command and waits for it; a command that fails is told, and does not change how the run ended.
    func send(_ result: Result<[String], any Error>) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        var environment = ProcessInfo.processInfo.environment
        environment["WORKBENCH_SESSION"] = session.root.path
        switch result {
        case .success(let lines):
            environment["WORKBENCH_OUTCOME"] = "done"
            environment["WORKBENCH_MESSAGE"] = lines.joined(separator: "\n")
        case .failure(let error):
            environment["WORKBENCH_OUTCOME"] = "fault"
            environment["WORKBENCH_MESSAGE"] = "\(error)"
        }
        process.environment = environment
        // What it prints would run into the interface.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            process.waitUntilExit()
        } catch {
            Output.message("--notify: \(command) could not be run: \(error.localizedDescription)")
        }
    }
}
