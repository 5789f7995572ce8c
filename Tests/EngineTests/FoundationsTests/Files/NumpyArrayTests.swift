import Foundation
import Foundations
import Testing

@Suite("NumPy arrays")
struct NumpyArrayTests {
    private func read(_ type: String, order: String = "False", shape: String, _ bytes: [UInt8]) throws -> NumpyArray {
        let header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n"
        let data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).npy")
        defer { try? FileManager.default.removeItem(at: file) }
        try data.write(to: file)
        return try NumpyArray(contentsOf: file)
    }

    @Test("signed, unsigned, big and little endian")
    func types() throws {
        #expect(try read("<i2", shape: "(2, 1)", [0xFE, 0xFF, 1, 2]).values == [-2, 513])
        #expect(try read(">i2", shape: "(2,)", [0xFF, 0xFE, 2, 1]).values == [-2, 513])
        #expect(try read("|u1", shape: "(3,)", [0, 127, 255]).values == [0, 127, 255])
        let wide = try read("<i8", shape: "(1, 1)", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(wide.values == [-1] && wide.shape == [1, 1])
    }

    @Test("other content is refused")
    func refusals() {
        #expect(throws: Failure.self) { try self.read("<f4", shape: "(1,)", [0, 0, 0, 0]) }
        #expect(throws: Failure.self) { try self.read("<i2", order: "True", shape: "(1,)", [0, 0]) }
        #expect(throws: Failure.self) { try self.read("<i2", shape: "(2,)", [0, 0]) }
        #expect(throws: Failure.self) { try NumpyArray(contentsOf: URL(fileURLWithPath: "/nonexistent.npy")) }
    }
}
