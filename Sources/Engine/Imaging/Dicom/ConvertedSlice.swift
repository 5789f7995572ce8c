import Foundation
import Foundations

/// One slice as `dcm2niix` writes it: stored words in a NIfTI-1 file. For JPEG 2000 alone, which dcmtk does not decode.
struct ConvertedSlice {
    /// `[row · columns + column]`, in the slice's own order.
    let words: [UInt16]

    /// Decodes a file.
    /// - Returns: the image in `work`.
    static func convert(_ link: URL, slice: DicomSlice, in work: URL, folder: String) throws -> URL {
        let target = work.appendingPathComponent("converted-\(slice.file)", isDirectory: true)
        try AtomicFile.makeFolder(target)
        // One file alone, no sidecar, no names from the headers, no cropping, no compression, words as they are.
        let run = try ExternalTool.converter.run(
            ["-s", "y", "-b", "n", "-z", "n", "-x", "i", "-l", "o", "-f", "image", "-o", target.path, link.path], in: work)
        let image = target.appendingPathComponent("image.nii")
        guard FileManager.default.fileExists(atPath: image.path) else {
            throw Failure(
                "\(folder): \(slice.name) could not be decoded, \(ExternalTool.converter.name) \(run.ending) (transfer syntax "
                    + "\(slice.transferSyntax)); decompress the series first, for example with gdcmconv --raw")
        }
        return image
    }

    init(_ image: URL, slice: DicomSlice, folder: String) throws {
        let (count, columns, rows) = (slice.rows * slice.columns, slice.columns, slice.rows)
        let data = try Data(contentsOf: image)
        func wrong(_ what: String) -> Failure {
            Failure(
                "\(folder): \(ExternalTool.converter.name) made \(what) of \(slice.name), expected \(columns)×\(rows) pixels of 8 or 16 bits"
            )
        }
        guard data.count >= 352 else { throw wrong("nothing that can be read") }
        words = try data.withUnsafeBytes { bytes in
            func short(_ offset: Int) -> Int { Int(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))) }
            func real(_ offset: Int) -> Float {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
            let (width, height, bits, start) = (short(42), short(44), short(72), Int(real(108)))
            guard width == columns, height == rows, bits == 8 || bits == 16, start >= 352, data.count >= start + count * bits / 8 else {
                throw wrong("\(width)×\(height) pixels of \(bits) bits")
            }
            // Rows may have been turned around: the file's second axis then goes against the slice's, RAS against LPS.
            let second = Point3(-Double(real(284)), -Double(real(300)), Double(real(316)))
            let flipped = slice.along.map { dot(second, $0.y) < 0 } ?? true
            return (0..<count).map { index in
                let row = flipped ? rows - 1 - index / columns : index / columns
                let at = row * columns + index % columns
                return bits == 8
                    ? UInt16(bytes[start + at]) : UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 2 * at, as: UInt16.self))
            }
        }
    }
}
