import Foundation

/// An append-only file with one JSON value a line: `journal.jsonl`, `control.jsonl`, `tape.jsonl`.
public final class JSONLinesWriter<Line: Encodable> {
    private let descriptor: Int32
    private let path: String
    private let encoder: JSONEncoder

    /// Opens for appending; a last line that was cut off (no newline at the end) is removed first.
    public init(_ file: URL) throws {
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
    public func append(_ line: Line) throws {
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
    public func synchronise() throws {
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

/// Reads a JSON-lines file that may still grow: each call returns the complete lines added since the last.
public struct JSONLinesReader<Line: Decodable> {
    private let file: URL
    private var pending = Data()
    private let decoder = JSONDecoder()
    /// Bytes of complete lines handed out so far.
    public private(set) var offset = 0
    /// Complete lines handed out so far.
    public private(set) var lines = 0

    public init(_ file: URL) { self.file = file }

    /// The lines added since the last call; none if the file does not exist yet. A last line without newline stays for later.
    /// - Parameter limit: bytes read at most in this call.
    public mutating func read(limit: Int = .max) throws -> [Line] {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw Failure.system("open \(file.path)")
        }
        defer { close(descriptor) }
        var found: [Line] = []
        var budget = limit
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while budget > 0 {
            let count = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, min($0.count, budget), off_t(offset + pending.count))
            }
            if count < 0 { throw Failure.system("read \(file.path)") }
            if count == 0 { break }
            budget -= count
            pending.append(contentsOf: buffer[0..<count])
            var start = pending.startIndex
            while let end = pending[start...].firstIndex(of: 0x0A) {
                if end > start { found.append(try decode(pending[start..<end])) }
                lines += 1
                start = end + 1
            }
            offset += start - pending.startIndex
            pending = Data(pending[start...])
        }
        return found
    }

    private func decode(_ bytes: Data) throws -> Line {
        do {
            return try decoder.decode(Line.self, from: bytes)
        } catch {
            let found = String(decoding: bytes.prefix(80), as: UTF8.self)
            throw Failure(
                "\(file.path), line \(lines + 1) is damaged or made by a newer version of the workbench: \"\(found)\"; remove that line, or open the session with that version"
            )
        }
    }
}
