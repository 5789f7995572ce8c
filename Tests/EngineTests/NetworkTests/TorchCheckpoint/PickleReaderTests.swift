import Foundation
import Foundations
import Network
import TestSupport
import Testing

/// The restricted reader: it builds what it knows, and refuses everything else with a sentence.
@Suite("Pickles are read without executing anything")
struct PickleReaderTests {
    /// A pickle, and words that its refusal must contain.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: Data
        let words: String
        var testDescription: String { name }

        init(_ name: String, _ parts: [PickleBytes], _ words: String) {
            self.name = name
            bytes = PickleBytes(parts).data
            self.words = words
        }
    }

    private static let huge = Int.max / 2

    static let refused: [Case] = [
        Case("a function", [.global("posix", "system"), .ops("("), .text("true"), .ops("tR.")], "posix.system"),
        Case("builtins", [.global("builtins", "eval"), .ops(".")], "builtins.eval"),
        Case("a function by two texts", [.text("os"), .text("system"), .raw(0x93), .ops(".")], "os.system"),
        Case("a relative of an allowed name", [.global("torch._utils", "_rebuild_parameter"), .ops(".")], "_rebuild_parameter"),
        Case("a dotted name", [.global("collections", "OrderedDict.__init__"), .ops(".")], "OrderedDict.__init__"),
        Case("an instance", [.ops("(iposix\nsystem\n.")], "posix.system"),
        Case("an object", [.ops("("), .global("torch", "FloatStorage"), .ops("o.")], "torch.FloatStorage"),
        Case("a new object", [.global("collections", "OrderedDict"), .ops(")"), .raw(0x81), .ops(".")], "OrderedDict"),
        Case("a storage type called", [.global("torch", "FloatStorage"), .ops(")R.")], "a call of torch.FloatStorage"),
        Case("text called", [.text("system"), .ops(")R.")], "a call of a string"),
        Case("an OrderedDict of arguments", [.global("collections", "OrderedDict"), .ops("(]tR.")], "OrderedDict"),
        Case("state of a dict", [.ops("}}b.")], "the state of a dict"),
        Case("state that is no dict", [.global("collections", "OrderedDict"), .ops(")R]b.")], "a state that is a list"),
        Case("a global as a value", [.global("torch", "FloatStorage"), .ops(".")], "torch.FloatStorage as a value"),
        Case("a storage as a value", [.storage("0", count: 4), .ops(".")], "a storage without a tensor"),
        Case("an extension", [.raw(0x82, 1), .ops(".")], "0x82"),
        Case("text protocol", [.ops("I1\n.")], "0x49"),
        Case("a later protocol", [.raw(0x80, 9), .ops(".")], "protocol 9"),
        Case("a persistent text", [.text("file"), .ops("Q.")], "no storage"),
        Case("backward hooks", [hooked, .ops(".")], "hooks"),
    ]

    private static var hooked: PickleBytes {
        PickleBytes.global("torch._utils", "_rebuild_tensor_v2").followed(by: [
            .ops("("), .storage("0", count: 4), .int(0), .tuple([.int(4)]), .tuple([.int(1)]), .raw(0x89),
            .global("collections", "OrderedDict"), .ops(")R("), .text("hook"), .ops("NutR"),
        ])
    }

    static let damaged: [Case] = [
        Case("nothing", [], "early end"),
        Case("no end", [.ops("N")], "early end"),
        Case("an empty stack", [.ops(".")], "0 objects"),
        Case("two objects", [.ops("NN.")], "2 objects"),
        Case("an open mark", [.ops("N(.")], "ends with"),
        Case("text longer than the file", [.raw(0x58, 0xFF, 0xFF, 0xFF, 0xFF), .ops("a.")], "early end"),
        Case("text that is not UTF-8", [.raw(0x58, 1, 0, 0, 0, 0xFF), .ops(".")], "UTF-8"),
        Case("a whole number of 200 bytes", [.raw(0x8A, 200), .ops(".")], "200 bytes"),
        Case("a name without an end", [.ops("cposix")], "name without an end"),
        Case("an unknown memo", [.ops("h"), .raw(7), .ops(".")], "unknown object 7"),
        Case("a memo of nothing", [.ops("q"), .raw(0), .ops(".")], "without its object"),
        Case("a tuple of nothing", [.raw(0x87), .ops(".")], "without its objects"),
        Case("elements below the mark", [.ops("]N(a.")], "without its objects"),
        Case("a mark that is not there", [.ops("]e.")], "without its mark"),
        Case("elements of None", [.ops("NNa.")], "no list"),
        Case("items of a list", [.ops("]NNs.")], "no dict"),
        Case("a key without a value", [.ops("}(Nu.")], "without a value"),
        Case("a list as a key", [.ops("}]Ns.")], "a list as a key"),
        Case("a call without arguments", [.global("collections", "OrderedDict"), .ops("NR.")], "without arguments"),
        Case("a tensor of one argument", [.global("torch._utils", "_rebuild_tensor_v2"), .ops("(NtR.")], "unknown arguments"),
        Case("a storage that is missing", [.storage("gone", count: 4), .ops(".")], "storage gone"),
        Case("a list in itself", [.ops("]q"), .raw(0), .ops("h"), .raw(0), .ops("a.")], "contain themselves"),
        Case("lists within lists", [.ops(String(repeating: "]", count: 100_000) + String(repeating: "a", count: 99_999) + ".")], "nested"),
        Case("tuples within tuples", [.ops("N"), deepTuples, .ops(".")], "nested"),
        Case("doubling lists", [.ops("(]")] + doublings + [.ops("t.")], "more than"),
        Case("a tensor beyond its storage", [.tensor(.storage("0", count: 4), shape: [5], strides: [1]), .ops(".")], "does not fit"),
        Case("an offset beyond", [.tensor(.storage("0", count: 4), offset: 4, shape: [1], strides: [1]), .ops(".")], "does not fit"),
        Case("a negative offset", [.tensor(.storage("0", count: 4), offset: -1, shape: [1], strides: [1]), .ops(".")], "must be positive"),
        Case("a negative stride", [.tensor(.storage("0", count: 4), offset: 3, shape: [4], strides: [-1]), .ops(".")], "must be positive"),
        Case("a negative size", [.tensor(.storage("0", count: 4), shape: [-4], strides: [1]), .ops(".")], "must be positive"),
        Case("fewer strides than axes", [.tensor(.storage("0", count: 4), shape: [2, 2], strides: [1]), .ops(".")], "1 strides"),
        Case("an absurd size", [.tensor(.storage("0", count: 4), shape: [huge, huge], strides: [0, 0]), .ops(".")], "absurd"),
        Case("an absurd stride", [.tensor(.storage("0", count: 4), shape: [3, 3], strides: [huge, huge]), .ops(".")], "does not fit"),
        Case("a repeated element", [.tensor(.storage("0", count: 4), shape: [1 << 40], strides: [0]), .ops(".")], "does not fit"),
        Case("a storage used over and over", [.ops("(")] + Array(repeating: view, count: 5) + [.ops("t.")], "many times over"),
        Case("a negative count", [.storage("0", count: -4), .ops(".")], "storage 0"),
    ]

    private static var view: PickleBytes { .tensor(.storage("0", count: 4), shape: [4], strides: [1]) }
    private static var deepTuples: PickleBytes { PickleBytes.ops("").followed(by: Array(repeating: .raw(0x85), count: 100_000)) }
    /// Each list holds the one before it twice.
    private static var doublings: [PickleBytes] {
        (0..<30).flatMap { index -> [PickleBytes] in
            [.ops("q"), .raw(UInt8(index)), .ops("](h"), .raw(UInt8(index)), .ops("h"), .raw(UInt8(index)), .ops("e")]
        }
    }

    @Test("refused by name", arguments: refused)
    func refusal(_ item: Case) { expectFailure(item) }

    @Test("damaged or absurd", arguments: damaged)
    func damage(_ item: Case) { expectFailure(item) }

    private func expectFailure(_ item: Case) {
        do {
            _ = try Self.read(item.bytes)
            Issue.record("\(item.name) was read")
        } catch let failure as Failure {
            #expect(failure.description.contains(item.words), "\(failure.description)")
        } catch {
            Issue.record("\(error)")
        }
    }

    /// One storage, "0", of four floats 0 … 3.
    private static func read(_ bytes: Data) throws -> TorchTree<TorchTensor> {
        let storage = TorchStorage(type: .float32, count: 4, bytes: [Float(0), 1, 2, 3].withUnsafeBufferPointer { Data(buffer: $0) })
        return try PickleReader.read(bytes) { key, type, count in
            guard key == "0", type == .float32, count == 4 else { throw Failure("no storage \(key)") }
            return storage
        }
    }

    @Test("every single byte changed, and every length, gives a tree or a sentence")
    func mutations() throws {
        let whole = PickleBytes([
            .ops("}("), .text("a"), .tensor(.storage("0", count: 4), offset: 1, shape: [3, 1], strides: [1, 3]), .text("b"),
            .ops("]("), .int(-5), .raw(0x88), .ops("NG"), .raw(0x3F, 0xF0, 0, 0, 0, 0, 0, 0), .ops("eu."),
        ]).data
        _ = try Self.read(whole)
        var refusals = 0
        for length in 0..<whole.count {
            #expect(throws: Failure.self) { try Self.read(whole.prefix(length)) }
        }
        for place in whole.indices {
            for change in [UInt8(1), 0x80, 0xFF, 0x20] {
                var bytes = whole
                bytes[place] ^= change
                do { _ = try Self.read(bytes) } catch is Failure { refusals += 1 }
            }
        }
        #expect(refusals > whole.count)
    }

    @Test("views: transposed, sliced, scalar, empty")
    func views() throws {
        func floats(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws -> [Float] {
            let bytes = PickleBytes([.tensor(.storage("0", count: 4), offset: offset, shape: shape, strides: strides), .ops(".")]).data
            guard case .tensor(let tensor) = try Self.read(bytes) else {
                Issue.record("no tensor")
                return []
            }
            #expect(tensor.shape == shape)
            return tensor.bytes.withUnsafeBytes { raw in
                (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        }
        #expect(try floats(0, [2, 2], [2, 1]) == [0, 1, 2, 3])
        #expect(try floats(0, [2, 2], [1, 2]) == [0, 2, 1, 3])
        #expect(try floats(1, [2], [2]) == [1, 3])
        #expect(try floats(3, [], []) == [3])
        #expect(try floats(0, [0, 9], [9, 1]) == [])
        #expect(try floats(2, [1, 2, 1], [77, 1, 5]) == [2, 3])
        #expect(try floats(1, [2, 2], [0, 2]) == [1, 3, 1, 3])
    }

    @Test("what is allowed: containers, texts, numbers, and a later protocol's way to say them")
    func values() throws {
        let bytes = PickleBytes([
            .raw(0x95, 0, 0, 0, 0, 0, 0, 0, 0), .ops("}"), .raw(0x94), .ops("("), .raw(0x8C, 1, 0x61), .raw(0x8A, 1, 0xFF), .int(7),
            .ops("M"),
            .raw(1, 2), .text("o"), .text("collections"), .text("OrderedDict"), .raw(0x93), .ops(")R}"), .text("_metadata"), .ops("Nsbu."),
        ]).data
        let tree = try Self.read(bytes)
        guard case .int(-1)? = tree["a"], case .dictionary(let ordered)? = tree["o"] else {
            Issue.record("\(tree)")
            return
        }
        #expect(ordered.isOrderedDict && ordered.items.isEmpty && ordered.attributes.map(\.key) == [.text("_metadata")])
    }
}

extension PickleBytes {
    func followed(by parts: [PickleBytes]) -> PickleBytes {
        var whole = self
        for part in parts { whole.data += part.data }
        return whole
    }
}
