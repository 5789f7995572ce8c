import Foundation
import Synchronization

/// Writes `preparation.jsonl`, from several threads. A run begins a new file: whoever reads the old one keeps it to its end.
final class PreparationJournal: Sendable {
    // The writer is used under the mutex only.
    private let writer: Mutex<JSONLinesWriter<PreparationEvent>>

    init(_ file: URL) throws {
        guard unlink(file.path) == 0 || errno == ENOENT else { throw Failure.system("begin a new \(file.path)") }
        writer = Mutex(try JSONLinesWriter(file))
    }

    /// Progress is shown, not needed: where the disk is full, the next file that is needed reports it.
    func append(_ event: PreparationEvent) { writer.withLock { writer in try? writer.append(event) } }
}

/// Follows a preparation, whoever runs it: `preparation.jsonl` read as it grows, and from the start when a new run begins.
public struct PreparationWatch {
    private let folder: PreparedFolder
    private var reader: JSONLinesReader<PreparationEvent>
    /// The file's number in its file system.
    private var file: UInt64?

    public init(_ prepared: URL) {
        folder = PreparedFolder(prepared)
        reader = JSONLinesReader(folder.journal)
    }

    /// The events since the last call; those of a new run begin with `started`.
    public mutating func read() throws -> [PreparationEvent] {
        var status = stat()
        let found: UInt64? = stat(folder.journal.path, &status) == 0 ? UInt64(status.st_ino) : nil
        if found != file {
            file = found
            reader = JSONLinesReader(folder.journal)
        }
        return try reader.read()
    }

    /// True while a process prepares the folder.
    public var isRunning: Bool { SessionLock.isHeld(folder.lock) }
}
