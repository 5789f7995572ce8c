import CNifti
import Foundation
import Foundations

/// A voxel type that images are written with.
package protocol NiftiVoxel: BitwiseCopyable, Sendable {
    /// The file format's type of the same layout.
    static var niftiDatatype: NiftiDatatype { get }
}

extension UInt8: NiftiVoxel {
    package static var niftiDatatype: NiftiDatatype { .uint8 }
}

extension Int16: NiftiVoxel {
    package static var niftiDatatype: NiftiDatatype { .int16 }
}

extension Float: NiftiVoxel {
    package static var niftiDatatype: NiftiDatatype { .float32 }
}

extension NiftiFile {
    /// Writes a NIfTI-1 file, compressed where the name ends in `.gz`, units mm. Written beside the target and renamed.
    ///
    /// sform and qform are both set (scanner-anatomical); the qform is left out where no rotation holds the map to a tenth of a voxel.
    /// - Parameter source: an image file on the same grid, whose forms are taken over as they are, so that every program lays the two over each
    ///   other; a folder, or a file of another grid, counts as none.
    /// - Parameter description: what the image holds, up to 79 ASCII characters; the header keeps it.
    /// - Throws: if the name, the extent or the disk do not allow it; the target is then as it was.
    package static func write<Voxel: NiftiVoxel>(
        _ volume: Volume<Voxel>, to file: URL, like source: URL? = nil, description: String = ""
    ) throws {
        try AtomicFile.replace(file) { try writeNew(volume, to: $0, called: file, like: source, description: description) }
    }

    /// Writes to one of the temporary paths that `AtomicFile.replace` lends.
    package static func writeNew<Voxel: NiftiVoxel>(
        _ volume: Volume<Voxel>, to temporary: URL, called file: URL, like source: URL? = nil, description: String = ""
    ) throws {
        let name = file.lastPathComponent.lowercased()
        guard name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") else {
            throw Failure("cannot write \(file.path): an image's name must end in .nii or .nii.gz")
        }
        let extent = volume.extent
        guard max(extent.x, extent.y, extent.z) <= Int(Int16.max), extent.count > 0 else {
            throw Failure("cannot write \(file.path): NIfTI-1 holds 1 to 32767 voxels an axis, the image has \(extent)")
        }
        let isCompressed = name.hasSuffix(".gz")
        // Noise hardly shrinks further with more effort; labels do, and quickly.
        let mode = !isCompressed ? "wb" : Voxel.self == UInt8.self ? "wb6" : "wb1"
        guard let opened = znzopen(temporary.path, mode, isCompressed ? 1 : 0) as znzFile? else {
            throw Failure.system("create \(file.path)")
        }
        var stream: znzFile? = opened
        var head = header(of: volume, like: forms(of: source, on: volume))
        withUnsafeMutableBytes(of: &head.descrip) { $0.copyBytes(from: description.utf8.prefix($0.count - 1)) }
        var isWhole = withUnsafeBytes(of: head) { write($0, to: opened) }
        // The four bytes that say that no header extensions follow.
        isWhole = isWhole && withUnsafeBytes(of: UInt32(0)) { write($0, to: opened) }
        isWhole = isWhole && volume.voxels.withUnsafeBytes { write($0, to: opened) }
        let fault = errno
        // What is still buffered goes to disk here: a full disk may show only now.
        guard Xznzclose(&stream) == 0, isWhole else {
            throw Failure.system("write \(file.path)", isWhole ? errno : fault)
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to stream: znzFile) -> Bool {
        let bytesAPiece = 1 << 24
        var offset = 0
        while offset < bytes.count {
            let wanted = min(bytesAPiece, bytes.count - offset)
            guard znzwrite(bytes.baseAddress! + offset, 1, wanted, stream) == wanted else { return false }
            offset += wanted
        }
        return true
    }

    /// The forms of a file on a volume's grid; nil where it is none.
    private static func forms<Voxel>(of source: URL?, on volume: Volume<Voxel>) -> NiftiForms? {
        guard let source, !FileStamp.isFolder(source), let header = try? readHeader(source), header.extent == volume.extent,
            header.voxelToWorld == volume.voxelToWorld
        else { return nil }
        return header.forms
    }

    private static func header<Voxel: NiftiVoxel>(of volume: Volume<Voxel>, like forms: NiftiForms?) -> nifti_1_header {
        var header = nifti_1_header()
        header.sizeof_hdr = 348
        let extent = volume.extent
        header.dim = (3, Int16(extent.x), Int16(extent.y), Int16(extent.z), 1, 1, 1, 1)
        header.datatype = Int16(Voxel.niftiDatatype.rawValue)
        header.bitpix = Int16(8 * Voxel.niftiDatatype.byteCount)
        header.vox_offset = 352
        header.scl_slope = 1
        header.xyzt_units = CChar(NIFTI_UNITS_MM)
        header.magic = (0x6E, 0x2B, 0x31, 0)  // "n+1"
        (forms ?? NiftiForms(holding: volume.voxelToWorld, extent)).write(into: &header)
        return header
    }
}
