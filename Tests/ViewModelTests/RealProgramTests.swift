import Engine
import Foundation
import Testing
import Views

enum BuiltProgram {
    static let path: String? = {
        if let named = ProcessInfo.processInfo.environment["WORKBENCH_BINARY"] { return named }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let built = root.appendingPathComponent(".build/release/workbench").path
        return knowsOpen(built) ? built : nil
    }()

    /// True for a program whose `open --help` speaks of sessions: a build of the tests alone leaves none, or an older one.
    private static func knowsOpen(_ path: String) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: path) else { return false }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["open", "--help"]
        process.standardOutput = output
        guard (try? process.run()) != nil else { return false }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 && text.contains("session")
    }
}

/// The built program in a real pseudo-terminal. `WORKBENCH_BINARY` names it; else the one built beside the tests. Where neither is there
/// (a build of the tests alone) these tests are skipped, but with `WORKBENCH_BINARY` set they must run.
@Suite(.enabled(if: BuiltProgram.path != nil, "build it first: swift build -c release --product workbench"), .serialized)
struct RealProgramTests {
    private let folder: SessionFolder

    init() throws { folder = try World.session(World.journal(steps: 60)) }

    /// Swift's own crash report would ask the user for a key.
    private func start(_ term: String = "xterm-256color", columns: UInt16 = 80, rows: UInt16 = 24) throws -> PseudoTerminal {
        let terminal = try #require(PseudoTerminal(columns: columns, rows: rows))
        let environment = ["TERM": term, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/tmp", "SWIFT_BACKTRACE": "enable=no"]
        #expect(terminal.start(BuiltProgram.path!, ["open", folder.root.path], environment: environment))
        return terminal
    }

    private func checkRestored(_ terminal: PseudoTerminal) {
        #expect(sameModes(terminal.modesNow, terminal.modesBefore))
        // The alternate screen is left, and the cursor shown.
        #expect(terminal.output.range(of: Data("\u{1B}[?1049l".utf8)) != nil)
        #expect(
            terminal.output.range(of: Data("\u{1B}[?25h".utf8)) != nil
                || terminal.output.range(of: Data("\u{1B}[?12l\u{1B}[?25h".utf8)) != nil)
    }

    @Test func walksTheScreensResizesAndLeavesTheTerminalAsItWas() throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        #expect(!sameModes(terminal.modesNow, terminal.modesBefore))
        terminal.type("2")
        #expect(terminal.wait(for: "Atlas "))
        terminal.type("3")
        #expect(terminal.wait(for: "Masks "))
        terminal.type("1?")
        #expect(terminal.wait(for: "Keys of Training"))
        terminal.type("q")
        terminal.resize(columns: 100, rows: 30)
        #expect(terminal.wait(for: "60 of 100"))
        // Nothing changes any more: nothing is written.
        terminal.read(seconds: 0.3)
        let written = terminal.output.count
        terminal.read(seconds: 1.5)
        #expect(terminal.output.count == written)
        terminal.type("q")
        #expect(terminal.exitStatus() == 0)
        checkRestored(terminal)
        // What was done is on the tape, and the tape plays.
        var count = 0
        try TapePlayer(tape: folder.tape, context: World.context(folder)).play { _ in count += 1 }
        #expect(count >= 5)
    }

    /// INT and TERM leave as `128 + number`; a crash restores the terminal before it dies of its signal.
    @Test(arguments: [SIGINT, SIGTERM, SIGSEGV, SIGABRT, SIGILL, SIGQUIT]) func signalsRestoreTheTerminal(number: Int32) throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        terminal.signal(number)
        let status = try #require(terminal.exitStatus())
        if number == SIGINT || number == SIGTERM {
            #expect(status == (128 + number) << 8)
        } else {
            #expect(status & 0x7F == number)
        }
        checkRestored(terminal)
    }

    @Test func hangUpEndsTheInterfaceAtOnce() throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        let clock = ContinuousClock.now
        terminal.signal(SIGHUP)
        #expect(terminal.exitStatus() != nil)
        // 250 ms is the mark; a loaded machine gets four times that.
        #expect(ContinuousClock.now - clock < .seconds(1))
    }

    @Test func stoppingGivesTheTerminalBackAndContinuingDrawsAgain() throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        terminal.signal(SIGSTOP)
        terminal.signal(SIGCONT)
        #expect(terminal.wait(for: "60 of 100"))
        terminal.type("q")
        #expect(terminal.exitStatus() == 0)
        checkRestored(terminal)
    }

    @Test(arguments: ["dumb", "no-such-terminal"]) func plainTerminalsGetLinearMode(term: String) throws {
        defer { World.remove(folder) }
        let terminal = try start(term)
        #expect(terminal.exitStatus() == 0)
        let told = String(decoding: terminal.output, as: UTF8.self)
        #expect(told.contains("linear mode"))
        #expect(told.contains("60 %: loss"))
        #expect(!told.contains("\u{1B}"))
    }

    @Test(arguments: ["vt100", "linux", "xterm", "screen", "tmux-256color"]) func otherTerminalsAreServed(term: String) throws {
        defer { World.remove(folder) }
        let terminal = try start(term)
        #expect(terminal.wait(for: "60 of 100"))
        terminal.type("q")
        #expect(terminal.exitStatus() == 0)
        #expect(sameModes(terminal.modesNow, terminal.modesBefore))
    }
}
