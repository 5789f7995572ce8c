import CZlib
import Foundation
import Foundations
import KernelInterface
import Network

/// One step's keys in the bank's log: step, landmark, count (UInt32 each), a CRC-32 of the record without itself, `count` subjects (Int32),
/// `count` × 128 keys (Float32), all little endian. A record without subjects and keys, whose step is 2³²-1, stands for `count` slots whose keys
/// were dropped. Logs of older versions have no checksums.
struct BankLogRecord {
    private static let fields = 12
    private static let skipStep = UInt32.max

    /// Its first byte in the file.
    let place: Int
    let landmark: Int
    let count: Int
    let isSkip: Bool
    let hasChecksum: Bool

    /// Bytes before the subjects.
    static func header(hasChecksum: Bool) -> Int { fields + (hasChecksum ? 4 : 0) }
    var header: Int { Self.header(hasChecksum: hasChecksum) }

    /// Bytes in the file.
    var bytes: Int { header + (isSkip ? 0 : count * (4 + 4 * EncoderArchitecture.embedding)) }

    /// The bytes of one step's keys.
    static func data(step: Int, landmark: Int, subjects: [Int32], keys: Floats, hasChecksum: Bool) -> Data {
        var data = Data(capacity: header(hasChecksum: hasChecksum) + subjects.count * (4 + 4 * EncoderArchitecture.embedding))
        for field in [step, landmark, subjects.count] { withUnsafeBytes(of: UInt32(field).littleEndian) { data.append(contentsOf: $0) } }
        var rest = Data()
        subjects.withUnsafeBytes { rest.append(contentsOf: $0) }
        rest.append(UnsafeBufferPointer(start: keys, count: subjects.count * EncoderArchitecture.embedding))
        return seal(data, rest, hasChecksum)
    }

    /// The bytes of a record of dropped keys.
    static func skip(landmark: Int, slots: Int, hasChecksum: Bool) -> Data {
        let fields = [skipStep, UInt32(landmark), UInt32(slots)].reduce(into: Data()) { data, field in
            withUnsafeBytes(of: field.littleEndian) { data.append(contentsOf: $0) }
        }
        return seal(fields, Data(), hasChecksum)
    }

    private static func seal(_ fields: Data, _ rest: Data, _ hasChecksum: Bool) -> Data {
        guard hasChecksum else { return fields + rest }
        let sum = fields.withUnsafeBytes { head in rest.withUnsafeBytes { checksum(head, $0) } }
        return fields + withUnsafeBytes(of: sum.littleEndian) { Data($0) } + rest
    }

    private static func checksum(_ fields: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> UInt32 {
        func add(_ bytes: UnsafeRawBufferPointer, to sum: UInt) -> UInt {
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return sum }
            return crc32_z(sum, start.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        return UInt32(truncatingIfNeeded: add(rest, to: add(fields, to: crc32_z(0, nil, 0))))
    }

    /// Whether the record's bytes are those that were written; true where it has no checksum.
    func isWhole(in file: UnsafeRawBufferPointer) -> Bool {
        guard hasChecksum else { return true }
        let stored = UInt32(littleEndian: file.loadUnaligned(fromByteOffset: place + Self.fields, as: UInt32.self))
        let rest = UnsafeRawBufferPointer(rebasing: file[place + header..<place + bytes])
        return Self.checksum(UnsafeRawBufferPointer(rebasing: file[place..<place + Self.fields]), rest) == stored
    }

    /// The record at a place, or nil where none fits before `end`.
    init?(_ bytes: UnsafeRawBufferPointer, at place: Int, end: Int, hasChecksum: Bool) {
        guard place + Self.header(hasChecksum: hasChecksum) <= end else { return nil }
        func field(_ index: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place + 4 * index, as: UInt32.self))
        }
        self.init(
            place: place, landmark: Int(field(1)), count: Int(field(2)), isSkip: field(0) == Self.skipStep, hasChecksum: hasChecksum)
        guard place + self.bytes <= end else { return nil }
    }

    init(place: Int, landmark: Int, count: Int, isSkip: Bool = false, hasChecksum: Bool) {
        self.place = place
        self.landmark = landmark
        self.count = count
        self.isSkip = isSkip
        self.hasChecksum = hasChecksum
    }
}

/// How offsets of the bank's log lie in its file.
///
/// A log begins with a header: `BANKLOG3`, the base and the length of the compacted part (UInt64 each, little endian); then the compacted
/// part, which gives the bank at offset `base`; then the records from `base` on. Logs of older versions, whose records have no checksums, begin
/// with `BANKLOG2` or, where they were never compacted, with their records; they are read and gone on with as they are.
struct BankLogFile {
    static let header = 24
    private static let magic = Data("BANKLOG3".utf8)
    private static let magicWithoutChecksums = Data("BANKLOG2".utf8)

