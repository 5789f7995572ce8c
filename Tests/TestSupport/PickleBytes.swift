import Foundation

/// Hand-made pickles, instruction by instruction.
package struct PickleBytes {
    package var data: Data

    package init(_ parts: [PickleBytes]) { data = parts.reduce(into: Data([0x80, 2])) { $0 += $1.data } }

    private init(_ bytes: some Sequence<UInt8>) { data = Data(bytes) }

    /// Instructions as ASCII characters.
    package static func ops(_ text: String) -> PickleBytes { PickleBytes(Array(text.utf8)) }
    package static func raw(_ bytes: UInt8...) -> PickleBytes { PickleBytes(bytes) }
    package static func text(_ text: String) -> PickleBytes { PickleBytes([0x58] + little(text.utf8.count, 4) + Array(text.utf8)) }
    package static func global(_ module: String, _ name: String) -> PickleBytes { ops("c\(module)\n\(name)\n") }

    package static func int(_ value: Int) -> PickleBytes {
        PickleBytes([0x8A, 8] + little(value, 8))
    }

    package static func tuple(_ values: [PickleBytes]) -> PickleBytes {
        PickleBytes(ops("(").data + values.reduce(into: Data()) { $0 += $1.data } + ops("t").data)
    }

    package static func storage(_ key: String, type: String = "FloatStorage", count: Int) -> PickleBytes {
        PickleBytes(tuple([text("storage"), global("torch", type), text(key), text("cpu"), int(count)]).data + ops("Q").data)
    }

    package static func tensor(_ storage: PickleBytes, offset: Int = 0, shape: [Int], strides: [Int]) -> PickleBytes {
        let hooks = PickleBytes(global("collections", "OrderedDict").data + ops(")R").data)
        let arguments = tuple([storage, int(offset), tuple(shape.map(int)), tuple(strides.map(int)), raw(0x89), hooks])
        return PickleBytes(global("torch._utils", "_rebuild_tensor_v2").data + arguments.data + ops("R").data)
    }

    private static func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
