import Foundation
import Foundations

/// What lies on the stack of a pickle being read.
enum PickleObject {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case tensor(TorchTensor)
    case storage(TorchStorage)
    case global(PickleGlobal)
    case container(PickleContainer)

    /// In words, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .int: "an int"
        case .float: "a float"
        case .text: "a string"
        case .tensor: "a tensor"
        case .storage: "a storage"
        case .global(let global): global.name
        case .container(let container): "a \(container.kind)"
        }
    }
}

/// The only names that a pickle may refer to. Nothing is looked up or called: each stands for something that the reader itself builds.
enum PickleGlobal: Equatable {
    case orderedDict
    case rebuildTensor
    case storage(Safetensors.ElementType)

    private static let storages: [String: Safetensors.ElementType] = Dictionary(
        uniqueKeysWithValues: Safetensors.ElementType.allCases.map { ("torch.\($0.torchStorage)", $0) })

    init?(name: String) {
        switch name {
        case "collections.OrderedDict": self = .orderedDict
        case "torch._utils._rebuild_tensor_v2": self = .rebuildTensor
        default:
            guard let type = Self.storages[name] else { return nil }
            self = .storage(type)
        }
    }

    var name: String {
        switch self {
        case .orderedDict: "collections.OrderedDict"
        case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
        case .storage(let type): "torch.\(type.torchStorage)"
        }
    }
}

/// A container under construction. It is shared like Python's: an entry of the memo and one of the stack are the same container.
final class PickleContainer {
    enum Kind: String {
        case list
        case tuple
        case dict
        case orderedDict = "OrderedDict"
    }

    typealias Key = TorchTree<TorchTensor>.Key

    let kind: Kind
    /// A list's or tuple's elements, or a dictionary's values.
    private(set) var values: [PickleObject] = []
    /// A dictionary's keys, beside its values.
    private(set) var keys: [Key] = []
    private var places: [Key: Int] = [:]
    /// The dictionary of what Python keeps beside an `OrderedDict`'s items.
    var attributes: PickleContainer?

    init(_ kind: Kind) { self.kind = kind }

    func append(_ value: PickleObject) { values.append(value) }

    func set(_ key: Key, _ value: PickleObject) {
        if let place = places[key] {
            values[place] = value
        } else {
            places[key] = keys.count
            keys.append(key)
            values.append(value)
        }
    }

    /// Lets go of everything inside, so that neither cycles nor deep nesting outlive the reader.
    func clear() {
        values = []
        attributes = nil
    }
}
