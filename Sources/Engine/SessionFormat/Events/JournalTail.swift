import Foundation
import Foundations

/// Reads a journal from its end, so that a run of a million steps is as quick to look up as one of ten.
package enum JournalTail {
    private static let piece = 1 << 16

    /// The entries of the journal's last bytes, and where the first of them begins. Lines that cannot be read are left out.
    package static func entries(_ session: SessionFolder, bytes: Int) throws -> (entries: [JournalEntry], offset: Int) {
        guard let handle = try open(session) else { return ([], 0) }
        defer { try? handle.close() }
        let size = Int(try handle.seekToEnd())
        var start = max(0, size - bytes)
        if start > 0 {
            // A line begins behind a newline.
            try handle.seek(toOffset: UInt64(start))
            let data = try handle.read(upToCount: size - start) ?? Data()
            guard let newline = data.firstIndex(of: 0x0A) else { return ([], size) }
            start += newline - data.startIndex + 1
        }
        var reader = JSONLinesReader<JournalEntry>(session.journal, from: start)
        return (try reader.readEach().compactMap { try? $0.line.get() }, start)
    }

    /// The last entry of certain kinds, searched from the end; nil where there is none.
    /// - Parameter kinds: as the journal writes them, for example `started`; none given: of any kind.
    package static func last(_ session: SessionFolder, kinds: [String] = []) throws -> JournalEntry? {
        guard let handle = try open(session) else { return nil }
        defer { try? handle.close() }
        let marks = kinds.map { Data("\"kind\":\"\($0)\"".utf8) }
        let decoder = JSONDecoder()
        var end = Int(try handle.seekToEnd())
        // Bytes behind `end` that belong to a line which begins before it.
        var rest = Data()
        while end > 0 {
            let start = max(0, end - piece)
            try handle.seek(toOffset: UInt64(start))
            var block = try handle.read(upToCount: end - start) ?? Data()
            block.append(rest)
            // The first line may begin in the block before.
            let first = start == 0 ? block.startIndex : block.firstIndex(of: 0x0A).map { $0 + 1 } ?? block.endIndex
            if marks.isEmpty || marks.contains(where: { block.range(of: $0) != nil }) {
                for line in block[first...].split(separator: 0x0A).reversed() {
                    guard marks.isEmpty || marks.contains(where: { line.range(of: $0) != nil }) else { continue }
                    guard let entry = try? decoder.decode(JournalEntry.self, from: Data(line)) else { continue }
                    if kinds.isEmpty || kinds.contains(entry.kind) { return entry }
                }
            }
            rest = Data(block[..<first])
            end = start
        }
        return nil
    }

    /// How the session's last run ended, where it ran to its last step; nil where it was stopped, was killed, or goes on.
    package static func completion(of session: SessionFolder) throws -> RunFinished? {
        // Masks and classifiers may have been made since. A step tells as much as the start before it, which may lie a million lines back.
        guard case .finished(let end)? = try last(session, kinds: ["started", "step", "finished"])?.event,
            end.outcome == RunFinished.Outcome.done.rawValue
        else {
            return nil
        }
        return end
    }

    private static func open(_ session: SessionFolder) throws -> FileHandle? {
        guard FileManager.default.fileExists(atPath: session.journal.path) else { return nil }
        guard let handle = try? FileHandle(forReadingFrom: session.journal) else { throw Failure.system("read \(session.journal.path)") }
        return handle
    }
}
