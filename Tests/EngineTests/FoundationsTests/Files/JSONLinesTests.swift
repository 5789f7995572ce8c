import Foundation
import Foundations
import TestSupport
import Testing

@Suite("Files of JSON lines")
struct JSONLinesTests {
    private func write(_ text: String, to file: URL) throws {
        if let handle = try? FileHandle(forWritingTo: file) {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } else {
            try Data(text.utf8).write(to: file)
        }
    }

    @Test("good lines before a damaged one are handed out first, then the damage is told, again and again")
    func damagedLine() throws {
        let folder = try ScratchFolder()
        let file = folder.file("lines")
        try write("1\n2\n\nx\n3\n", to: file)
        var reader = JSONLinesReader<Int>(file)
        #expect(try reader.read() == [1, 2])
        for _ in 0..<2 {
            let failure = #expect(throws: Failure.self) { try reader.read() }
            #expect(failure?.description.contains("line 4 is damaged") == true)
        }
        var each = JSONLinesReader<Int>(file)
        let lines = try each.readEach()
        #expect(lines.map(\.number) == [0, 1, 3, 4] && lines.compactMap { try? $0.line.get() } == [1, 2, 3])
        try write("4\n5", to: file)
        #expect(try each.readEach().map(\.number) == [5])
        try write("0\n", to: file)
        #expect(try each.readEach().compactMap { try? $0.line.get() } == [50])
        // In pieces of a few bytes as well.
        var pieces = JSONLinesReader<Int>(file)
        #expect(try (0..<9).flatMap { _ in try pieces.readEach(limit: 2).compactMap { try? $0.line.get() } } == [1, 2, 3, 4, 50])
    }
}
