import Foundation
import Foundations
import Synchronization

/// The patches of a prepared cohort: one file a landmark, `landmark-0000.bin` …, read through the page cache (`mmap`).
///
/// A file is a header of 64 bytes and then `count` patches of 32³ Int16 HU, clipped to [-1024, 240], little endian, [subject][z][y][x].
/// Header: `DRASPTCH`, version, landmark, count, side (UInt32 each), 8 bytes of zero, SHA-256 of the patches (32 bytes).
package final class PatchStore: Sendable {
    /// Version of the files' layout.
    package static let version = 1
    /// Voxels in a patch.
    package static let patchVoxels = Atlas.patchSide * Atlas.patchSide * Atlas.patchSide
    package static let headerBytes = 64
    package static let patchBytes = patchVoxels * MemoryLayout<Int16>.stride
    private static let magic = Array("DRASPTCH".utf8)

    /// Subjects in each file.
    package let count: Int
    package let landmarks: Int
    private let files: [MappedFile]
    /// Landmarks whose patches were compared with their checksum.
    private let verified: Mutex<Set<Int>> = Mutex([])

    /// Opens the files of `landmarks` landmarks and `count` subjects; checks each header and size, but not the checksums
    /// (`requireWhole`).
    package init(folder: URL, landmarks: Int, count: Int) throws {
        self.count = count
        self.landmarks = landmarks
        files = try (0..<landmarks).map { landmark in
            let file = try MappedFile(Self.file(in: folder, landmark: landmark))
            try Self.check(file, landmark: landmark, count: count)
            return file
        }
    }

    /// Lends all patches of one landmark: `count` · 32³ values, [subject][z][y][x]. The buffer is valid within the closure only.
    package func withPatches<Result, Thrown: Error>(
        _ landmark: Int, _ body: (UnsafeBufferPointer<Int16>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        precondition((0..<landmarks).contains(landmark), "PatchStore: landmark \(landmark), expected 0 ..< \(landmarks)")
        let values = UnsafeRawBufferPointer(rebasing: files[landmark].bytes[Self.headerBytes...]).bindMemory(to: Int16.self)
        return try withExtendedLifetime(self) { () throws(Thrown) in try body(values) }
    }

    /// Lends one patch: 32³ values, [z][y][x].
    package func withPatch<Result, Thrown: Error>(
        landmark: Int, subject: Int, _ body: (UnsafeBufferPointer<Int16>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        precondition((0..<count).contains(subject), "PatchStore: subject \(subject), expected 0 ..< \(count)")
        return try withPatches(landmark) { (all) throws(Thrown) in
            try body(UnsafeBufferPointer(rebasing: all[subject * Self.patchVoxels..<(subject + 1) * Self.patchVoxels]))
        }
    }

    /// Lends one subject's patches at several landmarks: 32³ values each.
    package func withPatches(_ landmarks: [Int], subject: Int, _ body: ([UnsafePointer<Int16>]) -> Void) {
        withExtendedLifetime(self) {
            body(landmarks.map { landmark in withPatch(landmark: landmark, subject: subject) { $0.baseAddress! } })
        }
    }

    /// Compares the patches of landmarks with their checksums, each once: whoever uses patches asks for theirs first. Reads all of a landmark's
    /// data.
    /// - Throws: `Failure` that names the first damaged file.
    package func requireWhole(_ landmarks: some Collection<Int>, parallel: Parallel = .allProcessors) throws {
        let unknown = verified.withLock { known in landmarks.filter { !known.contains($0) } }
        guard !unknown.isEmpty else { return }
        let isWhole = parallel.map(unknown.count) { index in
            let bytes = files[unknown[index]].bytes
            return Checksum.sha256Bytes(UnsafeRawBufferPointer(rebasing: bytes[Self.headerBytes...])) == Array(bytes[32..<64])
        }
        verified.withLock { $0.formUnion(zip(unknown, isWhole).filter(\.1).map(\.0)) }
        if let first = isWhole.firstIndex(of: false) {
            throw Failure(
                "\(files[unknown[first]].path) is damaged: its patches do not match their checksum; delete it and run `workbench prepare` again"
            )
        }
    }

    /// Writes one landmark's file, beside its place and renamed.
    /// - Parameter patch: lends subject i's patch: 32³ values.
    package static func write(
        landmark: Int, count: Int, to folder: URL, patch: (Int, (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        var bytes = Data(capacity: headerBytes + count * patchBytes)
        bytes.append(contentsOf: magic)
        for field in [version, landmark, count, Atlas.patchSide] {
            withUnsafeBytes(of: UInt32(field).littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.append(Data(count: headerBytes - bytes.count))
        for subject in 0..<count {
            try patch(subject) { values in
                precondition(values.count == patchBytes, "PatchStore: a patch of \(values.count) bytes, expected \(patchBytes)")
                bytes.append(contentsOf: values)
            }
        }
        let digest = bytes.withUnsafeBytes { Checksum.sha256Bytes(UnsafeRawBufferPointer(rebasing: $0[headerBytes...])) }
        bytes.replaceSubrange(32..<64, with: digest)
        try AtomicFile.write(bytes, to: file(in: folder, landmark: landmark))
    }

    package static func file(in folder: URL, landmark: Int) -> URL {
        folder.appendingPathComponent(String(format: "landmark-%04d.bin", landmark))
    }

    private static func check(_ file: MappedFile, landmark: Int, count: Int) throws {
        let bytes = file.bytes
        guard bytes.count >= headerBytes, bytes.starts(with: magic) else {
            throw Failure("\(file.path) is no patch file; delete it and run `workbench prepare` again")
        }
        func field(_ index: Int) -> Int { Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 + 4 * index, as: UInt32.self))) }
        guard field(0) == version else {
            throw Failure("\(file.path) has layout version \(field(0)), expected \(version); run `workbench prepare` again")
        }
        guard field(1) == landmark, field(2) == count, field(3) == Atlas.patchSide, bytes.count == headerBytes + count * patchBytes else {
            throw Failure(
                "\(file.path) holds landmark \(field(1)) of \(field(2)) subjects in \(bytes.count) bytes, expected landmark \(landmark) of \(count) subjects in "
                    + "\(headerBytes + count * patchBytes) bytes; run `workbench prepare` again")
        }
    }
}
