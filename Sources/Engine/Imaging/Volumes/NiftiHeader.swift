import CNifti
import Foundation
import Foundations

/// How a NIfTI file stores its voxels. Raw values are the format's own codes.
package enum NiftiDatatype: Int32, Sendable, CaseIterable {
    case uint8 = 2
    case int16 = 4
    case int32 = 8
    case float32 = 16
    case float64 = 64
    case int8 = 256
    case uint16 = 512
    case uint32 = 768
    case int64 = 1024
    case uint64 = 1280

    /// Size of one voxel in the file, bytes.
    package var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}

/// What a NIfTI file says about its image, before any voxel is read.
package struct NiftiHeader: Sendable {
    /// Size of the grid in voxels.
    package let extent: Extent3
    /// Continuous voxel coordinates → RAS+ millimetres.
    package let voxelToWorld: Affine3
    /// Both forms as the file has them.
    package let forms: NiftiForms
    /// What was done where the header says two things, one sentence each.
    package let notes: [String]
    /// What its maker says that it holds.
    let description: String
    /// How voxels are stored.
    package let datatype: NiftiDatatype
    /// value = stored · slope + intercept; 1 and 0 where the file gives none (a slope of 0 or NaN).
    package let slope, intercept: Double
    /// True where the voxels' byte order is not this machine's.
    let isByteSwapped: Bool
    /// File that holds the voxels, and where in it they start.
    let dataPath: String
    let dataOffset: Int

    /// - Throws: one sentence that names the file, for everything that is not one 3-D scalar image with a known place in the patient.
    init(readingFrom file: URL) throws {
        let path = file.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw Failure("\(path) does not exist") }
        guard !isFolder.boolValue else { throw Failure("\(path) is a folder, expected a NIfTI file (.nii or .nii.gz)") }
        guard FileManager.default.isReadableFile(atPath: path) else { throw Failure("\(path) may not be read by this user") }
        guard let ending = NiftiFile.ending(of: file) else { throw Failure("\(path) is not named .nii or .nii.gz, expected a NIfTI file") }
        // The library refuses the mixture, in words of its own.
        guard [ending.lowercased(), ending.uppercased()].contains(ending) else {
            throw Failure("\(path) ends in \(ending), large and small letters mixed; rename it to end in \(ending.lowercased())")
        }
        let size = (try? FileStamp.bytes(of: file)) ?? 0
        guard size > 0 else { throw Failure("\(path) is empty (0 bytes), expected a NIfTI file") }

        NiftiFile.silenceLibrary
        guard let raw = try RawNiftiHeader(path), let image = nifti_image_read(path, 0) else {
            throw Failure("\(path) is not a NIfTI image, or its header is damaged or cut off")
        }
        defer { nifti_image_free(image) }
        try self.init(raw, image.pointee, path: path)
    }

    private init(_ raw: RawNiftiHeader, _ image: nifti_image, path: String) throws {
        guard image.nifti_type != 0 else {
            throw Failure("\(path) is an Analyze 7.5 image, which does not say which side is right; convert it to NIfTI")
        }
        extent = try Self.extent(of: image, path: path)
        guard let datatype = NiftiDatatype(rawValue: image.datatype) else {
            throw Failure("\(path) stores voxels of type \(image.datatype), expected one whole or real number a voxel")
        }
        self.datatype = datatype
        description = withUnsafeBytes(of: image.descrip) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        forms = NiftiForms(raw, image)
        let choice = try Self.choose(forms, of: image, extent, path: path)
        voxelToWorld = choice.voxelToWorld
        notes = choice.note.map { [$0] } ?? []
        let hasScale = image.scl_slope.isFinite && image.scl_slope != 0
        slope = hasScale ? image.scl_slope : 1
        intercept = hasScale && image.scl_inter.isFinite ? image.scl_inter : 0
        isByteSwapped = datatype.byteCount > 1 && image.byteorder != nifti_short_order()
        guard let dataName = image.iname else { throw Failure("\(path) does not say where its voxels are") }
        dataPath = String(cString: dataName)
        dataOffset = Int(image.iname_offset)
    }

    private static func extent(of image: nifti_image, path: String) throws -> Extent3 {
        let volumes = [image.nt, image.nu, image.nv, image.nw].map { max(1, Int($0)) }.reduce(1, *)
        guard volumes == 1 else {
            throw Failure("\(path) is not one 3-D image but holds \(volumes) volumes; extract the one to use")
        }
        let extent = Extent3(x: Int(image.nx), y: Int(image.ny), z: Int(image.nz))
        guard extent.x > 1, extent.y > 1, extent.z > 1 else {
            throw Failure("\(path) is a 2-D image of \(extent) voxels, expected a 3-D one")
        }
        let (plane, planeOverflows) = extent.x.multipliedReportingOverflow(by: extent.y)
        let (count, countOverflows) = plane.multipliedReportingOverflow(by: extent.z)
        guard !planeOverflows, !countOverflows, count <= 1 << 34 else {
            throw Failure("\(path) claims \(extent) voxels, more than any scanner makes; its header is damaged")
        }
        return extent
    }

    /// No image of a patient is larger, or lies farther from its origin, mm.
    private static let farthestMillimetres = 10_000.0

    /// The map from voxels to millimetres that the forms agree on.
    private static func choose(_ forms: NiftiForms, of image: nifti_image, _ extent: Extent3, path: String) throws -> NiftiForms.Choice {
        guard image.xyz_units == NIFTI_UNITS_MM || image.xyz_units == NIFTI_UNITS_UNKNOWN else {
            let unit = image.xyz_units == NIFTI_UNITS_METER ? "metres" : image.xyz_units == NIFTI_UNITS_MICRON ? "micrometres" : "no length"
            throw Failure("\(path) gives its voxel size in \(unit), expected millimetres; rewrite its header in mm")
        }
        let affine = try forms.preferred(path: path)
        let form = forms.prefersSform ? "sform" : "qform"
        let size = [image.nx, image.ny, image.nz].enumerated().map { Double($1) * length(affine[column: $0]) }
        guard affine.rowMajor.allSatisfy(\.isFinite), length(affine.translation) < farthestMillimetres,
            size.allSatisfy({ $0 < farthestMillimetres })
        else {
            throw Failure(
                "\(path) has a damaged \(form): it reaches beyond \(Int(farthestMillimetres / 1000)) m; are its numbers in millimetres?")
        }
        guard abs(affine.determinant) > 1e-9 else {
            throw Failure("\(path) has a singular \(form): its axes do not span three dimensions")
        }
        return try forms.choose(extent, path: path)
    }
}

extension NiftiHeader {
    /// Why a file of this header is not on an image's grid, as the end of a sentence; nil where it is. Asked before voxels are read: a header may
    /// claim any size.
    /// - Parameters: the image's grid.
    package func fault(on extent: Extent3, _ voxelToWorld: Affine3) -> String? {
        guard self.extent == extent else { return "it has \(self.extent) voxels, the CT has \(extent)" }
        let distance = extent.farthestCorner(self.voxelToWorld, voxelToWorld)
        guard distance > Volume<Int16>.gridTolerance * voxelToWorld.shortestSide else { return nil }
        return "it lies up to \(String(format: "%.3g", distance)) mm from the CT"
    }
}

extension Affine3 {
    /// From the library's 4×4 matrix of rows.
    init(_ m: nifti_dmat44) {
        self.init(rowMajor: withUnsafeBytes(of: m.m) { Array($0.bindMemory(to: Double.self)) })
    }
}
