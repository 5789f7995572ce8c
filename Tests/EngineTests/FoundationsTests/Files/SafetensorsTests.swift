import Foundation
import Foundations
import TestSupport
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
    @Test("what is written is read back, in order, with odd names and empty tensors")
    func roundTrip() throws {
        let folder = try ScratchFolder()
        var writer = SafetensorsWriter(metadata: ["note": "a \"quoted\" line\nand \\ more", "empty": ""])
        writer.add("z", shape: [2, 3], floats: [1, -2, 3.5, .greatestFiniteMagnitude, -0.0, Float(bitPattern: 1)])
        writer.add("a:{\"b\"}", shape: [], integers: [-7])
        writer.add("none", shape: [0, 4], floats: [Float]())
        writer.add("i", shape: [2], integers: [.max, .min])
        let place = folder.file("t.safetensors")
        try writer.write(to: place)
        let file = try Safetensors(contentsOf: place)
        #expect(Set(file.entries.map(\.name)) == ["z", "a:{\"b\"}", "none", "i"])
        #expect(file.metadata == ["note": "a \"quoted\" line\nand \\ more", "empty": ""])
        #expect(
            try file.floats("z", shape: [2, 3]).map(\.bitPattern)
                == [1, -2, 3.5, .greatestFiniteMagnitude, -0.0, Float(bitPattern: 1)].map { Float($0).bitPattern })
        #expect(try file.integers("a:{\"b\"}") == [-7])
        #expect(try file.floats("none").isEmpty && file["none"]?.shape == [0, 4])
        #expect(try file.integers("i") == [.max, .min])
        #expect(throws: Failure.self) { try file.floats("z", shape: [3, 2]) }
        #expect(throws: Failure.self) { try file.floats("y") }
        #expect(throws: Failure.self) { try file.integers("z") }
        let first = try Data(contentsOf: place)
        try writer.write(to: place)
        #expect(try Data(contentsOf: place) == first)
    }

    @Test("element types are widened to floats: halves, doubles, small integers")
    func types() throws {
        let data: [UInt8] = [0x00, 0x3C, 0x01, 0x00, 0xFF, 0x7F, 0xFE, 0xFF, 3, 1]
        let file = try read(
            #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"s":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},"#
                + #""u":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[9,10]}}"#, data)
        #expect(try file.floats("h") == [1, 0x1p-24])
        #expect(try file.integers("s") == [32767, -2])
        #expect(try file.floats("u") == [3] && file.integers("b") == [1])
    }

    /// Headers over eight bytes of data, each wrong in one way.
    static let malformed = [
        #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1e30],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}"#,
        #"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-9223372036854775808,9223372036854775807]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2]}}"#, #"{"a":[]}"#, #"{"a":null}"#, "[]", "7", "", "{", #"{"a":"#,
        String(repeating: "[", count: 100_000),
    ]

    @Test("every malformed header is refused", arguments: malformed)
    func refused(header: String) {
        #expect(throws: Failure.self) { try read(header, [UInt8](repeating: 0, count: 8)) }
    }

    @Test("a file cut off anywhere is refused")
    func truncated() throws {
        let folder = try ScratchFolder()
        var writer = SafetensorsWriter()
        writer.add("a", shape: [3], floats: [1, 2, 3])
        writer.add("b", shape: [2], integers: [1, 2])
        let place = folder.file("t.safetensors")
        try writer.write(to: place)
        let whole = try Data(contentsOf: place)
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: place)
            #expect(throws: Failure.self, "\(length) of \(whole.count) bytes") { try Safetensors(contentsOf: place) }
        }
        // A header length of every size, the largest among them.
        for bits in 0..<64 {
            try (withUnsafeBytes(of: (UInt64(1) << bits).littleEndian) { Data($0) } + whole.dropFirst(8)).write(to: place)
            #expect(throws: Failure.self, "2^\(bits)") { try Safetensors(contentsOf: place) }
        }
        #expect(throws: Failure.self) { try Safetensors(contentsOf: folder.file("absent")) }
    }

    private func read(_ header: String, _ data: [UInt8]) throws -> Safetensors {
        let folder = try ScratchFolder()
        let place = folder.file("t.safetensors")
        try (withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(data)).write(to: place)
        return try Safetensors(contentsOf: place)
    }
}