    /// The smallest offset that can be restored, 0 in a log that was never compacted.
    let base: Int
    /// Bytes of the file that belong to the offset asked for.
    var size: Int
    /// The first record's place.
    private let start: Int
    /// The place of offset `base`.
    private let tail: Int
    /// Whether its records carry checksums.
    let hasChecksums: Bool
    private let path: String

    /// - Throws: `Failure` where the file does not reach back or forth to `offset`.
    init(_ file: URL, upTo offset: Int) throws {
        path = file.path
        guard let handle = try? FileHandle(forReadingFrom: file) else { throw Failure.system("read \(path)") }
        defer { try? handle.close() }
        let head = try handle.read(upToCount: Self.header) ?? Data()
        let length = Int(try handle.seekToEnd())
        hasChecksums = head.starts(with: Self.magic)
        if head.count == Self.header, hasChecksums || head.starts(with: Self.magicWithoutChecksums) {
            func field(_ place: Int) -> Int {
                head.withUnsafeBytes { Int(clamping: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))) }
            }
            base = field(8)
            start = Self.header
            guard field(16) <= length - start else { throw Failure("\(path) is cut off; the bank cannot be restored") }
            tail = start + field(16)
        } else {
            base = 0
            start = 0
            tail = 0
        }
        guard offset >= base else {
            throw Failure(
                "\(path) begins at offset \(base), after the checkpoint's \(offset); the bank cannot be restored")
        }
        guard offset - base <= length - tail else {
            throw Failure(
                "\(path) ends at offset \(base + length - tail), but its checkpoint needs \(offset); the bank cannot be restored")
        }
        size = tail + offset - base
    }

    /// The place of an offset in the file.
    func place(_ offset: Int) -> Int { tail + offset - base }

    static func head(base: Int, compacted: Int, hasChecksums: Bool = true) -> Data {
        [base, compacted].reduce(into: hasChecksums ? magic : magicWithoutChecksums) { data, field in
            withUnsafeBytes(of: UInt64(field).littleEndian) { data.append(contentsOf: $0) }
        }
    }

    /// All records, checked, their checksums included.
    func records(landmarks: Int) throws -> [BankLogRecord] {
        guard size > start else { return [] }
        return try mapped().withUnsafeBytes { bytes in
            var records: [BankLogRecord] = []
            var place = start
            while place < size {
                guard let record = BankLogRecord(bytes, at: place, end: size, hasChecksum: hasChecksums), record.landmark < landmarks else {
                    throw damaged(at: place)
                }
                records.append(record)
                place += record.bytes
            }
            let found = records
            let isWhole = Parallel.allProcessors.map(found.count) { found[$0].isWhole(in: bytes) }
            if let first = isWhole.firstIndex(of: false) { throw damaged(at: found[first].place) }
            return records
        }
    }

    private func damaged(at place: Int) -> Failure { Failure("\(path) is damaged at byte \(place); the bank cannot be restored") }

    /// Lets the bank have every record's keys, in order; a landmark's are read when it is first used.
    /// - Returns: the records.
    func replay(into bank: MemoryBank) throws -> [BankLogRecord] {
        let records = try records(landmarks: bank.landmarks)
        guard !records.isEmpty else { return [] }
        let bytes = try mapped()
        for (landmark, own) in Dictionary(grouping: records, by: \.landmark) {
            bank.restoreLater(landmark) { [unowned bank] in Self.enqueue(own, of: bytes, into: bank) }
        }
        return records
    }

    /// Puts one landmark's records into the bank; what later ones overwrite is not read.
    private static func enqueue(_ records: [BankLogRecord], of bytes: Data, into bank: MemoryBank) {
        var newer = 0
        let first = records.lastIndex { record in
            newer += record.isSkip ? 0 : record.count
            return newer >= bank.size
        }
        bytes.withUnsafeBytes { bytes in
            for (index, record) in records.enumerated() {
                let count = record.count
                if record.isSkip || index < first ?? 0 {
                    bank.skip(record.landmark, slots: count)
                    continue
                }
                let start = record.place + record.header
                let subjects = (0..<count).map { bytes.loadUnaligned(fromByteOffset: start + 4 * $0, as: Int32.self) }
                // Places in the file are multiples of 4, and a mapping begins at a page.
                let keys = (bytes.baseAddress! + start + 4 * count).assumingMemoryBound(to: Float.self)
                precondition(UInt(bitPattern: keys) % 4 == 0, "BankLogFile: a record is not aligned")
                bank.enqueue(record.landmark, keys: keys, subjects: subjects)
            }
        }
    }

    private func mapped() throws -> Data {
        do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) } catch {
            throw Failure("cannot read \(path): \(error.localizedDescription)")
        }
    }
}
