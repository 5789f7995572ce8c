import CNifti
import Foundation

/// A voxel type that images are written with.
public protocol NiftiVoxel: BitwiseCopyable, Sendable {
    /// The file format's type of the same layout.
    static var niftiDatatype: NiftiDatatype { get }
}

extension UInt8: NiftiVoxel {
    public static var niftiDatatype: NiftiDatatype { .uint8 }
}

extension Int16: NiftiVoxel {
    public static var niftiDatatype: NiftiDatatype { .int16 }
}

extension Float: NiftiVoxel {
    public static var niftiDatatype: NiftiDatatype { .float32 }
}

extension NiftiFile {
    /// Writes a NIfTI-1 file, compressed where the name ends in `.gz`: sform and nearest qform both set (scanner-anatomical), units mm.
    /// Written beside the target and renamed.
    /// - Throws: if the name, the extent or the disk do not allow it; the target is then as it was.
    public static func write<Voxel: NiftiVoxel>(_ volume: Volume<Voxel>, to file: URL) throws {
        try AtomicFile.replace(file) { try writeNew(volume, to: $0, called: file) }
    }

    /// Writes to one of the temporary paths that `AtomicFile.replace` lends.
    public static func writeNew<Voxel: NiftiVoxel>(_ volume: Volume<Voxel>, to temporary: URL, called file: URL) throws {
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
        var isWhole = withUnsafeBytes(of: header(of: volume)) { write($0, to: opened) }
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

    private static func header<Voxel: NiftiVoxel>(of volume: Volume<Voxel>) -> nifti_1_header {
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

        let m = volume.voxelToWorld.rowMajor
        var matrix = nifti_dmat44()
        withUnsafeMutableBytes(of: &matrix.m) { target in m.withUnsafeBytes { target.copyMemory(from: $0) } }
        var (b, c, d, handedness) = (0.0, 0.0, 0.0, 0.0)
        nifti_dmat44_to_quatern(matrix, &b, &c, &d, nil, nil, nil, nil, nil, nil, &handedness)
        header.qform_code = Int16(NIFTI_XFORM_SCANNER_ANAT)
        (header.quatern_b, header.quatern_c, header.quatern_d) = (Float(b), Float(c), Float(d))
        (header.qoffset_x, header.qoffset_y, header.qoffset_z) = (Float(m[3]), Float(m[7]), Float(m[11]))
        let spacing = volume.spacingMillimetres
        header.pixdim = (Float(handedness), Float(spacing.x), Float(spacing.y), Float(spacing.z), 0, 0, 0, 0)
        header.sform_code = Int16(NIFTI_XFORM_SCANNER_ANAT)
        header.srow_x = (Float(m[0]), Float(m[1]), Float(m[2]), Float(m[3]))
        header.srow_y = (Float(m[4]), Float(m[5]), Float(m[6]), Float(m[7]))
        header.srow_z = (Float(m[8]), Float(m[9]), Float(m[10]), Float(m[11]))
        return header
    }
}
