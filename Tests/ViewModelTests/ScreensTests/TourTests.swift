import Foundation
import TestSupport
import Testing

/// The tape that ships: a walk through all screens of `sessions/examples/tour`, with what must be seen on the way.
@Suite("The shipped tape", .enabled(if: BuiltProgram.path != nil, "build it first: swift build -c release --product workbench"))
struct TourTests {
    private static let tape = Checkout.root.appendingPathComponent("sessions/examples/tour/tour.jsonl")

    private struct Replay {
        let status: Int32
        let errors, frames: String
    }

    private func replay(_ tape: URL, _ options: [String] = []) throws -> Replay {
        let frames = FileManager.default.temporaryDirectory.appendingPathComponent("frames-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: frames) }
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(BuiltProgram.path))
        process.arguments = ["replay", tape.path, "--frames", frames.path] + options
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Replay(status: process.terminationStatus, errors: text, frames: (try? String(contentsOf: frames, encoding: .utf8)) ?? "")
    }

    @Test("every expectation is met, and two replays give the same frames")
    func tour() throws {
        let first = try replay(Self.tape)
        #expect(first.status == 0, "\(first.errors)")
        for seen in ["Loss at landmark 38", "emphysema -1060…-825 HU", "Keys of Masks", "research use only"] {
            #expect(first.frames.contains(seen), "\(seen)")
        }
        let numbers = first.frames.split(separator: "\n").filter { $0.hasPrefix("--- frame ") }
        #expect(numbers.count > 25)
        #expect(Set(numbers.compactMap { $0.split(separator: " ").last }).count > 15, "the screens change on the way")
        #expect(try replay(Self.tape).frames == first.frames)
    }

    @Test("without its expectations, which were recorded at 120×40, it plays to the end at other sizes, in ASCII and without colours")
    func otherTerminals() throws {
        let copy = try Copy { $0.filter { !$0.contains(#""expect""#) } }
        for options in [["--size", "200x60"], ["--size", "80x24", "--colors", "1", "--ascii"], ["--size", "40x12"]] {
            let found = try replay(copy.tape, options)
            #expect(found.status == 0, "\(options): \(found.errors)")
            #expect(found.frames.split(separator: "\n").count { $0.hasPrefix("--- frame ") } > 25)
        }
    }

    @Test("an expectation that is not met is told with its line, and the exit status is 1")
    func unmet() throws {
        let copy = try Copy { $0[..<4] + [#"{"expect":"no such text"}"#] + $0[4...] }
        let found = try replay(copy.tape)
        #expect(found.status == 1)
        #expect(found.errors.contains("line 5") && found.errors.contains("no such text"))
    }

    /// The session elsewhere, with another tape.
    private final class Copy {
        private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tour-\(UUID().uuidString)")
        var tape: URL { folder.appendingPathComponent("changed.jsonl") }

        init(_ change: ([String]) -> [String]) throws {
            try FileManager.default.copyItem(at: TourTests.tape.deletingLastPathComponent(), to: folder)
            let lines = try String(contentsOf: TourTests.tape, encoding: .utf8).split(separator: "\n").map(String.init)
            try Data((change(lines).joined(separator: "\n") + "\n").utf8).write(to: tape)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }
    }
}
