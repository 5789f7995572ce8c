import Cohorts
import Foundation
import Foundations
import Learning
import Network
import TestSupport
import Testing

/// What is not finite, or in another unit, is refused where it enters: it would become a feature, and then an answer.
struct FiniteInputTests {
    private static let architecture = EncoderArchitecture(experts: 1)

    /// Weights under the release's names, one value of one tensor replaced.
    private static func weights(_ scratch: borrowing ScratchFolder, _ name: String? = nil, _ value: Float = 0) throws -> URL {
        let encoder = PatchEncoder(architecture: architecture)
        encoder.initialise(seed: 3, scheme: .release)
        if let name {
            let set = encoder.parameters.layout.contains(name) ? encoder.parameters : encoder.statistics
            set[name][1] = value
        }
        var writer = SafetensorsWriter()
        encoder.add(to: &writer)
        let file = scratch.file("w.safetensors")
        try writer.write(to: file)
        return file
    }

    private static func table(patch: Float = 0.1, location: Float = 0.3) throws -> Safetensors {
        var patches = [Float](repeating: 0.1, count: 2 * PatchStore.patchVoxels)
        patches[PatchStore.patchVoxels + 5] = patch
        var writer = SafetensorsWriter()
        writer.add("patches", shape: [2, 1, 32, 32, 32], floats: patches)
        writer.add("locations", shape: [2, 3], floats: [0, 0.5, -0.5, location, 0, 1])
        return try Safetensors(writer.data, path: "p.safetensors")
    }

    @Test(
        "Weights that are not finite, and negative variances, are refused by name",
        arguments: [
            ("conv1.weight", Float.nan, "conv1.weight holds nan"),
            ("downsample2.conv1.bias", .infinity, "downsample2.conv1.bias holds inf"),
            ("bn1.running_var", -1, "bn1.running_var holds the variance -1"), ("bn1.running_mean", .nan, "bn1.running_mean holds nan"),
        ])
    func weights(_ name: String, _ value: Float, _ words: String) throws {
        let scratch = try ScratchFolder()
        let file = try Self.weights(scratch, name, value)
        let failure = #expect(throws: Failure.self) { try FeatureExtractor(weights: file, parallel: Parallel(threads: 1)) }
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
    }

    @Test("Patches and places that are not finite, HU as reals, and millimetres are refused with the patch's number")
    func patches() throws {
        let scratch = try ScratchFolder()
        let extractor = try FeatureExtractor(weights: Self.weights(scratch), parallel: Parallel(threads: 1))
        let features = try extractor.encode(Self.table())
        #expect(features.representations.allSatisfy(\.isFinite) && features.embeddings.allSatisfy(\.isFinite))
        for (patch, location, words) in [
            (Float.nan, Float(0), "patches holds nan"), (-.infinity, 0, "patches holds -inf"), (-950, 0, "give HU as Int16"),
            (0, .nan, "locations holds nan"), (0, 120, "not millimetres"),
        ] {
            let failure = #expect(throws: Failure.self) { try extractor.encode(Self.table(patch: patch, location: location)) }
            #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
        }
    }

    @Test("Where the expected names are missing, those that are there are listed")
    func names() throws {
        let scratch = try ScratchFolder()
        let encoder = PatchEncoder(architecture: Self.architecture)
        var writer = SafetensorsWriter()
        encoder.add(to: &writer, prefix: "model.backbone.")
        let file = scratch.file("w.safetensors")
        try writer.write(to: file)
        let failure = #expect(throws: Failure.self) { try FeatureExtractor(weights: file, parallel: Parallel(threads: 1)) }
        #expect(failure?.description.contains("it holds model.backbone.") == true)
        #expect(failure?.description.contains("also behind encoder_q. or module.encoder_q.") == true)
    }

    @Test("A tensor of a type that is not read leaves the others readable, and is named where it is wanted")
    func otherTypes() throws {
        let json = Data(
            "{\"a\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}"
                .utf8)
        let bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + Data(count: 8) + Data([0, 0, 128, 63])
        let file = try Safetensors(bytes, path: "x")
        #expect(try file.floats("b") == [1])
        #expect(file.unread.map(\.name) == ["a"])
        let failure = #expect(throws: Failure.self) { try file.floats("a") }
        #expect(failure?.description.contains("a has the type U64") == true)
    }
}
