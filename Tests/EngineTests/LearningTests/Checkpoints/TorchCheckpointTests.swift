import Foundation
import Foundations
import Learning
import Network
import TestSupport
import Testing

/// Files of the release, read, written and converted.
@Suite("The release's checkpoints")
struct TorchCheckpointTests {
    @Test(
        "every tensor equals the expected shape, fingerprint and sample",
        .enabled(if: SharedData.hasFixtures("checkpoint_0001_e1.pth.tar", "checkpoint_0001_e1_expected.safetensors")))
    func fixture() throws {
        let file = try CheckpointConversion.open(SharedData.fixture("checkpoint_0001_e1.pth.tar"))
        let expected = try Safetensors(contentsOf: SharedData.fixture("checkpoint_0001_e1_expected.safetensors"))
        let names = expected.entries.map(\.name).filter { $0.hasPrefix("shape.") }.map { String($0.dropFirst(6)) }
        #expect(names.count == 244)
        for name in names {
            let entry = try #require(file[name], "\(name)")
            if !entry.shape.isEmpty { #expect(entry.shape == (try expected.integers("shape." + name)), "\(name)") }
            let values = try file.doubles(name)
            let found = [
                values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 }.squareRoot(), values.map(abs).max() ?? 0, values.min() ?? 0,
            ]
            let fingerprint = try expected.doubles("fp." + name)
            // Sums of up to 10⁶ doubles in another order.
            #expect(
                zip(found, fingerprint).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) }, "\(name): \(found), expected \(fingerprint)")
            let sample = values.count <= 64 ? values : (0..<64).map { values[$0 * values.count / 64] }
            #expect(try sample == expected.doubles("sample." + name), "\(name)")
        }
        // The momentum of the query's 82 parameters.
        #expect(file.entries.count { $0.name.hasPrefix("velocity.") } == 82)
        let encoder = try PatchEncoder(from: file, prefix: "encoder_q.")
        #expect(encoder.architecture.experts == 1 && encoder.batchesTracked > 0)
    }

    @Test(
        "to safetensors and back: the same tensors, types and structure",
        .enabled(if: SharedData.hasFixtures("checkpoint_0001_e1.pth.tar", "checkpoint_0001_e1_expected.safetensors")))
    func roundTrip() throws {
        let scratch = try ScratchFolder()
        let original = SharedData.fixture("checkpoint_0001_e1.pth.tar")
        let (flat, back, again) = (scratch.file("a.safetensors"), scratch.file("b.pth.tar"), scratch.file("c.safetensors"))
        try CheckpointConversion.convert(original, to: flat)
        try CheckpointConversion.convert(flat, to: back)
        try CheckpointConversion.convert(back, to: again)
        #expect(try Data(contentsOf: flat) == Data(contentsOf: again))
        let (first, second) = (try TorchCheckpoint(contentsOf: original), try TorchCheckpoint(contentsOf: back))
        #expect(Self.flattened(first.root) == Self.flattened(second.root))
        #expect(Self.flattened(first.root).count > 580)
    }

    /// Everything in a tree as lines, tensors by checksum.
    private static func flattened(_ tree: TorchTree<TorchTensor>, path: String = "") -> [String] {
        switch tree {
        case .tensor(let tensor): return ["\(path) \(tensor.type) \(tensor.shape) \(Checksum.sha256(tensor.bytes))"]
        case .list(let values), .tuple(let values):
            var lines = ["\(path) \(values.count)"]
            for (index, value) in values.enumerated() { lines += flattened(value, path: "\(path)/\(index)") }
            return lines
        case .dictionary(let dictionary):
            var lines = ["\(path) \(dictionary.isOrderedDict)"]
            for (key, value) in dictionary.items { lines += flattened(value, path: "\(path)/\(key)") }
            for (key, value) in dictionary.attributes { lines += flattened(value, path: "\(path)@\(key)") }
            return lines
        default: return ["\(path) \(tree)"]
        }
    }

    @Test("every type of tensor and value survives writing, converting and reading")
    func everyType() throws {
        let scratch = try ScratchFolder()
        var state: [(TorchTree<TorchTensor>.Key, TorchTree<TorchTensor>)] = []
        for type in Safetensors.ElementType.allCases {
            let bytes = Data((0..<6 * type.size).map { UInt8(type == .bool ? $0 % 2 : $0 * 37 % 251) })
            state.append((.text("module.\(type)"), .tensor(TorchTensor(type: type, shape: [2, 3], bytes: bytes))))
        }
        state.append((.text("module.empty"), .tensor(TorchTensor(type: .float32, shape: [0, 3], bytes: Data()))))
        state.append((.text("module.scalar"), .tensor(TorchTensor(type: .int64, shape: [], bytes: Data(count: 8)))))
        let root: TorchTree<TorchTensor> = .plain([
            ("epoch", .int(70_000)), ("big", .int(1 << 40)), ("negative", .int(-3)), ("rate", .float(0.1)), ("endless", .float(-.infinity)),
            ("nothing", .none), ("yes", .bool(true)), ("name", .text("é\n\"")), ("pair", .tuple([.float(0.9), .float(0.999)])),
            ("four", .tuple([.int(1), .int(2), .int(3), .int(256)])), ("list", .list([.list([]), .tuple([])])),
            (
                "state_dict",
                .dictionary(TorchTree.Dictionary(items: state, isOrderedDict: true, attributes: [(.text("_metadata"), .plain([]))]))
            ), ("numbers", .dictionary(TorchTree.Dictionary(items: [(.int(0), .int(1)), (.int(-9), .none)]))),
        ])
        let (first, flat, second) = (scratch.file("a.pth.tar"), scratch.file("b.safetensors"), scratch.file("c.pth.tar"))
        try TorchCheckpoint(root).write(to: first)
        #expect(Self.flattened(try TorchCheckpoint(contentsOf: first).root) == Self.flattened(root))
        try CheckpointConversion.convert(first, to: flat)
        try CheckpointConversion.convert(flat, to: second)
        #expect(try Data(contentsOf: first) == Data(contentsOf: second))
        #expect(try Safetensors(contentsOf: flat)["bfloat16"]?.type == .bfloat16)
    }

    @Test("files that are no checkpoints are refused with a sentence")
    func refusals() throws {
        let scratch = try ScratchFolder()
        let pickle = PickleBytes([.tensor(.storage("0", count: 4), shape: [4], strides: [1]), .ops(".")]).data
        func archive(_ name: String, _ entries: [(String, Data)]) throws -> URL {
            try ZipArchiveWriter.write(entries.map { (name: $0.0, data: $0.1) }, to: scratch.file(name))
            return scratch.file(name)
        }
        let good = try archive("good.pth.tar", [("a/data.pkl", pickle), ("a/data/0", Data(count: 16))])
        #expect(try CheckpointConversion.open(good).entries.count == 1)
        try Data("no archive".utf8).write(to: scratch.file("text.pth.tar"))
        try Data(try Data(contentsOf: good).dropLast(40)).write(to: scratch.file("cut.pth.tar"))
        var flipped = try Data(contentsOf: good)
        let place = try #require(flipped.firstRange(of: Data(count: 16))).lowerBound
        flipped[place] ^= 1
        try flipped.write(to: scratch.file("flipped.pth.tar"))
        let cases = [
            (scratch.file("gone.pth.tar"), "no such file"), (scratch.file("text.pth.tar"), "not a zip archive"),
            (scratch.file("cut.pth.tar"), "not a zip archive"), (scratch.file("flipped.pth.tar"), "cannot be read"),
            (try archive("empty.pth.tar", [("a/version", Data("3".utf8))]), "no entry data.pkl"),
            (try archive("order.pth.tar", [("a/data.pkl", pickle), ("a/byteorder", Data("big".utf8))]), "byte order"),
            (try archive("short.pth.tar", [("a/data.pkl", pickle), ("a/data/0", Data(count: 12))]), "has 12 bytes"),
            (try archive("missing.pth.tar", [("a/data.pkl", pickle)]), "is missing"),
            (
                try archive("evil.pth.tar", [("a/data.pkl", PickleBytes([.global("os", "system"), .ops("(NtR.")]).data)]),
                "asks for os.system, which is refused"
            ),
        ]
        for (file, words) in cases {
            do {
                _ = try CheckpointConversion.open(file)
                Issue.record("\(file.lastPathComponent) was read")
            } catch let failure as Failure {
                #expect(failure.description.contains(words) && failure.description.contains(file.path), "\(failure.description)")
            }
        }
        #expect(throws: Failure.self) { try CheckpointConversion.convert(good, to: scratch.file("x.pth.tar")) }
    }

    @Test(
        "features accept the release's file",
        .enabled(if: SharedData.hasFixtures("checkpoint_0001_e1.pth.tar", "checkpoint_0001_e1_expected.safetensors")))
    func features() throws {
        let weights = SharedData.fixture("checkpoint_0001_e1.pth.tar")
        var writer = SafetensorsWriter()
        writer.add("patches", shape: [1, 1, 32, 32, 32], floats: (0..<32768).map { Float($0 % 97) / 97 - 0.5 })
        writer.add("locations", shape: [1, 3], floats: [0.1, -0.2, 0.3])
        let patches = try Safetensors(writer.data, path: "patches")
        let scratch = try ScratchFolder()
        try CheckpointConversion.convert(weights, to: scratch.file("w.safetensors"))
        let direct = try FeatureExtractor(weights: weights, parallel: Parallel(threads: 1)).encode(patches)
        let converted = try FeatureExtractor(weights: scratch.file("w.safetensors"), parallel: Parallel(threads: 1)).encode(patches)
        #expect(direct.representations == converted.representations && direct.representations.contains { $0 != 0 })
    }
}
