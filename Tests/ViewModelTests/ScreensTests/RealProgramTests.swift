import Foundation
import Interface
import Screens
import SessionFormat
import TerminalKit
import TestSupport
import Testing

enum BuiltProgram {
    static let path: String? = {
        if let named = ProcessInfo.processInfo.environment["WORKBENCH_BINARY"] { return named }
        let built = Checkout.root.appendingPathComponent(".build/release/workbench").path
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
    private func start(
        _ term: String = "xterm-256color", columns: UInt16 = 80, rows: UInt16 = 24, _ more: [String: String] = [:]
    ) throws -> PseudoTerminal {
        let terminal = try #require(PseudoTerminal(columns: columns, rows: rows))
        var environment = ["TERM": term, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/tmp", "SWIFT_BACKTRACE": "enable=no"]
        environment.merge(more) { $1 }
        #expect(terminal.start(BuiltProgram.path!, ["open", folder.root.path], environment: environment))
        return terminal
    }

    private func checkRestored(_ terminal: PseudoTerminal) {
        #expect(sameModes(terminal.modesNow, terminal.modesBefore))
        // The alternate screen is left, and the cursor shown.
        #expect(terminal.output.range(of: Data("\u{1B}[?1049l".utf8)) != nil)
        // Pastes are told apart from keys while the program has the terminal, and no longer.
        let (on, off) = (Data("\u{1B}[?2004h".utf8), Data("\u{1B}[?2004l".utf8))
        let lastOff = terminal.output.range(of: off, options: .backwards)
        #expect(lastOff != nil && terminal.output.range(of: on, in: lastOff!.upperBound..<terminal.output.endIndex) == nil)
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

    @Test func hangUpEndsTheInterface() throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        terminal.signal(SIGHUP)
        #expect(terminal.exitStatus() != nil)
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

    /// A terminal that answers the questions, at once or late, in one piece or in pieces.
    @Test("draws pictures where the terminal offers them, and leaves none behind", arguments: ["q", "TERM", "TSTP", "SEGV", "late"])
    func pictures(end: String) throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.read(seconds: 60) { $0.range(of: Data("\u{1B}[c".utf8)) != nil })
        // The last question is there: whoever answers has seen all of them.
        if end == "late" {
            #expect(terminal.wait(for: "60 of 100"))
            for piece in ["\u{1B}_Gi=7340000;", "OK\u{1B}\\\u{1B}[6;1", "8;9t\u{1B}[?6", "2;c"] {
                terminal.type(piece)
                terminal.read(seconds: 0.15)
            }
        } else {
            terminal.type("\u{1B}_Gi=7340000;OK\u{1B}\\\u{1B}]11;rgb:0000/0000/0000\u{1B}\\\u{1B}[6;18;9t\u{1B}[?62;c")
        }
        let picture = Data("a=p,i=7340001".utf8)
        #expect(terminal.read(seconds: 60) { $0.range(of: picture) != nil })
        #expect(terminal.read(seconds: 60) { $0.range(of: Data("60 of 100".utf8)) != nil || end == "late" })
        let removal = Data("\u{1B}_Ga=d,d=A,q=2\u{1B}\\".utf8)
        let before = terminal.output.count
        switch end {
        case "TERM": terminal.signal(SIGTERM)
        case "SEGV": terminal.signal(SIGSEGV)
        case "TSTP":
            terminal.signal(SIGTSTP)
            #expect(terminal.read(seconds: 60) { $0.suffix(from: before).range(of: removal) != nil })
            terminal.read(seconds: 0.3)
            let stopped = terminal.output.count
            terminal.signal(SIGCONT)
            // Drawn again, all of it.
            #expect(terminal.read(seconds: 60) { $0.suffix(from: stopped).range(of: Data("a=p,".utf8)) != nil })
            terminal.type("q")
        default: terminal.type("q")
        }
        let status = try #require(terminal.exitStatus())
        #expect(end == "TERM" ? status == (128 + SIGTERM) << 8 : end == "SEGV" ? status & 0x7F == SIGSEGV : status == 0)
        checkRestored(terminal)
        // After the last picture comes the word that takes all of them away, before the screen is left.
        let all = terminal.output
        let last = try #require(all.range(of: Data("a=p,".utf8), options: .backwards))
        let gone = try #require(all.range(of: removal, options: .backwards))
        let left = try #require(all.range(of: Data("\u{1B}[?1049l".utf8), options: .backwards))
        #expect(last.upperBound < gone.lowerBound && gone.lowerBound < left.lowerBound)
        // No answer was taken for keys: the tape knows of none but those that were typed.
        let typed = try String(contentsOf: folder.tape, encoding: .utf8).split(separator: "\n").filter { $0.contains("\"key\"") }
        #expect(typed.count <= 1)
    }

    /// Every letter of the paste is a key of the screen, and it ends a line: neither leaves the program nor opens a prompt.
    @Test("a paste is not a key, in one piece or in pieces, and the keyboard is there after it")
    func pastes() throws {
        defer { World.remove(folder) }
        let terminal = try start()
        #expect(terminal.wait(for: "60 of 100"))
        terminal.type("\u{1B}[200~q2e\n\u{1B}[201~")
        #expect(terminal.wait(for: "a paste was ignored"))
        for letter in "\u{1B}[200~q\nq\u{1B}[201~" {
            terminal.type(String(letter))
            terminal.read(seconds: 0.04)
        }
        terminal.type("2")
        #expect(terminal.wait(for: "Atlas "))
        terminal.type(":")
        #expect(terminal.wait(for: "Commands"))
        terminal.type("\u{1B}[200~leave the\n interface\n\u{1B}[201~")
        #expect(terminal.wait(for: "leave the interface"))
        terminal.type("\u{1B}")
        terminal.read(seconds: 0.3)
        // A paste that never ends.
        terminal.type("\u{1B}[200~qqq")
        terminal.read(seconds: 1.5)
        #expect(terminal.exitStatus(seconds: 0.1) == nil)
        terminal.type("q")
        #expect(terminal.exitStatus() == 0)
        checkRestored(terminal)
    }

    @Test(arguments: ["dumb", "no-such-terminal"]) func plainTerminalsGetLinearMode(term: String) throws {
        defer { World.remove(folder) }
        let terminal = try start(term)
        #expect(terminal.exitStatus() == 0)
        let told = String(decoding: terminal.output, as: UTF8.self)
        #expect(told.contains("linear mode") && told.contains("TERM=\(term)") && told.contains("TERM=xterm-256color"))
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

    /// Without UTF-8 nothing but ASCII is written; with NO_COLOR no colour.
    @Test(arguments: ["vt100", "linux", "xterm", "xterm-16color", "xterm-256color", "screen", "tmux-256color"], ["C", "C.UTF-8"])
    func encodingsAndColours(term: String, locale: String) throws {
        defer { World.remove(folder) }
        for colours in [[:], ["NO_COLOR": "1"]] {
            let terminal = try start(term, ["LC_ALL": locale].merging(colours) { $1 })
            #expect(terminal.read(seconds: 20) { $0.range(of: Data("60 of 100".utf8)) != nil })
            let told = String(decoding: terminal.output, as: UTF8.self)
            let isASCII = told.utf8.allSatisfy { $0 < 128 }
            #expect(isASCII || locale != "C")
            // Colours of the palette go to terminals that have it.
            let usesPalette = told.range(of: "\u{1B}\\[[0-9;]*[34]8;5;", options: .regularExpression) != nil
            #expect(usesPalette == (term.hasSuffix("256color") && colours.isEmpty))
            if !colours.isEmpty || term == "vt100" {
                #expect(told.range(of: "\u{1B}\\[[0-9;]*[34][0-7][;m]", options: .regularExpression) == nil)
            }
            terminal.type("q")
            #expect(terminal.exitStatus() == 0)
        }
    }

    /// tmux is a terminal emulator that knows nothing of ours: what it shows is what the tape of the visit replays, cell by cell.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux"), "tmux is not installed"))
    func anotherEmulatorShowsWhatTheTapeReplays() throws {
        defer { World.remove(folder) }
        let socket = "workbench-test-\(UInt64.random(in: 0 ... .max))"
        func tmux(_ arguments: String...) throws -> String {
            let output = folder.root.appendingPathComponent("tmux-\(UInt64.random(in: 0 ... .max)).txt")
            try Data().write(to: output)
            // Not Foundation's Process, which waits for all who hold what the program was started with, so for the server too.
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
            // The threads of tests block most signals; a server that inherits this cannot be ended.
            var attributes = posix_spawnattr_t()
            var unblocked = sigset_t()
            posix_spawnattr_init(&attributes)
            sigemptyset(&unblocked)
            posix_spawnattr_setsigmask(&attributes, &unblocked)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
            let words = ["/usr/bin/tmux", "-u", "-L", socket, "-f", "/dev/null"] + arguments
            let environment = ["TERM=xterm-256color", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/tmp"]
            var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
            defer {
                posix_spawn_file_actions_destroy(&actions)
                posix_spawnattr_destroy(&attributes)
                for text in argv + envp { free(text) }
            }
            var process: pid_t = 0
            #expect(posix_spawn(&process, words[0], &actions, &attributes, &argv, &envp) == 0)
            var status: Int32 = 0
            waitpid(process, &status, 0)
            return String(decoding: try Data(contentsOf: output), as: UTF8.self)
        }
        defer { _ = try? tmux("kill-server") }
        _ = try tmux(
            "new-session", "-d", "-x", "90", "-y", "30", "-s", "a",
            "TERM=tmux-256color LC_ALL=C.UTF-8 exec '\(BuiltProgram.path!)' open '\(folder.root.path)'")
        func wait(_ text: String) throws {
            for _ in 0..<200 {
                if try tmux("capture-pane", "-p", "-t", "a").contains(text) { return }
                usleep(50_000)
            }
            Issue.record("\(text) did not come")
        }
        try wait("60 of 100")
        for (keys, seen) in [
            (["w", "z"], "Landmarks by loss"), ([","], " │ step "), (["v", "v"], "Gradient norm"), (["t", "g"], "(log)"),
            (["?"], "Keys of Training"),
        ] {
            _ = try tmux("send-keys", "-t", "a", keys[0])
            for key in keys.dropFirst() { _ = try tmux("send-keys", "-t", "a", key) }
            try wait(seen)
            usleep(300_000)
            var screen = EmulatedScreen(columns: 90, rows: 30)
            let captured = try tmux("capture-pane", "-e", "-p", "-t", "a").split(separator: "\n", omittingEmptySubsequences: false).prefix(
                30)
            let isUnderstood = captured.enumerated().allSatisfy { screen.take(Array("\u{1B}[\($0.offset + 1)H\($0.element)".utf8)) }
            #expect(isUnderstood)
            var last: CellGrid?
            try TapePlayer(tape: folder.tape, context: World.context(folder)).play { last = $0.grid }
            let difference = screen.difference(from: try #require(last), .palette)
            #expect(difference == nil, "after \(keys): \(difference ?? "")")
        }
    }
}
