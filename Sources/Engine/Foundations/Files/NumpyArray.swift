import Foundation

/// An array of integers from NumPy's `.npy` format, in C order.
package struct NumpyArray: Equatable, Sendable {
    package let shape: [Int]
    /// `shape`'s product of values, last axis fastest.
    package let values: [Int]

    /// Reads signed or unsigned integers of 1 to 8 bytes, versions 1 to 3 of the format.
    /// - Throws: `Failure` where the file is no `.npy`, cut off, in Fortran order, or of another type.
    package init(contentsOf file: URL) throws {
        try self.init(WholeFile.read(file, kind: "NumPy array"), name: file.path)
    }

    init(_ data: Data, name: String) throws {
        let bytes = [UInt8](data)
        guard bytes.count >= 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw Failure("\(name) is no NumPy array; expected a .npy file as written by numpy.save")
        }
        let wide = bytes[6] > 1
        let start = wide ? 12 : 10
        let length = (0..<(wide ? 4 : 2)).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        guard bytes.count >= start + length else { throw Failure("\(name) is cut off within its header; copy it again") }
        let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
        let type = try Self.field("descr", in: header, name: name, pattern: #"'([^']*)'"#)
        guard try Self.field("fortran_order", in: header, name: name, pattern: "(True|False)") == "False" else {
            throw Failure("\(name) is in Fortran order; save it with numpy.ascontiguousarray")
        }
        let axes = try Self.field("shape", in: header, name: name, pattern: #"\(([0-9, ]*)\)"#)
        let words = axes.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        shape = words.compactMap { Int($0) }

        let kind = type.dropFirst()
        guard let width = Int(kind.dropFirst()), [1, 2, 4, 8].contains(width), let letter = kind.first, "iu".contains(letter),
            let order = type.first, "<|>".contains(order)
        else { throw Failure("\(name) holds values of type \"\(type)\"; expected integers") }
        let found = bytes.count - start - length
        let sizes = shape + [width]
        guard shape.count == words.count, let expected = sizes.multipliedExactly else {
            throw Failure("\(name) claims the shape (\(axes)), more than any file holds; its header is damaged")
        }
        guard found == expected else {
            throw Failure("\(name) is \(found < expected ? "cut off" : "too long"): \(found) bytes of values, expected \(expected)")
        }
        let count = expected / width
        values = (0..<count).map { index in
            let first = start + length + index * width
            var raw: UInt64 = 0
            for byte in 0..<width { raw |= UInt64(bytes[first + (order == ">" ? width - 1 - byte : byte)]) << UInt64(8 * byte) }
            let unused = UInt64(64 - 8 * width)
            return letter == "i" ? Int(Int64(bitPattern: raw << unused) >> Int64(unused)) : Int(truncatingIfNeeded: raw)
        }
    }

    /// The first capture of `pattern` after the header's key.
    private static func field(_ key: String, in header: String, name: String, pattern: String) throws -> String {
        let whole = "'\(key)': *" + pattern
        guard let found = header.range(of: whole, options: .regularExpression) else {
            throw Failure("\(name) has no readable \"\(key)\" in its header; expected a .npy file as written by numpy.save")
        }
        let value = header[found].drop { $0 != ":" }.dropFirst()
        return value.trimmingCharacters(in: CharacterSet(charactersIn: " '()"))
    }
}

extension [Int] {
    /// The product of sizes; nil where it is beyond what an Int holds.
    var multipliedExactly: Int? {
        var product = 1
        for size in self {
            let (value, overflows) = product.multipliedReportingOverflow(by: size)
            if overflows { return nil }
            product = value
        }
        return product
    }
}
