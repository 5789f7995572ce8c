import Foundation
import Foundations

/// A named column of numbers in MATLAB's version 4 format, which ITK's binary transform files are.
///
/// Each is a header of five Int32 (kind of number and byte order, rows, columns, whether there is an imaginary part, length of the name with
/// its closing zero), the name, and the numbers.
struct MatlabVector {
    let name: String
    let values: [Double]

    private static let headerBytes = 20
    /// No transform has more numbers, and no kind of transform a longer name.
    private static let mostNumbers = 4096

    /// The bytes of a file with these vectors: double precision, little endian.
    static func data(_ vectors: [MatlabVector]) -> Data {
        var data = Data()
        for vector in vectors {
            for field in [0, vector.values.count, 1, 0, vector.name.utf8.count + 1] {
                withUnsafeBytes(of: Int32(field).littleEndian) { data.append(contentsOf: $0) }
            }
            data.append(contentsOf: Array(vector.name.utf8) + [0])
            for value in vector.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        }
        return data
    }

    /// The vectors of a file, of single or double precision and either byte order.
    static func all(in data: Data, _ file: URL) throws -> [MatlabVector] {
        let bytes = [UInt8](data)
        func broken(_ why: String) -> Failure { Failure("\(file.path) is not an ITK binary transform: \(why)") }
        var vectors: [MatlabVector] = []
        var place = 0
        while place < bytes.count {
            guard place + headerBytes <= bytes.count else { throw broken("it is cut off") }
            // The kind is less than 1000 read in the right order: thousands stand for a big-endian machine.
            let isSwapped = !(0..<5000).contains(integer(bytes, place, swapped: false))
            func field(_ index: Int) -> Int { integer(bytes, place + 4 * index, swapped: isSwapped) }
            let (kind, rows, columns, nameBytes) = (field(0) % 1000, field(1), field(2), field(4))
            let numberBytes = [0: 8, 10: 4][kind]
            guard let numberBytes, field(3) == 0, rows >= 0, columns == 1, rows <= mostNumbers, (1...mostNumbers).contains(nameBytes) else {
                throw broken("it does not hold columns of real numbers")
            }
            let start = place + headerBytes + nameBytes
            let end = start + rows * numberBytes
            guard end <= bytes.count else { throw broken("it is cut off") }
            let values = stride(from: start, to: end, by: numberBytes).map { offset in
                let pattern = (0..<numberBytes).reduce(UInt64(0)) { sum, index in
                    sum | UInt64(bytes[offset + (isSwapped ? numberBytes - 1 - index : index)]) << (8 * UInt64(index))
                }
                return numberBytes == 8 ? Double(bitPattern: pattern) : Double(Float(bitPattern: UInt32(pattern)))
            }
            let name = bytes[(place + headerBytes)..<start].prefix { $0 != 0 }
            vectors.append(MatlabVector(name: String(decoding: name, as: UTF8.self), values: values))
            place = end
        }
        return vectors
    }

    private static func integer(_ bytes: [UInt8], _ place: Int, swapped: Bool) -> Int {
        let value = bytes[place..<place + 4].withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        return Int(swapped ? value.bigEndian : value.littleEndian)
    }
}
