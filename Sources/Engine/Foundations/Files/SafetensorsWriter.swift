import Foundation

/// Collects tensors and writes them as one safetensors file with a `Seal`, in the order given; the same tensors give the same bytes.
package struct SafetensorsWriter {
    private var header: [String] = []
    private var pieces: [Data] = []
    private var offset = 0
    private let metadata: [String: String]

    package init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a Float32 tensor.
    package mutating func add(_ name: String, shape: [Int], floats: UnsafeBufferPointer<Float>) {
        precondition(floats.count == shape.reduce(1, *), "SafetensorsWriter: \(name) has \(floats.count) values, expected shape \(shape)")
        add(name, type: .float32, shape: shape, bytes: Data(buffer: floats))
    }

    /// Adds a Float32 tensor.
    package mutating func add(_ name: String, shape: [Int], floats: [Float]) {
        floats.withUnsafeBufferPointer { add(name, shape: shape, floats: $0) }
    }

    /// Adds an Int64 tensor.
    package mutating func add(_ name: String, shape: [Int], integers: [Int]) {
        precondition(
            integers.count == shape.reduce(1, *), "SafetensorsWriter: \(name) has \(integers.count) values, expected shape \(shape)")
        add(name, type: .int64, shape: shape, bytes: integers.map(Int64.init).withUnsafeBufferPointer { Data(buffer: $0) })
    }

    /// Adds a tensor of any type from its bytes, little endian, C order.
    package mutating func add(_ name: String, type: Safetensors.ElementType, shape: [Int], bytes: Data) {
        precondition(
            bytes.count == shape.reduce(type.size, *), "SafetensorsWriter: \(name) has \(bytes.count) bytes, expected shape \(shape)")
        let sizes = shape.map(String.init).joined(separator: ",")
        header.append(
            "\(Self.quoted(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(sizes)],\"data_offsets\":[\(offset),\(offset + bytes.count)]}"
        )
        offset += bytes.count
        pieces.append(bytes)
    }

    /// Writes the file; it is complete or not there.
    package func write(to file: URL) throws {
        try AtomicFile.replace(file) { temporary in
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Failure.system("create \(file.path)") }
            defer { close(descriptor) }
            for piece in [sealedHead] + pieces {
                try piece.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: file.path) }
            }
        }
    }

    /// The file's bytes.
    package var data: Data { pieces.reduce(into: sealedHead) { $0.append($1) } }

    /// Header length and header, with the checksum of the file.
    private var sealedHead: Data {
        var bytes = head
        Seal.seal(&bytes, followedBy: pieces)
        return bytes
    }

    private var head: Data {
        let words = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" } + [Seal.blankMember]
        let fields = ["\"__metadata__\":{\(words.joined(separator: ","))}"] + header
        var json = Data("{\(fields.joined(separator: ","))}".utf8)
        // The data start at a multiple of 64 bytes, so that a mapped file can be used in place.
        while (json.count + 8) % 64 != 0 { json.append(0x20) }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                result += "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
