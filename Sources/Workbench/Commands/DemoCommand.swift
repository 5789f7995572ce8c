import ArgumentParser
import Foundation
import Foundations
import SessionFormat
import Studies

/// `workbench demo`: the whole method on a phantom cohort, in minutes.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Phantom cohort, preparation, pre-training, fine-tuning of both subtypes, masks: the whole method in minutes.")

    @Flag(help: "Run without the interface and print a summary.")
    var headless = false

    @Option(help: "Session folder; made where it is not there.")
    var session = "sessions/demo"

    @OptionGroup var job: JobOptions

    @OptionGroup var display: DisplayOptions

    @Option(help: "Threads.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        var files = CommandFiles(kept: KeptFolder.all)
        files.fills("--session", session, as: SessionFolder.kept)
        try files.check()
        let demo = DemoRun(folder, parallel: threads.map(Parallel.init(threads:)) ?? .allProcessors)
        guard try DemoRun.isFinished(folder) else {
            // The interface needs the folder from its first moment on.
            try AtomicFile.makeFolder(folder.root)
            return try EngineJob(session: folder, options: job, work: { try demo.run() }).run(headless: headless, display)
        }
        Output.message("the demo of \(folder.root.path) ran to its end before; remove the folder to run it again")
        if headless || isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0 {
            for line in try DemoRun.summary(of: folder) { print(line) }
        } else {
            try Interface.show(folder, job: nil, display)
        }
    }
}
