import Foundation
import Foundations

/// The location-conditional encoder with its projection head: parameters and batch-norm statistics.
///
/// Not Sendable: it belongs to the queue that made it.
package final class PatchEncoder {
    package let architecture: EncoderArchitecture
    /// The trained parameters, by the release's names.
    package let parameters: ParameterSet
    /// `running_mean` and `running_var` of every batch norm.
    package let statistics: ParameterSet
    /// Statistics that depend on the location, which inference takes instead; nil where there are none.
    package var locationStatistics: LocationStatistics?
    /// Forward passes in train mode so far (`num_batches_tracked`).
    package var batchesTracked = 0

    package init(architecture: EncoderArchitecture) {
        self.architecture = architecture
        parameters = ParameterSet(architecture.parameterLayout)
        statistics = ParameterSet(architecture.bufferLayout)
        for layer in architecture.layers {
            parameters[layer.norm + ".weight"].update(repeating: 1)
            statistics[layer.norm + ".running_var"].update(repeating: 1)
        }
    }

    /// An independent encoder with the same values.
    package func copy() -> PatchEncoder {
        let other = PatchEncoder(architecture: architecture)
        other.parameters.values.copy(from: parameters.values)
        other.statistics.values.copy(from: statistics.values)
        other.locationStatistics = locationStatistics
        other.batchesTracked = batchesTracked
        return other
    }

    /// Reads an encoder under the release's names, any number of experts; `prefix` is for example `encoder_q.`.
    package convenience init(from file: Safetensors, prefix: String = "") throws {
        guard let first = file[prefix + "conv1.weight"], first.shape.count == 6, Array(first.shape[1...]) == [8, 1, 3, 3, 3],
            first.shape[0] > 0
        else {
            let found = file[prefix + "conv1.weight"].map { "its shape is \($0.shape)" } ?? file.contents
            throw Failure(
                "\(file.path) has no tensor \(prefix)conv1.weight of shape [experts, 8, 1, 3, 3, 3]; \(found); expected the release's parameter "
                    + "names, also behind encoder_q. or module.encoder_q.")
        }
        let headLayers = file[prefix + "fc.0.weight"] != nil ? 2 : 1
        let conditioning = try Self.conditioning(of: file, prefix: prefix)
        self.init(architecture: EncoderArchitecture(experts: first.shape[0], headLayers: headLayers, conditioning: conditioning))
        try parameters.load(from: file, prefix: prefix)
        try statistics.load(from: file, prefix: prefix)
        for entry in statistics.layout.entries where entry.name.hasSuffix("running_var") {
            guard let value = statistics[entry].first(where: { $0 < 0 }) else { continue }
            throw Failure("\(file.path): \(prefix)\(entry.name) holds the variance \(value), expected 0 or more; make it again")
        }
        locationStatistics = try LocationStatistics(from: file, prefix: prefix, architecture: architecture)
        let tracked = prefix + "bn1.num_batches_tracked"
        if let entry = file[tracked], entry.count == 1 { batchesTracked = try file.integers(tracked)[0] }
    }

    /// Kept as a number: the place of the case in the list. The release has one kind only and no such tensor.
    private static let conditioningName = "conditioning"

    private static func conditioning(of file: Safetensors, prefix: String) throws -> Conditioning {
        guard file[prefix + conditioningName] != nil else { return .locCondConv }
        let stored = try file.integers(prefix + conditioningName)
        guard let index = stored.first, Conditioning.allCases.indices.contains(index) else {
            throw Failure(
                "\(file.path): \(prefix)\(conditioningName) is \(stored), expected a number from 0 to \(Conditioning.allCases.count - 1)")
        }
        return Conditioning.allCases[index]
    }

    /// Adds all tensors under the release's names.
    package func add(to writer: inout SafetensorsWriter, prefix: String = "") {
        parameters.add(to: &writer, prefix: prefix)
        statistics.add(to: &writer, prefix: prefix)
        locationStatistics?.add(to: &writer, prefix: prefix)
        for layer in architecture.layers { writer.add(prefix + layer.norm + ".num_batches_tracked", shape: [], integers: [batchesTracked]) }
        if let kind = Conditioning.allCases.firstIndex(of: architecture.conditioning), kind > 0 {
            writer.add(prefix + Self.conditioningName, shape: [1], integers: [kind])
        }
    }
}
