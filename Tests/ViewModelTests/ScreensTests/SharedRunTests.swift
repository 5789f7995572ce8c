import Foundation
import Foundations
import Screens
import SessionFormat
import TestSupport
import Testing

/// The real program computing in one pseudo-terminal, with others attached, or losing its terminal.
@Suite(.enabled(if: BuiltProgram.path != nil, "build it first: swift build -c release --product workbench"), .serialized)
struct SharedRunTests {
    private let world: SmallWorld
    private let session: SessionFolder

    init() throws {
        world = try SmallWorld()
        session = SessionFolder(URL(fileURLWithPath: world.path("live"), isDirectory: true))
    }

    private func start(
        _ arguments: [String], program: String = BuiltProgram.path!, columns: UInt16 = 100, rows: UInt16 = 30
    ) throws -> PseudoTerminal {
        let terminal = try #require(PseudoTerminal(columns: columns, rows: rows))
        let environment = [
            "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/tmp", "SWIFT_BACKTRACE": "enable=no",
        ]
        #expect(terminal.start(program, arguments, environment: environment))
        return terminal
    }

    /// A run that goes on until it is stopped.
    private var endless: [String] {
        [
            "pretrain", "--cohort", world.path("prepared"), "--session", session.root.path, "--set", "batch=2", "--set", "experts=1",
            "--set", "checkpointEvery=1000000", "--epochs", "100000",
        ]
    }

    private func train(_ more: [String] = []) throws -> PseudoTerminal {
        let terminal = try start(endless + more)
        #expect(terminal.wait(for: "running"))
        #expect(try waitForJournal { $0.contains { $0.kind == "step" } })
        return terminal
    }

    private var journal: [JournalEntry] {
        get throws {
            var reader = JSONLinesReader<JournalEntry>(session.journal)
            return try reader.read()
        }
    }

    private func settings() throws -> [SteeringCommand] {
        try journal.compactMap { if case .command(let applied) = $0.event, applied.refusal == nil { applied.command } else { nil } }
    }

