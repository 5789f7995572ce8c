import Foundation
import Foundations
import StudyResults

/// Parts of an experiment that take long, kept as soon as they are done, so that a run that is killed does not compute them again.
package struct ExperimentPieces {
    private struct Entry<Value: Codable>: Codable {
        let key: String
        let value: Value
    }

    private let folder: ExperimentFolder
    private let key: String

    /// - Parameter key: covers what all experiments of the run depend on.
    package init(folder: ExperimentFolder, key: String) {
        self.folder = folder
        self.key = key
    }

    /// The value that is kept under a name for these inputs, else what `compute` gives, which is then kept.
    /// - Parameter inputs: what the value depends on besides the run's key.
    package func value<Value: Codable>(_ name: String, of inputs: String, _ compute: () throws -> Value) throws -> Value {
        let file = folder.piece(name)
        let wanted = Checksum.sha256(Data("\(key) \(inputs)".utf8))
        if let data = try? Data(contentsOf: file), Seal.holds(data), let found = try? JSONDecoder().decode(Entry<Value>.self, from: data),
            found.key == wanted
        {
            return found.value
        }
        let value = try compute()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try AtomicFile.write(Seal.sealed(json: encoder.encode(Entry(key: wanted, value: value))), to: file)
        return value
    }
}
