import Foundation

/// An append-only file with one JSON value a line: `journal.jsonl`, `control.jsonl`, `tape.jsonl`.
package final class JSONLinesWriter<Line: Encodable> {
    private let descriptor: Int32
    private let path: String
    private let encoder: JSONEncoder

    /// Opens for appending; a last line that was cut off (no newline at the end) is removed first.
    package init(_ file: URL) throws {
        path = file.path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(path)") }
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { try dropCutLine() } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Appends one line with a single write, so that readers and other writers never see half of it mixed with theirs.
    package func append(_ line: Line) throws {
        var data = try encoder.encode(line)
        data.append(0x0A)
        do {
            try data.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
        } catch {
            // Half a line must not run into the next one.
            try? dropCutLine()
            throw error
        }
    }

    /// Makes sure that all lines are on the disk.
    package func synchronise() throws {
        guard fsync(descriptor) == 0 else { throw Failure.system("flush \(path) to disk") }
    }

    private func dropCutLine() throws {
        let size = lseek(descriptor, 0, SEEK_END)
        var end = size
        var byte: UInt8 = 0
        while end > 0 {
            guard pread(descriptor, &byte, 1, end - 1) == 1 else { throw Failure.system("read \(path)") }
            if byte == 0x0A { break }
            end -= 1
        }
        if end != size, ftruncate(descriptor, end) != 0 { throw Failure.system("repair the last line of \(path)") }
    }
}

/// A line that most often has a plain form, which a scanner reads many times faster than a general JSON decoder.
package protocol PlainLine: Decodable {
    /// The line, or nil where it is not of the plain form; the bytes are followed by a newline.
    init?(plain bytes: UnsafeRawBufferPointer)
}

/// Reads a JSON-lines file that may still grow: each call returns the complete lines added since the last.
package struct JSONLinesReader<Line: Decodable> {
    private let file: URL
    /// Bytes read behind `offset`: the beginning of a line that is not complete yet, or lines not handed out yet.
    private var pending: [UInt8] = []
    private let decoder = JSONDecoder()
    /// Bytes of complete lines handed out so far.
    package private(set) var offset = 0
    /// Complete lines handed out so far.
    package private(set) var lines = 0

    /// - Parameter offset: of a line's first byte, to begin there; lines are then counted from it.
    package init(_ file: URL, from offset: Int = 0) {
        self.file = file
        self.offset = offset
    }

    /// The lines added since the last call; none if the file does not exist yet. A last line without newline stays for later.
    /// - Parameter limit: bytes read at most in this call.
    /// - Throws: `Failure` naming a line that cannot be read, once the lines before it have been handed out; each further call throws again.
    package mutating func read(limit: Int = .max) throws -> [Line] {
        var found: [Line] = []
        let (decoder, path) = (decoder, file.path)
        try scan(limit: limit) { number, bytes in
            do {
                found.append(try Self.decode(bytes, number, decoder, path))
                return true
            } catch {
                if found.isEmpty { throw error }
                return false
            }
        }
        return found
    }

    /// As `read`, but a line that cannot be read is handed out as its failure, and reading goes on behind it.
    /// - Returns: the lines with their numbers, counted from 0; empty lines are left out.
    package mutating func readEach(limit: Int = .max) throws -> [(number: Int, line: Result<Line, Failure>)] {
        var found: [(number: Int, line: Result<Line, Failure>)] = []
        let (decoder, path) = (decoder, file.path)
        try scan(limit: limit) { number, bytes in
            let line = Result { try Self.decode(bytes, number, decoder, path) }.mapError { $0 as? Failure ?? Failure("\($0)") }
            found.append((number, line))
            return true
        }
        return found
    }

    private static var pieceBytes: Int { 1 << 16 }

    /// Hands each complete line to `take`, which returns false to have it again in the next scan.
    private mutating func scan(limit: Int, _ take: (_ number: Int, UnsafeRawBufferPointer) throws -> Bool) throws {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw Failure.system("open \(file.path)")
        }
        defer { close(descriptor) }
        var budget = limit
        while true {
            guard try takeComplete(take), budget > 0 else { return }
            let held = pending.count
            let wanted = min(Self.pieceBytes, budget)
            pending.append(contentsOf: repeatElement(0, count: wanted))
            let place = off_t(offset + held)
            let count = pending.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress! + held, wanted, place) }
            pending.removeLast(wanted - max(0, count))
            if count < 0 { throw Failure.system("read \(file.path)") }
            if count == 0 { return }
            budget -= count
        }
    }

    /// Hands out the complete lines that are pending; false where `take` wants no more.
    private mutating func takeComplete(_ take: (_ number: Int, UnsafeRawBufferPointer) throws -> Bool) throws -> Bool {
        var start = 0
        var number = lines
        var goesOn = true
        let result = Result {
            try pending.withUnsafeBytes { all in
                while start < all.count, let newline = memchr(all.baseAddress! + start, 0x0A, all.count - start) {
                    let end = UnsafeRawPointer(newline) - all.baseAddress!
                    if end > start {
                        goesOn = try take(number, UnsafeRawBufferPointer(rebasing: all[start..<end]))
                        if !goesOn { return }
                    }
                    number += 1
                    start = end + 1
                }
            }
        }
        lines = number
        offset += start
        pending.removeFirst(start)
        try result.get()
        return goesOn
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer, _ number: Int, _ decoder: JSONDecoder, _ path: String) throws -> Line {
        if let kind = Line.self as? any PlainLine.Type, let line = kind.init(plain: bytes) as? Line { return line }
        do {
            return try decoder.decode(Line.self, from: Data(bytes))
        } catch {
            let found = String(decoding: bytes.prefix(80), as: UTF8.self).printable
            throw Failure(
                "\(path), line \(number + 1) is damaged or made by a newer version of the workbench: \"\(found)\"; remove that line, or open the session with that version"
            )
        }
    }
}
