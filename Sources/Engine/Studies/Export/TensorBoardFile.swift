import Foundation
import Foundations

/// Writes a run's steps as a TensorBoard event file: TFRecord framing around protocol buffers of `tensorflow.Event`.
///
/// A record is its length (UInt64), the masked CRC-32C of the length, the bytes, and their masked CRC-32C, all little endian.
package struct TensorBoardFile {
    package private(set) var data = Data()

    /// - Parameter began: wall-clock time of t = 0, seconds since 1970.
    package init(_ metrics: RunMetrics, began: Double) {
        var version = Message()
        version.add(1, double: began)
        version.add(3, bytes: Data("brain.Event:2".utf8))
        append(version.data)
        for row in metrics.rows {
            var summary = Message()
            for column in RunMetrics.columns {
                guard let number = column.value(row.metrics) else { continue }
                var value = Message()
                value.add(1, bytes: Data(column.name.utf8))
                value.add(2, float: Float(number))
                summary.add(1, bytes: value.data)
            }
            var event = Message()
            event.add(1, double: began + row.t)
            event.add(2, integer: UInt64(row.step))
            event.add(5, bytes: summary.data)
            append(event.data)
        }
    }

    /// Writes the file into a folder, under the name that TensorBoard looks for.
    /// - Parameter kept: kinds of folders whose own files it must not replace.
    /// - Returns: the file.
    package func write(to folder: URL, began: Double, kept: [KeptFolder]) throws -> URL {
        let file = folder.appendingPathComponent("events.out.tfevents.\(Int(began)).workbench")
        var targets = CommandFiles(kept: kept)
        targets.writes("the event file", file.path)
        try targets.check()
        try AtomicFile.write(data, to: file)
        return file
    }

    private mutating func append(_ record: Data) {
        var length = Data()
        withUnsafeBytes(of: UInt64(record.count).littleEndian) { length.append(contentsOf: $0) }
        for part in [length, record] {
            data.append(part)
            withUnsafeBytes(of: CRC32C.masked(part).littleEndian) { data.append(contentsOf: $0) }
        }
    }

    /// A protocol buffer in the making.
    private struct Message {
        private(set) var data = Data()

        mutating func add(_ field: UInt64, double: Double) {
            varint(field << 3 | 1)
            withUnsafeBytes(of: double.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }

        mutating func add(_ field: UInt64, float: Float) {
            varint(field << 3 | 5)
            withUnsafeBytes(of: float.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }

        mutating func add(_ field: UInt64, integer: UInt64) {
            varint(field << 3)
            varint(integer)
        }

        mutating func add(_ field: UInt64, bytes: Data) {
            varint(field << 3 | 2)
            varint(UInt64(bytes.count))
            data.append(bytes)
        }

        private mutating func varint(_ number: UInt64) {
            var rest = number
            while rest > 127 {
                data.append(UInt8(rest & 127 | 128))
                rest >>= 7
            }
            data.append(UInt8(rest))
        }
    }
}

/// The checksum of TFRecord files: CRC-32 of Castagnoli's polynomial.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    package static func checksum(_ bytes: Data) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 255)] ^ $0 >> 8 }
    }

    /// Rotated and offset, so that a checksum of bytes which hold checksums stays useful.
    package static func masked(_ bytes: Data) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
