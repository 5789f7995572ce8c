import Foundation

/// A tree whose tensors are names, as text in a safetensors file's metadata: so that a converted checkpoint can be turned back without loss.
///
/// `null`, `true`, `"text"`; everything else is an object of one field: `{"int":1}`, `{"float":"0.1"}`, `{"tensor":name}`, `{"list":[…]}`,
/// `{"tuple":[…]}`, `{"dict":[[key,value],…]}`, `{"ordered":[…]}` (with `"attributes"`).
extension TorchTree: Codable where Leaf == String {
    /// Containers within containers.
    static var deepest: Int { 32 }

    private enum Field: String, CodingKey {
        case int, float, tensor, list, tuple, dict, ordered, attributes
    }

    /// A key and its value as an array of two.
    private struct Pair: Codable {
        let item: Item

        init(_ item: Item) { self.item = item }

        init(from decoder: Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            let key: Key =
                switch try fields.decode(TorchTree.self) {
                case .int(let value): .int(value)
                case .text(let value): .text(value)
                default: throw DecodingError.dataCorruptedError(in: fields, debugDescription: "a key is neither text nor a whole number")
                }
            item = (key, try fields.decode(TorchTree.self))
        }

        func encode(to encoder: Encoder) throws {
            var fields = encoder.unkeyedContainer()
            switch item.key {
            case .int(let value): try fields.encode(TorchTree.int(value))
            case .text(let value): try fields.encode(value)
            }
            try fields.encode(item.value)
        }
    }

    package init(from decoder: Decoder) throws {
        // A dictionary's value lies four levels of JSON below it.
        guard decoder.codingPath.count <= 4 * Self.deepest else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "nested too deeply"))
        }
        if let single = try? decoder.singleValueContainer() {
            if single.decodeNil() {
                self = .none
                return
            }
            if let value = try? single.decode(Bool.self) {
                self = .bool(value)
                return
            }
            if let value = try? single.decode(String.self) {
                self = .text(value)
                return
            }
        }
        let fields = try decoder.container(keyedBy: Field.self)
        switch fields.allKeys.first(where: { $0 != .attributes }) {
        case .int: self = .int(try fields.decode(Int.self, forKey: .int))
        case .float:
            guard let value = Double(try fields.decode(String.self, forKey: .float)) else {
                throw DecodingError.dataCorruptedError(forKey: .float, in: fields, debugDescription: "no number")
            }
            self = .float(value)
        case .tensor: self = .tensor(try fields.decode(String.self, forKey: .tensor))
        case .list: self = .list(try fields.decode([TorchTree].self, forKey: .list))
        case .tuple: self = .tuple(try fields.decode([TorchTree].self, forKey: .tuple))
        case .dict: self = .dictionary(Dictionary(items: try fields.decode([Pair].self, forKey: .dict).map(\.item)))
        case .ordered:
            self = .dictionary(
                Dictionary(
                    items: try fields.decode([Pair].self, forKey: .ordered).map(\.item), isOrderedDict: true,
                    attributes: try fields.decodeIfPresent([Pair].self, forKey: .attributes)?.map(\.item) ?? []))
        case .attributes, nil:
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no known field"))
        }
    }

    package func encode(to encoder: Encoder) throws {
        func single(_ value: some Encodable) throws {
            var container = encoder.singleValueContainer()
            try container.encode(value)
        }
        func field(_ key: Field, _ value: some Encodable) throws {
            var fields = encoder.container(keyedBy: Field.self)
            try fields.encode(value, forKey: key)
        }
        switch self {
        case .none:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value): try single(value)
        case .text(let value): try single(value)
        case .int(let value): try field(.int, value)
        case .float(let value): try field(.float, String(value))
        case .tensor(let name): try field(.tensor, name)
        case .list(let values): try field(.list, values)
        case .tuple(let values): try field(.tuple, values)
        case .dictionary(let dictionary):
            try field(dictionary.isOrderedDict ? .ordered : .dict, dictionary.items.map(Pair.init))
            if !dictionary.attributes.isEmpty { try field(.attributes, dictionary.attributes.map(Pair.init)) }
        }
    }
}
