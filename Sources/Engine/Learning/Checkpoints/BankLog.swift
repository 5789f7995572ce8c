import Foundation
import Foundations
import KernelInterface
import SessionFormat

/// The keys that were put into the memory bank, step by step: with a checkpoint's offset it restores the bank exactly, so that no checkpoint
/// has to carry it.
///
/// Offsets count the bytes ever appended; they do not change when the log is compacted (`BankLogFile` says how they lie in the file).
package final class BankLog {
    private let session: SessionFolder
    private var descriptor: Int32
    private var file: BankLogFile
    /// Keys a landmark: what is older is overwritten in the bank.
    private let bankSize: Int
    /// The file's records, in order.
    private var records: [BankLogRecord]
    /// Bytes of complete records.
    package private(set) var offset: Int

    /// Opens the log, cuts it to `offset`, the state of a checkpoint, and puts its keys into the bank.
    package init(_ session: SessionFolder, truncatedTo offset: Int, replayInto bank: MemoryBank) throws {
        let path = session.bankLog.path
        if offset == 0 { unlink(path) }
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw Failure.system("open \(path)") }
        let file: BankLogFile
        let records: [BankLogRecord]
        do {
            if offset == 0 {
                try BankLogFile.head(base: 0, compacted: 0).withUnsafeBytes { try AtomicFile.writeAll($0, to: opened, path: path) }
            }
            file = try BankLogFile(session.bankLog, upTo: offset)
            records = try file.replay(into: bank)
            try Self.cut(opened, to: file.size, path: path)
        } catch let failure as Failure {
            close(opened)
            throw Failure("\(failure.description); \(Self.wayAround(session, before: offset))")
        }
        self.session = session
        self.offset = offset
        self.file = file
        self.records = records
        descriptor = opened
        bankSize = bank.size
    }

    deinit { close(descriptor) }

    /// Puts the keys of a checkpoint's offset into a bank, and leaves the log as it is.
    package static func replay(_ session: SessionFolder, upTo offset: Int, into bank: MemoryBank) throws {
        _ = try BankLogFile(session.bankLog, upTo: offset).replay(into: bank)
    }

    /// What can be done where the log does not give a checkpoint's bank: the newest checkpoint is named whose bank it gives.
    private static func wayAround(_ session: SessionFolder, before offset: Int) -> String {
        let whole = session.checkpointSteps.reversed().first { step in
            guard let checkpoint = try? Checkpoint(session, step: step), checkpoint.bankLogBytes < offset else { return false }
            return (try? BankLogFile(session.bankLog, upTo: checkpoint.bankLogBytes).records(landmarks: .max)) != nil
        }
        guard let whole else { return "start the session again, no earlier checkpoint's bank is whole" }
        return "resume from step \(whole), whose bank is whole: `workbench pretrain --resume --from \(whole)`"
    }

    private static func cut(_ descriptor: Int32, to size: Int, path: String) throws {
        guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
            throw Failure.system("cut \(path) to its checkpoint")
        }
    }

    /// Appends one step's keys.
    package func append(step: Int, landmark: Int, subjects: [Int32], keys: Floats) throws {
        let record = BankLogRecord(place: file.size, landmark: landmark, count: subjects.count, hasChecksum: file.hasChecksums)
        let bytes = BankLogRecord.data(step: step, landmark: landmark, subjects: subjects, keys: keys, hasChecksum: file.hasChecksums)
        try bytes.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: session.bankLog.path) }
        records.append(record)
        offset += record.bytes
        file.size += record.bytes
    }

    /// Makes sure that all records are on the disk, before a checkpoint refers to them.
    package func synchronise() throws {
        guard fsync(descriptor) == 0 else { throw Failure.system("flush \(session.bankLog.path) to disk") }
    }

    /// Rewrites the log without the keys that no checkpoint from `oldest` on needs, where that at least halves it.
    ///
    /// Up to the oldest checkpoint only the newest keys of each landmark matter; what follows is kept as it is, so that every later offset
    /// still restores its bank. The new file is written beside and renamed: a kill leaves the one or the other, and both restore every
    /// checkpoint from `oldest` on.
    /// - Parameter oldest: the offset of the oldest checkpoint that is kept; older ones must be gone already.
    package func compact(oldest: Int) throws {
        guard oldest > file.base else { return }
        let boundary = file.place(oldest)
        var newer = [Int: Int]()
        var kept: [BankLogRecord] = []
        var skipped = [Int: Int]()
        for record in records.reversed() where record.place < boundary {
            let seen = newer[record.landmark, default: 0]
            if record.isSkip || seen >= bankSize {
                skipped[record.landmark, default: 0] += record.count
            } else {
                kept.append(record)
                newer[record.landmark] = seen + record.count
            }
        }
        kept.reverse()
        let compacted = kept.reduce(skipped.count * BankLogRecord.header(hasChecksum: file.hasChecksums)) { $0 + $1.bytes }
        let needed = BankLogFile.header + compacted + file.size - boundary
        guard file.size > 2 * needed else { return }

        let old = try Data(contentsOf: session.bankLog, options: .alwaysMapped)
        try AtomicFile.replace(session.bankLog) { temporary in
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Failure.system("create \(temporary.path)") }
            defer { close(descriptor) }
            var head = BankLogFile.head(base: oldest, compacted: compacted, hasChecksums: file.hasChecksums)
            for (landmark, count) in skipped.sorted(by: { $0.key < $1.key }) {
                head.append(BankLogRecord.skip(landmark: landmark, slots: count % bankSize, hasChecksum: file.hasChecksums))
            }
            try old.withUnsafeBytes { bytes in
                try head.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: temporary.path) }
                for range in kept.map({ $0.place..<$0.place + $0.bytes }) + [boundary..<file.size] where !range.isEmpty {
                    try AtomicFile.writeAll(UnsafeRawBufferPointer(rebasing: bytes[range]), to: descriptor, path: temporary.path)
                }
            }
        }
        try reopen()
    }

    /// Goes on in the file that has taken the log's place.
    private func reopen() throws {
        let path = session.bankLog.path
        let fresh = open(path, O_RDWR | O_CLOEXEC)
        guard fresh >= 0 else { throw Failure.system("open \(path)") }
        close(descriptor)
        descriptor = fresh
        file = try BankLogFile(session.bankLog, upTo: offset)
        records = try file.records(landmarks: .max)
        try Self.cut(descriptor, to: file.size, path: path)
        // The new name must be on the disk before a checkpoint refers to keys that only this file has.
        let folder = open(session.root.path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure.system("open \(session.root.path)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Failure.system("flush \(session.root.path) to disk") }
    }
}
