import CZip
import Foundation
import Foundations
import Network

/// Turns checkpoints of the release (`.pth.tar`) into safetensors files and back, without loss: values and types of all tensors, the optimiser's
/// momentum, and everything else (`epoch`, `arch`, settings of the optimiser), which a safetensors file keeps as text in its metadata.
package enum CheckpointConversion {
    /// Metadata of a converted file: the checkpoint's structure with names in place of tensors.
    static let structure = "torch"

    /// The version of libzip.
    package static var libraryVersion: String { String(cString: zip_libzip_version()) }

    /// Opens either kind, by its content, as named tensors.
    package static func open(_ file: URL) throws -> Safetensors {
        guard try isArchive(file) else { return try Safetensors(contentsOf: file) }
        return try Safetensors(writer(for: TorchCheckpoint(contentsOf: file)).data, path: file.path)
    }

    /// Converts by the two names' endings.
    package static func convert(_ input: URL, to output: URL) throws {
        switch (try isArchive(input), isTorchName(output)) {
        case (true, false): try writer(for: TorchCheckpoint(contentsOf: input)).write(to: output)
        case (false, true): try checkpoint(from: Safetensors(contentsOf: input), at: input).write(to: output)
        case (true, true), (false, false):
            throw Failure(
                "\(input.path) is a \(isTorchName(output) ? "checkpoint of PyTorch" : "safetensors file") already; convert goes between "
                    + ".safetensors and .pth.tar")
        }
    }

    /// Whether a name ends like a checkpoint of PyTorch.
    package static func isTorchName(_ file: URL) -> Bool {
        [".pth.tar", ".pth", ".pt"].contains { file.lastPathComponent.hasSuffix($0) }
    }

    private static func isArchive(_ file: URL) throws -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { throw Failure("cannot read \(file.path): no such file") }
        defer { try? handle.close() }
        let start = try handle.read(upToCount: 4) ?? Data()
        return start.starts(with: Data("PK".utf8)) || isTorchName(file)
    }

    // MARK: to safetensors

    private static func writer(for checkpoint: TorchCheckpoint) throws -> SafetensorsWriter {
        var names = TorchNames(checkpoint.root)
        var tensors: [(String, TorchTensor)] = []
        let structure = try checkpoint.root.map { path, tensor in
            let name = try names.name(path)
            tensors.append((name, tensor))
            return name
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var metadata = ["format": "pt", Self.structure: String(decoding: try encoder.encode(structure), as: UTF8.self)]
        // A checkpoint that came from here brings its own metadata back.
        if case .dictionary(let kept)? = checkpoint.root["metadata"] {
            for case (.text(let key), .text(let value)) in kept.items { metadata[key] = value }
        }
        var writer = SafetensorsWriter(metadata: metadata)
        for (name, tensor) in tensors { writer.add(name, type: tensor.type, shape: tensor.shape, bytes: tensor.bytes) }
        return writer
    }

    // MARK: from safetensors

    private static func checkpoint(from file: Safetensors, at place: URL) throws -> TorchCheckpoint {
        func tensor(_ name: String) throws -> TorchTensor {
            guard let entry = file[name] else {
                throw Failure("\(place.path): its structure names the tensor \(name), which it does not hold")
            }
            return TorchTensor(type: entry.type, shape: entry.shape, bytes: try file.bytes(name))
        }
        if let other = file.unread.first {
            throw Failure("\(place.path): \(other.name) has the type \(other.type), which cannot be converted; remove that tensor")
        }
        guard let text = file.metadata[structure] else {
            return TorchCheckpoint(try ReleaseCheckpoint(file, at: place).tree(tensor))
        }
        let tree: TorchTree<String>
        do { tree = try JSONDecoder().decode(TorchTree<String>.self, from: Data(text.utf8)) } catch {
            throw Failure("\(place.path): the checkpoint's structure in its metadata (\(structure)) is damaged: \(error)")
        }
        var used: Set<String> = []
        let root = try tree.map { _, name in
            used.insert(name)
            return try tensor(name)
        }
        if let stranger = file.entries.first(where: { !used.contains($0.name) }) {
            throw Failure(
                "\(place.path) holds the tensor \(stranger.name), which its checkpoint's structure does not know; remove it, or the metadata "
                    + "\(structure)")
        }
        return TorchCheckpoint(root)
    }
}
