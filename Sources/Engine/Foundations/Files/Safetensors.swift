import Foundation

/// A file of named tensors: 8 bytes header length, a JSON header, then the data, little endian, C order.
/// Format: https://huggingface.co/docs/safetensors.
package struct Safetensors: Sendable {
    /// Element types that the workbench reads.
    package enum ElementType: String, CaseIterable, Sendable {
        case float64 = "F64"
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int64 = "I64"
        case int32 = "I32"
        case int16 = "I16"
        case int8 = "I8"
        case uint8 = "U8"
        case bool = "BOOL"

        /// Bytes of one element.
        package var size: Int {
            switch self {
            case .float64, .int64: 8
            case .float32, .int32: 4
            case .float16, .bfloat16, .int16: 2
            case .int8, .uint8, .bool: 1
            }
        }
    }

    /// What the header says of a tensor.
    package struct Entry: Sendable {
        package let name: String
        package let type: ElementType
        package let shape: [Int]
        fileprivate let bytes: Range<Int>

        /// Number of elements.
        package var count: Int { shape.reduce(1, *) }
    }

    /// The tensors in the order of the file.
    package let entries: [Entry]
    /// Names and types of tensors that are there, but of a type that the workbench does not read: it does not touch them.
    package let unread: [(name: String, type: String)]
    /// Free text of the header's `__metadata__`.
    package let metadata: [String: String]
    private let index: [String: Int]
    private let data: Data
    /// The file, as messages name it.
    package let path: String

    /// Opens a file (memory-mapped), checks its header and, where it carries one, its checksum.
    /// - Parameter isVerified: false where only the header is wanted: then the data are not read.
    package init(contentsOf file: URL, isVerified: Bool = true) throws {
        guard let data = try? Data(contentsOf: file, options: .alwaysMapped) else {
            throw Failure(
                "cannot read \(file.path): \(FileManager.default.fileExists(atPath: file.path) ? "it is no readable file" : "it does not exist")"
            )
        }
        try self.init(data, path: file.path)
        guard !isVerified || Seal.holds(data) else {
            throw Failure("\(file.path) is damaged: its bytes do not match their checksum; get a fresh copy or make it again")
        }
    }

    /// Checks the header of a file's bytes; `path` names them in messages.
    package init(_ data: Data, path: String) throws {
        self.data = data
        self.path = path
        let parsed = try Self.parse(data, path: path)
        entries = parsed.entries
        unread = parsed.unread
        metadata = parsed.metadata
        index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    private static func parse(_ data: Data, path: String) throws -> (
        entries: [Entry], unread: [(name: String, type: String)], metadata: [String: String]
    ) {
        func broken(_ why: String) -> Failure {
            Failure("\(path) is damaged or no safetensors file: \(why); get a fresh copy or make it again")
        }
        guard data.count >= 8 else { throw broken("it has \(data.count) bytes, expected a header length of 8") }
        let length = data.withUnsafeBytes { Int(exactly: UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))) } ?? .max
        guard length <= data.count - 8, length < 100 << 20 else {
            throw broken("its header would reach beyond the file's end, it may be cut off")
        }
        let start = data.startIndex + 8
        let header = data[start..<start + length]
        // Before it is parsed: a damaged length takes data for JSON, and the parser needs many times the memory of what it takes for UTF-16.
        guard header.first == UInt8(ascii: "{"), header.last(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "}"), !header.contains(0),
            let json = try? JSONSerialization.jsonObject(with: header) as? [String: Any]
        else { throw broken("its header is no JSON object") }
        guard memberCount(header) == json.count else { throw broken("its header names a tensor twice") }
        var entries: [Entry] = []
        var unread: [(name: String, type: String)] = []
        for (name, value) in json.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String, let shape = fields["shape"] as? [Int],
                let offsets = fields["data_offsets"] as? [Int], offsets.count == 2
            else { throw broken("the entry of \(name) is incomplete") }
            guard let type = ElementType(rawValue: typeName) else {
                unread.append((name, typeName))
                continue
            }
            guard shape.allSatisfy({ $0 >= 0 }), let bytes = (shape + [type.size]).multipliedExactly else {
                throw broken("\(name) has the shape \(shape)")
            }
            guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= data.count - 8 - length else {
                throw broken("\(name) would reach beyond the file's end, it may be cut off")
            }
            guard offsets[1] - offsets[0] == bytes else { throw broken("\(name) has \(offsets[1] - offsets[0]) bytes, expected \(bytes)") }
            entries.append(Entry(name: name, type: type, shape: shape, bytes: 8 + length + offsets[0]..<8 + length + offsets[1]))
        }
        entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name) }
        for (before, after) in zip(entries, entries.dropFirst()) where after.bytes.lowerBound < before.bytes.upperBound {
            throw broken("\(before.name) and \(after.name) share bytes")
        }
        let metadata = json["__metadata__"] as? [String: String] ?? [:]
        return (entries, unread, metadata.filter { $0.key != Seal.key })
    }

    /// Members of a JSON object, repeated names counted each time: the colons at its first level.
    private static func memberCount(_ json: Data) -> Int {
        var members = 0
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in json {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: members += 1
            default: break
            }
        }
        return members
    }

    /// The header's entry of a tensor, or nil.
    package subscript(name: String) -> Entry? { index[name].map { entries[$0] } }

    /// A tensor's values as floats, whatever its type, C order; `shape` is checked where it is given.
    /// - Throws: also where a value is not finite.
    package func floats(_ name: String, shape: [Int]? = nil) throws -> [Float] {
        let entry = try require(name, shape: shape)
        let found: [Float]
        switch entry.type {
        case .float32: found = values(entry, as: Float.self)
        case .float64: found = values(entry, as: Double.self).map(Float.init)
        case .float16: found = values(entry, as: UInt16.self).map(HalfPrecision.float)
        case .bfloat16: found = values(entry, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        default: return try integers(name).map(Float.init)
        }
        if let place = found.firstIndex(where: { !$0.isFinite }) { throw notFinite(name, found[place], place) }
        return found
    }

    private func notFinite(_ name: String, _ value: some FloatingPoint, _ place: Int) -> Failure {
        Failure("\(path): \(name) holds \(value) at element \(place), expected finite numbers; make it again")
    }

    /// A tensor's values as doubles, C order.
    /// - Throws: also where a value is not finite.
    package func doubles(_ name: String) throws -> [Double] {
        let entry = try require(name)
        guard entry.type == .float64 else { return try floats(name).map(Double.init) }
        let found = values(entry, as: Double.self)
        if let place = found.firstIndex(where: { !$0.isFinite }) { throw notFinite(name, found[place], place) }
        return found
    }

    /// A tensor of whole numbers, C order.
    package func integers(_ name: String) throws -> [Int] {
        let entry = try require(name)
        switch entry.type {
        case .int64: return values(entry, as: Int64.self).map { Int($0) }
        case .int32: return values(entry, as: Int32.self).map { Int($0) }
        case .int16: return values(entry, as: Int16.self).map { Int($0) }
        case .int8: return values(entry, as: Int8.self).map { Int($0) }
        case .uint8, .bool: return values(entry, as: UInt8.self).map { Int($0) }
        default: throw Failure("\(path): \(name) holds \(entry.type.rawValue), expected whole numbers")
        }
    }

    /// A tensor's bytes, little endian, C order.
    package func bytes(_ name: String) throws -> Data {
        let entry = try require(name)
        return data[data.startIndex + entry.bytes.lowerBound..<data.startIndex + entry.bytes.upperBound]
    }

    private func require(_ name: String, shape: [Int]? = nil) throws -> Entry {
        guard let entry = self[name] else {
            if let other = unread.first(where: { $0.name == name }) {
                let types = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure("\(path): \(name) has the type \(other.type), expected one of \(types)")
            }
            throw Failure("\(path) has no tensor \(name); \(contents)")
        }
        if let shape, entry.shape != shape { throw Failure("\(path): \(name) has the shape \(entry.shape), expected \(shape)") }
        return entry
    }

    /// What is there, for messages of what is not: the first names and how many.
    package var contents: String {
        let names = entries.prefix(4).map(\.name).joined(separator: ", ")
        return entries.isEmpty ? "it holds none" : "it holds \(names)\(entries.count > 4 ? ", … (\(entries.count) tensors)" : "")"
    }

    private func values<Value: BitwiseCopyable>(_ entry: Entry, as type: Value.Type) -> [Value] {
        [Value](unsafeUninitializedCapacity: entry.count) { buffer, count in
            data.withUnsafeBytes { bytes in
                if !entry.bytes.isEmpty {
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[entry.bytes]))
                }
            }
            count = entry.count
        }
    }
}
