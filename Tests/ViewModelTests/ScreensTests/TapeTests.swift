import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite struct TapeTests {
    private static let walk: [RecordingTerminal.Step] = [
        .waitFor("60 of 100"), .key(.character("2")), .waitFor("Landmark"), .key(.character("w")), .key(.up), .key(.character("3")),
        .waitFor("research use only"), .key(.character("n")), .key(.character("w")), .resize(Size(columns: 120, rows: 40)),
        .waitFor("mediastinum"), .key(.character("]")), .waitFor("▸· s02"), .waitFor("s02  mediastinum"),
        .mouse(Mouse(.wheelUp, column: 60, row: 12)),
        .key(.character("?")), .waitFor("Keys of Masks"), .key(.escape), .key(.character("]")), .waitFor("the file is cut off"),
        .key(.character("q")),
    ]

    /// Records a walk through the real loop.
    private func record() throws -> (SessionFolder, RecordingTerminal) {
        let folder = try World.session(World.journal(steps: 60))
        let terminal = RecordingTerminal(size: Size(columns: 80, rows: 24), capabilities: World.colour, script: Self.walk)
        #expect(try EventLoop(World.configuration(World.context(folder)), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        return (folder, terminal)
    }

    private func play(_ folder: SessionFolder, _ tape: URL? = nil, size: Size? = nil, ascii: Bool = false) throws -> [TapePlayer.Frame] {
        var frames: [TapePlayer.Frame] = []
        try TapePlayer(tape: tape ?? folder.tape, context: World.context(folder), size: size, ascii: ascii).play { frames.append($0) }
        return frames
    }

    @Test func replayShowsWhatTheUserSaw() throws {
        let (folder, terminal) = try record()
        defer { World.remove(folder) }
        let frames = try play(folder)
        let again = try play(folder)
        #expect(frames == again)
        // The last frame that was seen is the last one replayed, cell by cell.
        #expect(frames.last?.checksum == terminal.frames.last?.checksum(.palette))
        let seen = Set(frames.map(\.checksum))
        // Every frame on the live screen after the journal was read is one of the replay's.
        let live = terminal.frames.drop { !$0.text.contains("60 of 100") }.dropFirst()
        #expect(!live.isEmpty)
        for frame in live where !frame.text.contains("…\n") {
            #expect(seen.contains(frame.checksum(.palette)) || frame.text.contains("reading"))
        }
        // At another size and in ASCII it plays as well.
        let small = try play(folder, size: Size(columns: 40, rows: 12), ascii: true)
        #expect(small.count == frames.count)
        #expect(small.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
    }

    @Test func expectationsAreChecked() throws {
        let (folder, _) = try record()
        defer { World.remove(folder) }
        let lines = try String(contentsOf: folder.tape, encoding: .utf8).split(separator: "\n").map(String.init)
        let copy = folder.root.appendingPathComponent("tour.jsonl")
        func write(_ expectation: String) throws {
            try Data((lines + [expectation]).map { $0 + "\n" }.joined().utf8).write(to: copy)
        }
        try write("{\"expect\":\"3 Masks\",\"row\":1}")
        _ = try play(folder, copy)
        try write("{\"expect\":\"3 Masks\",\"row\":2}")
        #expect(throws: Failure.self) { try play(folder, copy) }
        try write("{\"expect\":\"no such text\"}")
        #expect(throws: Failure.self) { try play(folder, copy) }
        try Data("{\"key\":\"q\"}\n".utf8).write(to: copy)
        #expect(throws: Failure.self) { try play(folder, copy) }
        try Data("{\"tape\":99}\n".utf8).write(to: copy)
        #expect(throws: Failure.self) { try play(folder, copy) }
    }

    /// A tape of one session does not play on a shorter journal.
    @Test func anotherSessionsTapeIsRefused() throws {
        let (folder, _) = try record()
        let other = try World.session(World.journal(steps: 2))
        defer {
            World.remove(folder)
            World.remove(other)
        }
        #expect(throws: Failure.self) { try play(other, folder.tape) }
    }

    @Test func steeringReachesTheControlFileAndTheViewIsKept() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let script: [RecordingTerminal.Step] = [
            .waitFor("6 of 100"), .key(.character("p")), .key(.character("+")), .key(.character("3")), .waitFor("research"),
            .key(.character("i")),
            .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 100, rows: 30), capabilities: World.colour, script: script)
        #expect(try EventLoop(World.configuration(World.context(folder, ownership: .otherProcess)), terminal).run() == .quit)
        var control = JSONLinesReader<SteeringCommand>(folder.control)
        #expect(try control.read() == [.pause, .set(.learningRate, 0.0125)])
        let again = RecordingTerminal(
            size: Size(columns: 100, rows: 30), capabilities: World.colour, script: [.waitFor("inverted"), .key(.character("q"))])
        #expect(try EventLoop(World.configuration(World.context(folder)), again).run() == .quit)
        #expect(!again.gaveUp)
    }

    @Test func sessionsAreListedWithTheirState() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let broken = folder.root.deletingLastPathComponent().appendingPathComponent("broken")
        try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
        try Data("nonsense\n".utf8).write(to: broken.appendingPathComponent("journal.jsonl"))
        let root = folder.root.deletingLastPathComponent()
        let configuration = WorkbenchConfiguration(sessionsRoot: root, open: { World.context($0) })
        let script: [RecordingTerminal.Step] = [
            .waitFor("unreadable"), .waitFor("6/100"), .key(.end), .key(.enter), .waitFor("6 of 100"), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 100, rows: 30), capabilities: World.colour, script: script)
        #expect(try EventLoop(configuration, terminal).run() == .quit)
        #expect(!terminal.gaveUp)
    }
}
