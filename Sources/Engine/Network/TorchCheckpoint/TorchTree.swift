import Foundation
import Foundations

/// What a checkpoint of PyTorch holds: tensors inside plain containers. `Leaf` stands for a tensor.
package enum TorchTree<Leaf> {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case tensor(Leaf)
    case list([TorchTree])
    case tuple([TorchTree])
    case dictionary(Dictionary)

    /// Keys are whole numbers or text.
    package enum Key: Hashable, CustomStringConvertible {
        case int(Int)
        case text(String)

        package var description: String {
            switch self {
            case .int(let value): String(value)
            case .text(let value): value
            }
        }
    }

    package typealias Item = (key: Key, value: TorchTree)

    /// A `dict` or an `OrderedDict`; both keep their order.
    package struct Dictionary {
        package var items: [Item]
        package var isOrderedDict: Bool
        /// What Python keeps beside an `OrderedDict`'s items: a `state_dict`'s `_metadata`.
        package var attributes: [Item]

        package init(items: [Item], isOrderedDict: Bool = false, attributes: [Item] = []) {
            self.items = items
            self.isOrderedDict = isOrderedDict
            self.attributes = attributes
        }
    }

    /// The value of a key, where this is a dictionary that has it.
    package subscript(key: String) -> TorchTree? {
        guard case .dictionary(let dictionary) = self else { return nil }
        return dictionary.items.first { $0.key == .text(key) }?.value
    }

    /// A plain dictionary with text keys, in the order given.
    package static func plain(_ items: [(String, TorchTree)]) -> TorchTree {
        .dictionary(Dictionary(items: items.map { (.text($0.0), $0.1) }))
    }

    /// The same structure with every tensor replaced; `transform` is told the keys and indices that lead to it.
    package func map<Other>(path: [String] = [], _ transform: ([String], Leaf) throws -> Other) rethrows -> TorchTree<Other> {
        func pairs(_ items: [Item]) throws -> [TorchTree<Other>.Item] {
            try items.map { key, value in
                let mapped = try value.map(path: path + [key.description], transform)
                switch key {
                case .int(let number): return (.int(number), mapped)
                case .text(let text): return (.text(text), mapped)
                }
            }
        }
        func elements(_ values: [TorchTree]) throws -> [TorchTree<Other>] {
            try values.enumerated().map { try $1.map(path: path + [String($0)], transform) }
        }
        switch self {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .text(let value): return .text(value)
        case .tensor(let leaf): return .tensor(try transform(path, leaf))
        case .list(let values): return .list(try elements(values))
        case .tuple(let values): return .tuple(try elements(values))
        case .dictionary(let dictionary):
            return .dictionary(
                TorchTree<Other>.Dictionary(
                    items: try pairs(dictionary.items), isOrderedDict: dictionary.isOrderedDict,
                    attributes: try pairs(dictionary.attributes)))
        }
    }
}

/// A tensor of a checkpoint.
package struct TorchTensor: Equatable {
    package let type: Safetensors.ElementType
    package let shape: [Int]
    /// Little endian, C order.
    package let bytes: Data

    package init(type: Safetensors.ElementType, shape: [Int], bytes: Data) {
        precondition(
            bytes.count == shape.reduce(type.size, *), "TorchTensor: \(bytes.count) bytes, expected shape \(shape) of \(type.rawValue)")
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }
}

extension Safetensors.ElementType {
    /// PyTorch's name of a storage of this type, in the module `torch`.
    var torchStorage: String {
        switch self {
        case .float64: "DoubleStorage"
        case .float32: "FloatStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .int64: "LongStorage"
        case .int32: "IntStorage"
        case .int16: "ShortStorage"
        case .int8: "CharStorage"
        case .uint8: "ByteStorage"
        case .bool: "BoolStorage"
        }
    }
}
