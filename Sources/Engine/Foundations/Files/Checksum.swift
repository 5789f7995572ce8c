import COpenSSL
import Foundation

/// SHA-256 checksums as lower-case hexadecimal.
package enum Checksum {
    /// The version of OpenSSL, which computes them.
    package static var libraryVersion: String { String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }

    /// Of bytes in memory.
    package static func sha256(_ data: some DataProtocol) -> String {
        var hash = SHA256()
        for region in data.regions { region.withUnsafeBytes { hash.update($0) } }
        return hexadecimal(hash.finish())
    }

    /// Of pieces as if they were one.
    static func sha256(joining pieces: [Data]) -> String {
        var hash = SHA256()
        for piece in pieces { piece.withUnsafeBytes { hash.update($0) } }
        return hexadecimal(hash.finish())
    }

    /// The 32 bytes of the checksum of bytes in memory.
    package static func sha256Bytes(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// Of a file, read in pieces of 4 MiB.
    package static func sha256(of file: URL) throws -> String {
        guard let handle = try? FileHandle(forReadingFrom: file) else { throw Failure("cannot read \(file.path) to take its checksum") }
        defer { try? handle.close() }
        var hash = SHA256()
        do {
            while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty { piece.withUnsafeBytes { hash.update($0) } }
        } catch {
            throw Failure("cannot read \(file.path) to take its checksum")
        }
        return hexadecimal(hash.finish())
    }

    private static func hexadecimal(_ digest: [UInt8]) -> String {
        digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}

/// A checksum that is being taken, by OpenSSL, which uses the processor's own instructions for it.
private struct SHA256: ~Copyable {
    private static let bytes = 32
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL has no memory for a checksum, or no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.bytes)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }
}
