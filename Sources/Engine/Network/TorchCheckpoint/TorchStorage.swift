import Foundation
import Foundations

/// The memory that tensors of a checkpoint look into.
package final class TorchStorage {
    package let type: Safetensors.ElementType
    /// Elements.
    package let count: Int
    private let bytes: Data

    /// - Parameter bytes: `count` elements, little endian.
    package init(type: Safetensors.ElementType, count: Int, bytes: Data) {
        precondition(bytes.count == count * type.size, "TorchStorage: \(bytes.count) bytes, expected \(count) of \(type.rawValue)")
        self.type = type
        self.count = count
        self.bytes = bytes
    }

    /// The tensor of a view: element (i, j, …) lies at offset + i · strides[0] + j · strides[1] + …
    /// - Throws: `Failure` where the view reaches outside the storage or is larger than it.
    package func tensor(offset: Int, shape: [Int], strides: [Int]) throws -> TorchTensor {
        func refused(_ why: String) -> Failure {
            Failure(
                "a tensor of shape \(shape), strides \(strides), offset \(offset) does not fit its storage of \(count) elements: \(why)")
        }
        guard shape.count == strides.count else { throw refused("it has \(strides.count) strides") }
        guard shape.count <= 64, offset >= 0, (shape + strides).allSatisfy({ $0 >= 0 }) else {
            throw refused("its numbers must be positive, and 64 axes at most")
        }
        if shape.contains(0) { return TorchTensor(type: type, shape: shape, bytes: Data()) }
        var elements = 1
        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            let (reach, overflow2) = (size - 1).multipliedReportingOverflow(by: stride)
            let (end, overflow3) = last.addingReportingOverflow(reach)
            guard !overflow, !overflow2, !overflow3 else { throw refused("its size is absurd") }
            elements = product
            last = end
        }
        guard last < count else { throw refused("its last element would be \(last)") }
        // A view that repeats elements could be of any size.
        guard elements <= count else { throw refused("it has \(elements) elements") }
        return TorchTensor(type: type, shape: shape, bytes: gather(offset: offset, shape: shape, strides: strides, elements: elements))
    }

    private func gather(offset: Int, shape: [Int], strides: [Int], elements: Int) -> Data {
        let size = type.size
        // Axes of one element do not matter to the order.
        let axes = zip(shape, strides).filter { $0.0 > 1 }
        var run = 1
        var inner = axes.count
        while inner > 0, axes[inner - 1].1 == run {
            run *= axes[inner - 1].0
            inner -= 1
        }
        let start = bytes.startIndex + offset * size
        if inner == 0 { return bytes[start..<start + elements * size] }
        // Runs of neighbouring elements are copied whole; an odometer counts through the outer axes.
        var result = Data(capacity: elements * size)
        var counter = [Int](repeating: 0, count: inner)
        bytes.withUnsafeBytes { source in
            for _ in 0..<elements / run {
                var place = offset
                for axis in 0..<inner { place += counter[axis] * axes[axis].1 }
                result.append(contentsOf: UnsafeRawBufferPointer(rebasing: source[place * size..<(place + run) * size]))
                for axis in (0..<inner).reversed() {
                    counter[axis] += 1
                    if counter[axis] < axes[axis].0 { break }
                    counter[axis] = 0
                }
            }
        }
        return result
    }
}
