import Foundation
import Foundations

/// Writes a tree as a pickle of protocol 2 with the instructions that `torch.load(weights_only=True)` reads; tensors become storages of their own.
package struct PickleWriter {
    package private(set) var bytes = Data([0x80, 2])
    /// The storages' bytes: the place in the list is the key.
    package private(set) var storages: [Data] = []

    package init(_ tree: TorchTree<TorchTensor>) {
        write(tree)
        op(".")
    }

    private mutating func write(_ tree: TorchTree<TorchTensor>) {
        switch tree {
        case .none: op("N")
        case .bool(let value): bytes.append(value ? 0x88 : 0x89)
        case .int(let value): write(value)
        case .float(let value):
            op("G")
            append(value.bitPattern.bigEndian)
        case .text(let value): write(value)
        case .tensor(let tensor): write(tensor)
        case .list(let values):
            op("]")
            guard !values.isEmpty else { return }
            op("(")
            values.forEach { write($0) }
            op("e")
        case .tuple(let values): writeTuple(values)
        case .dictionary(let dictionary):
            if dictionary.isOrderedDict { writeOrderedDict() } else { op("}") }
            write(dictionary.items)
            if !dictionary.attributes.isEmpty {
                op("}")
                write(dictionary.attributes)
                op("b")
            }
        }
    }

    private mutating func write(_ items: [TorchTree<TorchTensor>.Item]) {
        guard !items.isEmpty else { return }
        op("(")
        for (key, value) in items {
            switch key {
            case .int(let number): write(number)
            case .text(let text): write(text)
            }
            write(value)
        }
        op("u")
    }

    private mutating func writeTuple(_ values: [TorchTree<TorchTensor>]) {
        switch values.count {
        case 0: op(")")
        case 1...3:
            values.forEach { write($0) }
            bytes.append(0x84 + UInt8(values.count))
        default:
            op("(")
            values.forEach { write($0) }
            op("t")
        }
    }

    private mutating func write(_ value: Int) {
        if let small = UInt8(exactly: value) {
            op("K")
            bytes.append(small)
        } else if let medium = UInt16(exactly: value) {
            op("M")
            append(medium.littleEndian)
        } else if let large = Int32(exactly: value) {
            op("J")
            append(large.littleEndian)
        } else {
            bytes.append(contentsOf: [0x8A, 8])
            append(Int64(value).littleEndian)
        }
    }

    private mutating func write(_ text: String) {
        op("X")
        append(UInt32(text.utf8.count).littleEndian)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(_ global: PickleGlobal) {
        let dot = global.name.lastIndex(of: ".") ?? global.name.startIndex
        bytes.append(contentsOf: "c\(global.name[..<dot])\n\(global.name[global.name.index(after: dot)...])\n".utf8)
    }

    private mutating func writeOrderedDict() {
        write(.orderedDict)
        op(")")
        op("R")
    }

    private mutating func write(_ tensor: TorchTensor) {
        let count = tensor.shape.reduce(1, *)
        var strides = [Int](repeating: 1, count: tensor.shape.count)
        for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * max(1, tensor.shape[axis + 1]) }
        write(.rebuildTensor)
        op("(")
        op("(")
        write("storage")
        write(.storage(tensor.type))
        write(String(storages.count))
        write("cpu")
        write(count)
        op("t")
        op("Q")
        write(0)
        writeTuple(tensor.shape.map { .int($0) })
        writeTuple(strides.map { .int($0) })
        bytes.append(0x89)
        writeOrderedDict()
        op("t")
        op("R")
        storages.append(tensor.bytes)
    }

    private mutating func op(_ code: Unicode.Scalar) { bytes.append(UInt8(ascii: code)) }

    private mutating func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
}
