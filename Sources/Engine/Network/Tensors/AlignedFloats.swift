import Foundation

/// Floats at a 64-byte boundary, zero at first, on huge pages where the system offers them. Allocated once and used again: a large part of a
/// naive training step is page faults.
///
/// Not Sendable: a buffer belongs to the queue that made it.
package final class AlignedFloats {
    package let count: Int
    package let pointer: UnsafeMutablePointer<Float>

    package init(count: Int) {
        self.count = count
        let bytes = max(64, (count * 4 + 63) / 64 * 64)
        let large = bytes >= 4 << 20
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: large ? 2 << 20 : 64)
        #if os(Linux)
            if large { madvise(raw, bytes, Int32(MADV_HUGEPAGE)) }
        #endif
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        pointer = raw.bindMemory(to: Float.self, capacity: count)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    /// The values as an array.
    package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    package func fill(_ value: Float) { pointer.update(repeating: value, count: count) }

    package func copy(from other: AlignedFloats) {
        precondition(count == other.count, "AlignedFloats.copy: \(other.count) floats, expected \(count)")
        pointer.update(from: other.pointer, count: count)
    }
}
