import CNifti
import Foundation
import Foundations

/// The numbers of a NIfTI file's header as they stand in the file.
///
/// The library repairs some of them without a word (a voxel size of 0 becomes 1 mm, an offset of 0 begins within the header) and prints
/// messages of its own on others; so they are read and checked before it may see the file.
struct RawNiftiHeader {
    /// Bytes of a NIfTI-1 and of a NIfTI-2 header, which the first four bytes repeat.
    private static let sizes = (first: 348, second: 540)
    /// Behind the header of a single file stand four bytes that say whether extensions follow.
    private static let extensionBytes = 4

    /// `pixdim`: element 0 is the handedness of the qform, 1…3 the voxel's sides.
    let sides: [Double]
    let qformCode, sformCode: Int
    /// b, c and d of the qform's unit quaternion, and its offset.
    let quaternion, offset: [Double]
    /// The sform's three rows.
    let rows: [Double]

    /// - Returns: nil where the file cannot be opened, of which the library tells more.
    /// - Throws: `Failure` where the file does not begin with a header, or a number of it cannot be true.
    init?(_ path: String) throws {
        let isCompressed = path.lowercased().hasSuffix(".gz")
        // The header of a pair lies in its own file.
        let header =
            [".img": ".hdr", ".img.gz": ".hdr.gz"].first { path.lowercased().hasSuffix($0.key) }
            .map { path.dropLast($0.key.count) + $0.value } ?? path
        guard let stream = znzopen(String(header), "rb", isCompressed ? 1 : 0) as znzFile? else { return nil }
        var closing: znzFile? = stream
        defer { _ = Xznzclose(&closing) }
        var bytes = [UInt8](repeating: 0, count: Self.sizes.second)
        let count = znzread(&bytes, 1, bytes.count, stream)
        guard count <= bytes.count, count >= Self.sizes.first else { throw Self.broken(path, "it cannot be read to its header's end") }
        for isSwapped in [false, true] {
            let fields = Fields(bytes: bytes, isSwapped: isSwapped, isFirst: true)
            let size = fields.integer(Int32.self, at: 0)
            guard size == Self.sizes.first || (size == Self.sizes.second && count == Self.sizes.second) else { continue }
            try self.init(Fields(bytes: bytes, isSwapped: isSwapped, isFirst: size == Self.sizes.first), path: path)
            return
        }
        throw Self.broken(path, "it begins with neither \(Self.sizes.first) nor \(Self.sizes.second)")
    }

    private init(_ fields: Fields, path: String) throws {
        let isFirst = fields.isFirst
        func extent(_ axis: Int) -> Int {
            isFirst ? fields.integer(Int16.self, at: 40 + 2 * axis) : fields.integer(Int64.self, at: 16 + 8 * axis)
        }
        let axes = extent(0)
        guard (1...7).contains(axes) else { throw Self.broken(path, "it claims \(axes) axes") }
        for axis in 1...axes where extent(axis) < 1 { throw Self.broken(path, "it claims \(extent(axis)) voxels along axis \(axis)") }
        let type = isFirst ? fields.integer(Int16.self, at: 70) : fields.integer(Int16.self, at: 12)
        guard let name = nifti_datatype_to_string(Int32(type)), String(cString: name) != "DT_UNKNOWN" else {
            throw Self.broken(path, "it claims voxels of type \(type)")
        }
        guard NiftiDatatype(rawValue: Int32(type)) != nil else {
            throw Failure("\(path) stores voxels of type \(String(cString: name)), expected one whole or real number a voxel")
        }

        sides = (0..<4).map { fields.real(at: isFirst ? 76 : 104, $0) }
        qformCode = isFirst ? fields.integer(Int16.self, at: 252) : fields.integer(Int32.self, at: 344)
        sformCode = isFirst ? fields.integer(Int16.self, at: 254) : fields.integer(Int32.self, at: 348)
        quaternion = (0..<3).map { fields.real(at: isFirst ? 256 : 352, $0) }
        offset = (0..<3).map { fields.real(at: isFirst ? 268 : 376, $0) }
        rows = (0..<12).map { fields.real(at: isFirst ? 280 : 400, $0) }

        // Analyze files have no magic word; they are refused as what they are.
        let magic = fields.bytes[(isFirst ? 344 : 4)...].prefix(3)
        let isSingle = magic.elementsEqual(Array(isFirst ? "n+1".utf8 : "n+2".utf8))
        guard isSingle || magic.elementsEqual(Array(isFirst ? "ni1".utf8 : "ni2".utf8)) else { return }
        let place = isFirst ? fields.real(at: 108, 0) : Double(fields.integer(Int64.self, at: 168))
        let least = isSingle ? (isFirst ? Self.sizes.first : Self.sizes.second) + Self.extensionBytes : 0
        guard place.isFinite, place >= Double(least), place == place.rounded(), place < 1e15 else {
            throw Failure(
                "\(path) says that its voxels begin at byte \(Self.text(place)) (vox_offset), expected a whole number of at least \(least); "
                    + "convert it again from its source")
        }
        for (axis, name) in [(1, "x"), (2, "y"), (3, "z")] where axis <= axes {
            guard sides[axis].isFinite, sides[axis] > 0 else {
                throw Failure(
                    "\(path) gives a voxel size of \(Self.text(sides[axis])) mm along \(name) (pixdim[\(axis)]), expected more than 0; "
                        + "convert it again from its source")
            }
        }
        if qformCode > 0 { try checkQform(path) }
    }

    private func checkQform(_ path: String) throws {
        let squares = quaternion.map { $0 * $0 }.reduce(0, +)
        // The library shortens a longer one. Four decimals a number is what text formats keep.
        guard (quaternion + offset + [sides[0]]).allSatisfy(\.isFinite), squares < 1.001 else {
            throw Failure(
                "\(path) has a damaged qform: quatern_b, c, d are \(quaternion.map(Self.text).joined(separator: ", ")), expected a rotation, whose "
                    + "squares sum to at most 1; convert it again from its source")
        }
    }

    private static func broken(_ path: String, _ why: String) -> Failure {
        Failure("\(path) is not a NIfTI image, or its header is damaged or cut off: \(why)")
    }

    private static func text(_ value: Double) -> String { String(format: "%g", value) }

    /// Access to the header's bytes, NIfTI-1 (`isFirst`) or NIfTI-2.
    private struct Fields {
        let bytes: [UInt8]
        let isSwapped, isFirst: Bool

        func integer<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Int {
            let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
            return Int(clamping: isSwapped ? value.byteSwapped : value)
        }

        /// Element of a list of reals: Float32 in NIfTI-1, Float64 in NIfTI-2.
        func real(at offset: Int, _ index: Int) -> Double {
            bytes.withUnsafeBytes { bytes in
                if isFirst {
                    let value = bytes.loadUnaligned(fromByteOffset: offset + 4 * index, as: UInt32.self)
                    return Double(Float(bitPattern: isSwapped ? value.byteSwapped : value))
                }
                let value = bytes.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
                return Double(bitPattern: isSwapped ? value.byteSwapped : value)
            }
        }
    }
}
