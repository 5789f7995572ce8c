import CNifti
import Foundation
import Foundations

/// Reads and writes 3-D NIfTI images, `.nii` and `.nii.gz`.
///
/// Read: NIfTI-1 and NIfTI-2, any whole or real type, either byte order, `scl_slope` and `scl_inter` applied. Written: NIfTI-1.
/// Every fault of a file is a `Failure` that names it.
package enum NiftiFile {
    /// HU of voxels that hold no measurement: NaN, padding outside the scan circle, and what lies beyond an image.
    package static let emptyHounsfield: Int16 = -1024

    /// Extent, geometry and type of a file, without reading its voxels.
    package static func readHeader(_ file: URL) throws -> NiftiHeader { try NiftiHeader(readingFrom: file) }

    /// A thorax CT in HU, rounded. NaN and values below -1024 (scanners pad with -2000, -3024 …) become -1024.
    /// - Throws: also for images that cannot be HU: constant, all NaN, or without air near -1000.
    package static func readCT(_ file: URL) throws -> Volume<Int16> {
        let header = try NiftiHeader(readingFrom: file)
        var lowest = Double.infinity
        var highest = -Double.infinity
        let voxels = try NiftiVoxelStream(header, path: file.path).read(as: Int16.self) { value in
            guard value == value else { return emptyHounsfield }
            lowest = min(lowest, value)
            highest = max(highest, value)
            return Int16(min(max(value, Double(emptyHounsfield)), Double(Int16.max)).rounded())
        }
        try requireHounsfield(lowest: lowest, highest: highest, path: file.path)
        return Volume(extent: header.extent, voxelToWorld: header.voxelToWorld, voxels: voxels)
    }

    /// An image of any scalar kind, scaled as the header says. NaN is kept.
    package static func readImage(_ file: URL) throws -> Volume<Float> {
        let header = try NiftiHeader(readingFrom: file)
        let voxels = try NiftiVoxelStream(header, path: file.path).read(as: Float.self) { Float($0) }
        return Volume(extent: header.extent, voxelToWorld: header.voxelToWorld, voxels: voxels)
    }

    /// A label map.
    /// - Throws: also where a voxel is not a whole number in -32768 … 32767.
    package static func readLabels(_ file: URL) throws -> Volume<Int16> {
        let header = try NiftiHeader(readingFrom: file)
        var strange: Double?
        let voxels = try NiftiVoxelStream(header, path: file.path).read(as: Int16.self) { value in
            // Scaled labels may miss the whole number by rounding.
            let label = value.rounded()
            guard abs(value - label) < 1e-3, abs(label) <= 32767 else {
                strange = strange ?? value
                return 0
            }
            return Int16(label)
        }
        if let strange { throw Failure("\(file.path) is not a label map: it holds the value \(strange), expected whole numbers") }
        return Volume(extent: header.extent, voxelToWorld: header.voxelToWorld, voxels: voxels)
    }

    /// The ending that makes a name one of an image, as it is written; nil where there is none.
    static func ending(of file: URL) -> String? {
        let name = file.lastPathComponent
        return [".nii.gz", ".hdr.gz", ".img.gz", ".nii", ".hdr", ".img"].first { name.lowercased().hasSuffix($0) }
            .map { String(name.suffix($0.count)) }
    }

    /// Done once: the library prints nothing; what it finds is told by our own sentences.
    static let silenceLibrary: Void = nifti_set_debug_level(0)

    /// Refuses values that cannot be HU: none, all alike, or without air near -1000.
    static func requireHounsfield(lowest: Double, highest: Double, path: String) throws {
        guard lowest <= highest else { throw Failure("\(path) holds no numbers: every voxel is NaN") }
        guard lowest < highest else { throw Failure("\(path) is constant: every voxel is \(lowest)") }
        let range = "its values go from \(lowest) to \(highest)"
        guard lowest < 0 else {
            throw Failure(
                "\(path) does not look like Hounsfield units: \(range); expected air near -1000. "
                    + "Is the rescale intercept (often -1024) missing, or was a display window applied?")
        }
        guard lowest <= -800 else { throw Failure("\(path) does not look like Hounsfield units: \(range); expected air near -1000") }
    }
}
