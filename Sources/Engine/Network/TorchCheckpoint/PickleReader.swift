import Foundation
import Foundations

/// Reads the pickle of a checkpoint without executing anything: a machine with a stack that knows tensors, plain containers, text and numbers,
/// and refuses every other instruction or name.
///
/// Format: Python's `pickletools`; the subset is that of `torch.load(weights_only=True)`, narrower still.
package struct PickleReader {
    /// Gives the storage of a key, a type and a number of elements: the same object for the same key.
    package typealias StorageSource = (_ key: String, _ type: Safetensors.ElementType, _ count: Int) throws -> TorchStorage

    private static let largestPickle = 64 << 20
    private static let largestTree = 1 << 20
    private static let deepest = TorchTree<String>.deepest

    private let bytes: Data
    private var position: Int
    private let storages: StorageSource
    private var stack: [PickleObject] = []
    private var marks: [Int] = []
    private var memo: [UInt32: PickleObject] = [:]
    /// All containers ever made: they live as long as the reader and are emptied at its end.
    private var containers: [PickleContainer] = []
    /// Bytes of tensors so far; views of one storage must not add up to vastly more than the storages.
    private var tensorBytes = 0
    private var storageBytes = 0
    private var seenStorages: Set<ObjectIdentifier> = []

    /// - Throws: `Failure` that says what is wrong or what was refused.
    package static func read(_ bytes: Data, storages: @escaping StorageSource) throws -> TorchTree<TorchTensor> {
        guard bytes.count <= largestPickle else { throw Failure("the pickle has \(bytes.count) bytes, expected \(largestPickle) at most") }
        var reader = PickleReader(bytes: bytes, position: bytes.startIndex, storages: storages)
        defer { reader.containers.forEach { $0.clear() } }
        try reader.run()
        var budget = largestTree
        return try tree(try reader.result(), depth: 0, budget: &budget)
    }

    private init(bytes: Data, position: Int, storages: @escaping StorageSource) {
        self.bytes = bytes
        self.position = position
        self.storages = storages
    }

    private func result() throws -> PickleObject {
        guard stack.count == 1, marks.isEmpty else { throw Failure("the pickle ends with \(stack.count) objects, expected 1") }
        return stack[0]
    }

    // MARK: instructions

    private mutating func run() throws {
        while true {
            let code = try byte()
            switch code {
            case 0x80:
                let version = try byte()
                guard version <= 5 else { throw Failure("the pickle has protocol \(version), expected 5 at most") }
            case 0x95: _ = try take(8)
            case UInt8(ascii: "."): return
            case UInt8(ascii: "("): marks.append(stack.count)
            case UInt8(ascii: "N"): stack.append(.none)
            case 0x88: stack.append(.bool(true))
            case 0x89: stack.append(.bool(false))
            case UInt8(ascii: "K"): stack.append(.int(Int(try byte())))
            case UInt8(ascii: "M"): stack.append(.int(Int(try unsigned(2))))
            case UInt8(ascii: "J"): stack.append(.int(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
            case 0x8A: stack.append(.int(try longInteger(Int(try byte()))))
            case UInt8(ascii: "G"): stack.append(.float(Double(bitPattern: UInt64(try unsigned(8)).byteSwapped)))
            case UInt8(ascii: "X"): stack.append(.text(try text(Int(try unsigned(4)))))
            case 0x8C, UInt8(ascii: "U"): stack.append(.text(try text(Int(try byte()))))
            case UInt8(ascii: "]"): push(.list, [])
            case UInt8(ascii: "}"): push(.dict, [])
            case UInt8(ascii: ")"): push(.tuple, [])
            case UInt8(ascii: "t"): push(.tuple, try popToMark())
            case 0x85...0x87: push(.tuple, try pop(Int(code - 0x84)))
            case UInt8(ascii: "a"): try append(try pop(1))
            case UInt8(ascii: "e"): try append(try popToMark())
            case UInt8(ascii: "s"): try setItems(try pop(2))
            case UInt8(ascii: "u"): try setItems(try popToMark())
            case UInt8(ascii: "q"): try memorise(UInt32(try byte()))
            case UInt8(ascii: "r"): try memorise(UInt32(try unsigned(4)))
            case 0x94: try memorise(UInt32(memo.count))
            case UInt8(ascii: "h"): try recall(UInt32(try byte()))
            case UInt8(ascii: "j"): try recall(UInt32(try unsigned(4)))
            case UInt8(ascii: "c"): try pushGlobal(module: try line(), name: try line())
            case 0x93:
                let words = try pop(2)
                guard case .text(let module) = words[0], case .text(let name) = words[1] else { throw damaged("a name that is no text") }
                try pushGlobal(module: module, name: name)
            case UInt8(ascii: "Q"): stack.append(.storage(try storage(try pop(1)[0])))
            case UInt8(ascii: "R"): try reduce()
            case UInt8(ascii: "b"): try build()
            case UInt8(ascii: "i"): throw Self.refused("the class \(try line()).\(try line())")
            case UInt8(ascii: "o"): throw Self.refused("an object of \(try popToMark().first?.kind ?? "nothing")")
            case 0x81, 0x92: throw Self.refused("an object of \(try pop(code == 0x81 ? 2 : 3)[0].kind)")
            default:
                throw Failure(
                    "the pickle has the instruction 0x\(String(code, radix: 16)) at byte \(position - 1 - bytes.startIndex), which is refused: "
                        + "only tensors and plain containers are read")
            }
            guard stack.count <= Self.largestTree, marks.count <= Self.largestTree, memo.count <= Self.largestTree else {
                throw Failure("the pickle holds more than \(Self.largestTree) objects")
            }
        }
    }

    private static func refused(_ what: String) -> Failure {
        Failure("the pickle asks for \(what), which is refused: only tensors and plain containers are read, and nothing is executed")
    }

    private func damaged(_ found: String) -> Failure {
        Failure("the pickle is damaged: \(found) at byte \(position - bytes.startIndex)")
    }

    private mutating func pushGlobal(module: String, name: String) throws {
        let full = "\(module).\(name)"
        guard let global = PickleGlobal(name: full) else { throw Self.refused(full) }
        stack.append(.global(global))
    }

    private mutating func append(_ values: [PickleObject]) throws {
        guard case .container(let list) = try top(), list.kind == .list else { throw damaged("elements for something that is no list") }
        values.forEach(list.append)
    }

    private mutating func setItems(_ values: [PickleObject]) throws {
        guard case .container(let dictionary) = try top(), dictionary.kind == .dict || dictionary.kind == .orderedDict else {
            throw damaged("items for something that is no dict")
        }
        guard values.count % 2 == 0 else { throw damaged("a key without a value") }
        for place in stride(from: 0, to: values.count, by: 2) {
            switch values[place] {
            case .int(let key): dictionary.set(.int(key), values[place + 1])
            case .text(let key): dictionary.set(.text(key), values[place + 1])
            default: throw Failure("the pickle has \(values[place].kind) as a key, expected text or a whole number")
            }
        }
    }

    /// Python's call `function(*arguments)`: only a tensor's reconstruction and an empty `OrderedDict` are known.
    private mutating func reduce() throws {
        let parts = try pop(2)
        guard case .global(let global) = parts[0] else { throw Self.refused("a call of \(parts[0].kind)") }
        guard case .container(let arguments) = parts[1], arguments.kind == .tuple else { throw damaged("a call without arguments") }
        switch global {
        case .orderedDict:
            guard arguments.values.isEmpty else { throw Self.refused("an OrderedDict made from \(arguments.values.count) arguments") }
            push(.orderedDict, [])
        case .rebuildTensor: stack.append(.tensor(try tensor(arguments.values)))
        case .storage: throw Self.refused("a call of \(global.name)")
        }
    }

    /// Python's `object.__dict__.update(state)`: known for an `OrderedDict`, where a `state_dict` keeps its `_metadata`.
    private mutating func build() throws {
        let state = try pop(1)[0]
        guard case .container(let target) = try top(), target.kind == .orderedDict else {
            throw Self.refused("setting the state of \(try top().kind)")
        }
        guard case .container(let attributes) = state, attributes.kind == .dict else { throw Self.refused("a state that is \(state.kind)") }
        target.attributes = attributes
    }

    // MARK: tensors

    /// `('storage', type, key, device, elements)`.
    private mutating func storage(_ reference: PickleObject) throws -> TorchStorage {
        guard case .container(let fields) = reference, fields.kind == .tuple, fields.values.count == 5,
            case .text("storage") = fields.values[0],
            case .global(.storage(let type)) = fields.values[1], case .text(let key) = fields.values[2], case .text = fields.values[3],
            case .int(let count) = fields.values[4]
        else { throw damaged("a reference to something that is no storage") }
        let found = try storages(key, type, count)
        if seenStorages.insert(ObjectIdentifier(found)).inserted { storageBytes += found.count * found.type.size }
        return found
    }

    /// `(storage, offset, size, stride, requires_grad, backward_hooks)`.
    private mutating func tensor(_ arguments: [PickleObject]) throws -> TorchTensor {
        guard arguments.count == 6, case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1],
            let shape = Self.integers(arguments[2]), let strides = Self.integers(arguments[3]), case .bool = arguments[4],
            case .container(let hooks) = arguments[5], hooks.kind == .orderedDict
        else { throw damaged("a tensor with unknown arguments") }
        guard hooks.values.isEmpty else { throw Self.refused("a tensor's backward hooks") }
        let tensor = try storage.tensor(offset: offset, shape: shape, strides: strides)
        tensorBytes += tensor.bytes.count
        guard tensorBytes <= 4 * storageBytes else {
            throw Failure("the pickle's tensors repeat their storages many times over, which is refused")
        }
        return tensor
    }

    private static func integers(_ object: PickleObject) -> [Int]? {
        guard case .container(let tuple) = object, tuple.kind == .tuple else { return nil }
        var result: [Int] = []
        for value in tuple.values {
            guard case .int(let number) = value else { return nil }
            result.append(number)
        }
        return result
    }

    // MARK: stack and memo

    private mutating func push(_ kind: PickleContainer.Kind, _ values: [PickleObject]) {
        let container = PickleContainer(kind)
        values.forEach(container.append)
        containers.append(container)
        stack.append(.container(container))
    }

    private func top() throws -> PickleObject {
        guard let object = stack.last, stack.count > marks.last ?? 0 else { throw damaged("an instruction without its object") }
        return object
    }

    private mutating func pop(_ count: Int) throws -> [PickleObject] {
        guard stack.count - count >= marks.last ?? 0 else { throw damaged("an instruction without its objects") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleObject] {
        guard let mark = marks.popLast() else { throw damaged("an instruction without its mark") }
        return try pop(stack.count - mark)
    }

    private mutating func memorise(_ index: UInt32) throws { memo[index] = try top() }

    private mutating func recall(_ index: UInt32) throws {
        guard let object = memo[index] else { throw damaged("a reference to the unknown object \(index)") }
        stack.append(object)
    }

    // MARK: bytes

    private mutating func byte() throws -> UInt8 {
        guard position < bytes.endIndex else { throw damaged("an early end") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws -> Data {
        guard count <= bytes.endIndex - position else { throw damaged("an early end") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func unsigned(_ size: Int) throws -> UInt {
        try take(size).reversed().reduce(0) { $0 << 8 | UInt($1) }
    }

    private mutating func longInteger(_ size: Int) throws -> Int {
        guard size <= 8 else { throw Failure("the pickle has a whole number of \(size) bytes, expected 8 at most") }
        let digits = try take(size)
        let negative = digits.last.map { $0 & 0x80 != 0 } ?? false
        return digits.reversed().reduce(negative ? -1 : 0) { $0 << 8 | Int($1) }
    }

    private mutating func text(_ size: Int) throws -> String {
        guard let text = String(validating: try take(size), as: UTF8.self) else { throw damaged("text that is not UTF-8") }
        return text
    }

    private mutating func line() throws -> String {
        guard let end = bytes[position...].prefix(1024).firstIndex(of: 0x0A) else { throw damaged("a name without an end") }
        defer { position = end + 1 }
        guard let text = String(validating: bytes[position..<end], as: UTF8.self) else { throw damaged("a name that is not UTF-8") }
        return text
    }

    // MARK: result

    /// The finished tree. What is shared becomes copies, within a budget; what contains itself ends at the depth limit.
    private static func tree(_ object: PickleObject, depth: Int, budget: inout Int) throws -> TorchTree<TorchTensor> {
        budget -= 1
        guard budget > 0 else { throw Failure("the pickle holds more than \(largestTree) objects") }
        guard depth <= deepest else { throw Failure("the pickle's containers are nested more than \(deepest) deep, or contain themselves") }
        switch object {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return .float(value)
        case .text(let value): return .text(value)
        case .tensor(let value): return .tensor(value)
        case .storage: throw refused("a storage without a tensor")
        case .global(let global): throw refused("\(global.name) as a value")
        case .container(let container):
            func items(_ container: PickleContainer) throws -> [TorchTree<TorchTensor>.Item] {
                try zip(container.keys, container.values).map { ($0, try tree($1, depth: depth + 1, budget: &budget)) }
            }
            switch container.kind {
            case .list: return .list(try container.values.map { try tree($0, depth: depth + 1, budget: &budget) })
            case .tuple: return .tuple(try container.values.map { try tree($0, depth: depth + 1, budget: &budget) })
            case .dict, .orderedDict:
                return .dictionary(
                    TorchTree.Dictionary(
                        items: try items(container), isOrderedDict: container.kind == .orderedDict,
                        attributes: try container.attributes.map(items) ?? []))
            }
        }
    }
}
