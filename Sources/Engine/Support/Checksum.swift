import Crypto
import Foundation

/// SHA-256 checksums as lower-case hexadecimal.
public enum Checksum {
    /// Of bytes in memory.
    public static func sha256(_ data: some DataProtocol) -> String { hexadecimal(SHA256.hash(data: data)) }

    /// The 32 bytes of the checksum of bytes in memory.
    static func sha256Bytes(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return Array(hash.finalize())
    }

    /// Of a file, read in pieces of 4 MiB.
    public static func sha256(of file: URL) throws -> String {
        guard let handle = try? FileHandle(forReadingFrom: file) else { throw Failure("cannot read \(file.path) to take its checksum") }
        defer { try? handle.close() }
        var hash = SHA256()
        do {
            while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty { hash.update(data: piece) }
        } catch {
            throw Failure("cannot read \(file.path) to take its checksum")
        }
        return hexadecimal(hash.finalize())
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}
