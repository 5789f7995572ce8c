import Foundation

/// A SHA-256 that a JSON object carries of the file it stands in, itself counted as zeros: a byte that rots on the disk is found when the file is
/// read. It may cover data behind the object, as in a safetensors file. Files without one (of other programs, or older) are taken as they are.
package enum Seal {
    package static let key = "workbench.sha256"
    private static let blank = String(repeating: "0", count: 64)
    private static let mark = Data("\"\(key)\":\"".utf8)
    /// The seal stands at the beginning of a file, not among its data.
    private static let searchedBytes = 100 << 20

    /// The member that a JSON object needs before it can be sealed.
    package static var blankMember: String { "\"\(key)\":\"\(blank)\"" }

    /// A JSON object's bytes with a seal as its first member.
    package static func sealed(json: Data) -> Data {
        precondition(json.first == UInt8(ascii: "{"), "Seal: the bytes are no JSON object")
        var bytes = Data("{\(blankMember),".utf8) + json.dropFirst()
        seal(&bytes, followedBy: [])
        return bytes
    }

    /// Fills in the blank member of `head`, for all of its bytes and those that follow it in the file.
    package static func seal(_ head: inout Data, followedBy pieces: [Data]) {
        guard let place = place(in: head) else { preconditionFailure("Seal: the bytes have no \(key)") }
        head.replaceSubrange(place, with: Data(Checksum.sha256(joining: [head] + pieces).utf8))
    }

    /// Whether a file's bytes are those that were sealed; true for a file without a seal.
    package static func holds(_ data: Data) -> Bool {
        guard let place = place(in: data.prefix(min(headBytes(of: data), searchedBytes))) else { return true }
        return Checksum.sha256(joining: [data[data.startIndex..<place.lowerBound], Data(blank.utf8), data[place.upperBound...]])
            == String(decoding: data[place], as: UTF8.self)
    }

    /// Reads a small sealed file.
    /// - Parameters:
    ///   - kind: what messages call it, for example `description`.
    ///   - advice: what to do where it is damaged.
    package static func read(_ file: URL, kind: String, advice: String) throws -> Data {
        let data = try WholeFile.read(file, kind: kind)
        guard holds(data) else {
            throw Failure("the \(kind) \(file.path) is damaged: its bytes do not match their checksum; \(advice)")
        }
        return data
    }

    /// Of a safetensors file the length of its header, else all of it.
    private static func headBytes(of data: Data) -> Int {
        guard data.count >= 8, data.first != UInt8(ascii: "{") else { return data.count }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        return Int(clamping: length).addingReportingOverflow(8).overflow ? data.count : min(data.count, Int(clamping: length) + 8)
    }

    /// Where the 64 digits stand.
    private static func place(in bytes: Data) -> Range<Data.Index>? {
        guard let found = bytes.range(of: mark), found.upperBound + blank.count < bytes.endIndex else { return nil }
        let digits = found.upperBound..<found.upperBound + blank.count
        return bytes[digits].allSatisfy {
            ("0"..."9").contains(Character(UnicodeScalar($0))) || ("a"..."f").contains(Character(UnicodeScalar($0)))
        }
            ? digits : nil
    }
}
