import Foundation
import Foundations

/// Names, shapes and places of tensors that lie one after the other in one buffer.
package struct ParameterLayout: Equatable {
    package struct Entry: Equatable {
        package let name: String
        package let shape: [Int]
        package let offset: Int
        package var count: Int { shape.reduce(1, *) }
    }

    package let entries: [Entry]
    package let count: Int
    private let index: [String: Int]

    package init(_ tensors: [(name: String, shape: [Int])]) {
        var offset = 0
        entries = tensors.map { name, shape in
            let entry = Entry(name: name, shape: shape, offset: offset)
            // Every tensor starts at a 64-byte boundary.
            offset += (entry.count + 15) / 16 * 16
            return entry
        }
        count = offset
        index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    package subscript(name: String) -> Entry {
        guard let position = index[name] else { preconditionFailure("ParameterLayout: no tensor \(name)") }
        return entries[position]
    }

    package func contains(_ name: String) -> Bool { index[name] != nil }
}

/// Named tensors in one buffer, so that an optimiser's pass over all of them is one loop.
package final class ParameterSet {
    package let layout: ParameterLayout
    package let values: AlignedFloats

    package init(_ layout: ParameterLayout) {
        self.layout = layout
        values = AlignedFloats(count: layout.count)
    }

    /// The tensor's values; valid while the set lives.
    package subscript(name: String) -> UnsafeMutableBufferPointer<Float> { self[layout[name]] }

    package subscript(entry: ParameterLayout.Entry) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: values.pointer + entry.offset, count: entry.count)
    }

    /// An independent set with the same values.
    package func copy() -> ParameterSet {
        let other = ParameterSet(layout)
        other.values.copy(from: values)
        return other
    }

    /// Reads every tensor of the layout, named `prefix` + name, from a file.
    package func load(from file: Safetensors, prefix: String = "") throws {
        for entry in layout.entries {
            let read = try file.floats(prefix + entry.name, shape: entry.shape)
            _ = self[entry].update(fromContentsOf: read)
        }
    }

    /// Adds every tensor to a file.
    package func add(to writer: inout SafetensorsWriter, prefix: String = "") {
        for entry in layout.entries { writer.add(prefix + entry.name, shape: entry.shape, floats: UnsafeBufferPointer(self[entry])) }
    }
}