    private func waitForJournal(seconds: Double = 90, _ done: ([JournalEntry]) throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try done(journal) { return true }
            usleep(50_000)
        }
        return false
    }

    @Test("two people steer one run, and each sees what the other did")
    func twoPeople() throws {
        let first = try train()
        let second = try start(["attach", session.root.path], columns: 120, rows: 40)
        #expect(second.wait(for: "running elsewhere"))
        second.type("p")
        #expect(first.wait(for: "paused"))
        #expect(second.wait(for: "applied pause"))
        first.type("l0.004\r")
        #expect(second.wait(for: "learningRate=0.004"))
        second.type("etemperature=0.3\r")
        #expect(first.wait(for: "temperature=0.3"))
        // One leaves; the other is none the wiser.
        second.type("q")
        #expect(second.exitStatus() == 0)
        first.type("p")
        #expect(try waitForJournal { _ in try settings().last == .resume })
        #expect(try settings() == [.pause, .set(.learningRate, 0.004), .set(.temperature, 0.3), .resume])
        first.type("xy")
        #expect(first.wait(for: "stopped"))
        first.type("q")
        #expect(first.exitStatus() == 0)
        #expect(!FileLock.isHeld(session))
    }

    @Test("an open viewer shows a mask that another process writes into the session, and calls it stale when another trains the classifier")
    func anotherProcessSegments() throws {
        let viewer = try start(["open", world.path("session")], columns: 120, rows: 40)
        viewer.type("3")
        #expect(viewer.wait(for: "Cross-hair"))
        let segmented = try world.run("segment --session session --cohort prepared --subject a --subtype cle --stride 16")
        #expect(segmented.status == 0, "\(segmented.errors)")
        #expect(viewer.wait(for: "stride 16 mm"))
        let tuned = try world.run("finetune --session session --cohort prepared --boxes boxes.csv --subtype cle --seed 5")
        #expect(tuned.status == 0, "\(tuned.errors)")
        #expect(viewer.wait(for: "STALE"))
        viewer.type("q")
        #expect(viewer.exitStatus() == 0)
    }

    /// The process goes on without its terminal, and is asked to stop by another one's command.
    @Test(
        "on a hang-up the run goes on, writes a checkpoint first, or stops, as it was asked to",
        arguments: ["continue", "checkpoint", "stop"])
    func hangUp(wish: String) throws {
        let terminal = try train(["--on-hangup", wish])
        terminal.signal(SIGHUP)
        if wish == "stop" {
            #expect(terminal.exitStatus(seconds: 90) != nil)
        } else {
            let steps = try journal.last?.step ?? 0
            #expect(try waitForJournal { ($0.last?.step ?? 0) > steps + 20 })
            let isSaved = try waitForJournal(seconds: wish == "checkpoint" ? 90 : 0.5) { $0.contains { $0.kind == "checkpoint" } }
            #expect(isSaved == (wish == "checkpoint"))
            #expect(FileLock.isHeld(session))
            let later = try start(["attach", session.root.path])
            #expect(later.wait(for: "running elsewhere"))
            later.type("xy")
            #expect(terminal.exitStatus(seconds: 90) == 0)
            later.type("q")
            #expect(later.exitStatus() == 0)
        }
        #expect(try journal.last?.kind == "finished")
        #expect(!FileLock.isHeld(session))
    }

    /// A login shell gets SIGHUP with its jobs, hands it on to them, and its end sends it once more.
    @Test(
        "a run outlives the connection of the shell it was started from",
        arguments: [[], ["--linear"], ["--headless", "--on-hangup", "checkpoint"]])
    func lostConnection(mode: [String]) throws {
        let shell = try start(["--norc", "-i"], program: "/bin/bash")
        shell.type(([BuiltProgram.path!] + endless + mode).joined(separator: " ") + "\r")
        #expect(try waitForJournal { $0.contains { $0.kind == "step" } })
        defer { try? JSONLinesWriter<SteeringCommand>(session.control).append(.stop) }
        shell.lose()
        #expect(shell.exitStatus() != nil)
        let steps = try journal.last?.step ?? 0
        try #require(try waitForJournal(seconds: 30) { ($0.last?.step ?? 0) > steps + 20 }, "the run ended with its shell")
        if mode.contains("checkpoint") { #expect(try waitForJournal { $0.contains { $0.kind == "checkpoint" } }) }
        try JSONLinesWriter<SteeringCommand>(session.control).append(.stop)
        #expect(try waitForJournal { $0.last?.kind == "finished" })
    }

    @Test("a link that cannot follow gets fewer shades and says so; what waits is bounded, and the newest state comes")
    func laggingLink() throws {
        let terminal = try start(["open", world.path("session"), "--view"], columns: 200, rows: 60)
        #expect(terminal.read(seconds: 20) { $0.count > 3000 })
        terminal.read(seconds: 0.5)
        // Each of these is a whole frame; about 10 kB a second are taken.
        for _ in 0..<2_000 where terminal.output.range(of: Data("FEWER SHADES".utf8)) == nil {
            terminal.type("\u{0C}")
            usleep(30_000)
            terminal.trickle(300)
        }
        #expect(terminal.output.range(of: Data("FEWER SHADES".utf8)) != nil)
        terminal.read(seconds: 1)
        // Keys pile up while nothing is taken at all: as many frames would be megabytes.
        let before = terminal.output.count
        terminal.type(String(repeating: "\u{0C}2\u{0C}1", count: 300) + "?")
        usleep(1_500_000)
        #expect(terminal.read(seconds: 20) { $0.range(of: Data("Keys of Training".utf8), in: before..<$0.count) != nil })
        #expect(terminal.output.count - before < 300_000)
        terminal.type("qq")
        #expect(terminal.exitStatus() == 0)
    }
}
