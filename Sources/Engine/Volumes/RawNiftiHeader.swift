import CNifti
import Foundation

/// The few numbers of a NIfTI file that must be right before the library may see it: on wrong ones it prints messages of its own, whatever
/// its debug level, and some sizes it takes on trust.
enum RawNiftiHeader {
    /// Bytes of a NIfTI-1 and of a NIfTI-2 header, which the first four bytes repeat.
    private static let sizes = (first: 348, second: 540)

    /// - Throws: `Failure` where the file does not begin with such a header, or its axes have no voxels.
    static func check(_ path: String) throws {
        let isCompressed = path.lowercased().hasSuffix(".gz")
        // The header of a pair lies in its own file.
        let header =
            [".img": ".hdr", ".img.gz": ".hdr.gz"].first { path.lowercased().hasSuffix($0.key) }
            .map { path.dropLast($0.key.count) + $0.value } ?? path
        guard let stream = znzopen(String(header), "rb", isCompressed ? 1 : 0) as znzFile? else { return }
        var closing: znzFile? = stream
        defer { _ = Xznzclose(&closing) }
        var bytes = [UInt8](repeating: 0, count: sizes.second)
        let count = znzread(&bytes, 1, bytes.count, stream)
        func broken(_ why: String) -> Failure { Failure("\(path) is not a NIfTI image, or its header is damaged or cut off: \(why)") }
        guard count <= bytes.count, count >= sizes.first else { throw broken("it cannot be read to its header's end") }

        func integer<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int, swapped: Bool) -> Int {
            let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
            return Int(clamping: swapped ? value.byteSwapped : value)
        }
        for swapped in [false, true] {
            let size = integer(Int32.self, at: 0, swapped: swapped)
            guard size == sizes.first || (size == sizes.second && count == sizes.second) else { continue }
            let isFirst = size == sizes.first
            func extent(_ axis: Int) -> Int {
                isFirst
                    ? integer(Int16.self, at: 40 + 2 * axis, swapped: swapped) : integer(Int64.self, at: 16 + 8 * axis, swapped: swapped)
            }
            let axes = extent(0)
            guard (1...7).contains(axes) else { throw broken("it claims \(axes) axes") }
            for axis in 1...axes where extent(axis) < 1 { throw broken("it claims \(extent(axis)) voxels along axis \(axis)") }
            let type = isFirst ? integer(Int16.self, at: 70, swapped: swapped) : integer(Int16.self, at: 12, swapped: swapped)
            guard let name = nifti_datatype_to_string(Int32(type)), String(cString: name) != "DT_UNKNOWN" else {
                throw broken("it claims voxels of type \(type)")
            }
            return
        }
        throw broken("it begins with neither \(sizes.first) nor \(sizes.second)")
    }
}
