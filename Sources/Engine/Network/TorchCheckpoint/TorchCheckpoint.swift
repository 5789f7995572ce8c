import Foundation
import Foundations

/// A checkpoint in PyTorch's own format, as the release writes it: a zip archive with a pickle (`data.pkl`) and one entry a storage (`data/0`, …).
///
/// Source: `torch.save` since PyTorch 1.6. Nothing in the file is executed.
package struct TorchCheckpoint {
    package let root: TorchTree<TorchTensor>

    package init(_ root: TorchTree<TorchTensor>) { self.root = root }

    /// Reads a file whole.
    /// - Throws: `Failure` where it is no such archive, is damaged, or asks for anything but tensors and plain containers.
    package init(contentsOf file: URL) throws {
        let archive = try ZipArchive(file)
        guard let pickle = archive.names.first(where: { $0.hasSuffix("/data.pkl") && $0.count(where: { $0 == "/" }) == 1 }) else {
            throw Failure("\(file.path) is a zip archive but no checkpoint of PyTorch: it has no entry data.pkl")
        }
        let folder = pickle.dropLast("data.pkl".count)
        if let order = try archive.read(folder + "byteorder"), order != Data("little".utf8) {
            throw Failure("\(file.path) was written on a machine with another byte order; load and save it on a little-endian one")
        }
        var storages: [String: TorchStorage] = [:]
        do {
            root = try PickleReader.read(try archive.read(pickle) ?? Data()) { key, type, count in
                if let present = storages[key] {
                    guard present.type == type, present.count == count else { throw Failure("the storage \(key) is described in two ways") }
                    return present
                }
                guard let bytes = try archive.read("\(folder)data/\(key)") else { throw Failure("the storage \(key) is missing") }
                let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
                guard !overflow, bytes.count == size else {
                    throw Failure("the storage \(key) has \(bytes.count) bytes, expected \(count) elements of \(type.rawValue)")
                }
                let storage = TorchStorage(type: type, count: count, bytes: bytes)
                storages[key] = storage
                return storage
            }
        } catch let failure as Failure {
            throw failure.description.hasPrefix(file.path) ? failure : Failure("\(file.path): \(failure.description)")
        }
    }

    /// Writes it; the file is complete or not there, and the same tree gives the same bytes.
    package func write(to file: URL) throws {
        let pickle = PickleWriter(root)
        var entries = [("archive/data.pkl", pickle.bytes), ("archive/byteorder", Data("little".utf8))]
        entries += pickle.storages.enumerated().map { ("archive/data/\($0)", $1) }
        entries.append(("archive/version", Data("3\n".utf8)))
        try ZipArchiveWriter.write(entries, to: file)
    }
}
