import Foundation
import Foundations
import Synchronization

/// Writes `preparation.jsonl`, from several threads. A run begins a new file: whoever reads the old one keeps it to its end.
final class PreparationJournal: Sendable {
    // The writer is used under the mutex only.
    private let writer: Mutex<JSONLinesWriter<PreparationEvent>>

    init(_ file: URL) throws {
        // Made beside the old one and renamed, so that the two are told apart by their numbers in the file system.
        var fresh: JSONLinesWriter<PreparationEvent>?
        try AtomicFile.replace(file) { fresh = try JSONLinesWriter($0) }
        guard let fresh else { preconditionFailure("PreparationJournal: no writer") }
        writer = Mutex(fresh)
    }

    /// Progress is shown, not needed: where the disk is full, the next file that is needed reports it.
    func append(_ event: PreparationEvent) { writer.withLock { writer in try? writer.append(event) } }
}

/// Follows a preparation, whoever runs it: `preparation.jsonl` read as it grows, and from the start when a new run begins.
package struct PreparationWatch {
    private let folder: PreparedFolder
    private var reader: JSONLinesReader<PreparationEvent>
    /// The file's number in its file system.
    private var file: UInt64?

    package init(_ prepared: URL) {
        folder = PreparedFolder(prepared)
        reader = JSONLinesReader(folder.journal)
    }

    /// The events since the last call; those of a new run begin with `started`.
    package mutating func read() throws -> [PreparationEvent] {
        var status = stat()
        let found: UInt64? = stat(folder.journal.path, &status) == 0 ? UInt64(status.st_ino) : nil
        if found != file || Int(status.st_size) < reader.offset {
            file = found
            reader = JSONLinesReader(folder.journal)
        }
        return try reader.read()
    }

    /// True while a process prepares the folder.
    package var isRunning: Bool { FileLock.isHeld(folder.lock) }
}
