import Foundation
import KernelInterface

/// The keys that were put into the memory bank, step by step: with a checkpoint's offset it restores the bank exactly, so that no checkpoint
/// has to carry it.
///
/// A record is step, landmark, count (UInt32 each), `count` subjects (Int32), `count` × 128 keys (Float32), all little endian.
final class BankLog {
    private let descriptor: Int32
    private let path: String
    private let width = EncoderArchitecture.embedding
    /// Bytes of complete records.
    private(set) var offset: Int

    /// Opens the log and cuts it to `offset`, the state of a checkpoint.
    init(_ session: SessionFolder, truncatedTo offset: Int) throws {
        path = session.bankLog.path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open \(path)") }
        self.offset = offset
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= offset else {
            close(descriptor)
            throw Failure(
                "\(path) has \(size) bytes, but its checkpoint needs \(offset); the bank cannot be restored: go back to an earlier checkpoint"
            )
        }
        guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
            let failure = Failure.system("cut \(path) to its checkpoint")
            close(descriptor)
            throw failure
        }
    }

    deinit { close(descriptor) }

    /// Appends one step's keys.
    func append(step: Int, landmark: Int, subjects: [Int32], keys: Floats) throws {
        var record = Data(capacity: 12 + subjects.count * (4 + 4 * width))
        for field in [step, landmark, subjects.count] { withUnsafeBytes(of: UInt32(field).littleEndian) { record.append(contentsOf: $0) } }
        subjects.withUnsafeBytes { record.append(contentsOf: $0) }
        record.append(UnsafeBufferPointer(start: keys, count: subjects.count * width))
        try record.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
        offset += record.count
    }

    /// Makes sure that all records are on the disk, before a checkpoint refers to them.
    func synchronise() throws {
        guard fsync(descriptor) == 0 else { throw Failure.system("flush \(path) to disk") }
    }

    /// Puts every record's keys into the bank, in order.
    func replay(into bank: MemoryBank) throws {
        guard offset > 0 else { return }
        let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        try data.withUnsafeBytes { bytes in
            var place = 0
            while place < offset {
                func field(_ index: Int) -> Int {
                    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place + 4 * index, as: UInt32.self)))
                }
                guard place + 12 <= offset, place + 12 + field(2) * (4 + 4 * width) <= offset, field(1) < bank.landmarks else {
                    throw Failure("\(path) is damaged at byte \(place); the bank cannot be restored: go back to an earlier checkpoint")
                }
                let landmark = field(1)
                let count = field(2)
                let subjects = (0..<count).map { bytes.loadUnaligned(fromByteOffset: place + 12 + 4 * $0, as: Int32.self) }
                let keys = AlignedFloats(count: count * width)
                UnsafeMutableRawPointer(keys.pointer).copyMemory(
                    from: bytes.baseAddress! + place + 12 + 4 * count, byteCount: 4 * count * width)
                bank.enqueue(landmark, keys: Floats(keys.pointer), subjects: subjects)
                place += 12 + count * (4 + 4 * width)
            }
        }
    }
}
