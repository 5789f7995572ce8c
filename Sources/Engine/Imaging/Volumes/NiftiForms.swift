import CNifti
import Foundation
import Foundations

/// A NIfTI header's two ways of saying how the image lies in the patient, qform and sform, as the file has them.
package struct NiftiForms: Sendable, Equatable {
    /// How far the two may lie apart at the farthest corner and still say the same, in voxels: what rounding to three decimals does.
    private static let sameVoxels = 0.5
    /// A qform or a neighbouring axis that misses by less than this, in voxels, holds the map.
    private static let exactVoxels = 0.1
    /// A voxel size may miss the sform's by this part before it must be another image's.
    private static let sizeTolerance = 0.05

    /// `NIFTI_XFORM_…`; 0 where the file does not have the form.
    package let qformCode, sformCode: Int
    /// `pixdim[0…3]`, `quatern_b…d`, `qoffset_x…z`, `srow_x…z`.
    let sides, quaternion, offset, rows: [Double]
    /// Voxels → RAS+ mm, as the library reads the forms.
    let qform, sform: Affine3

    /// The map that counts and, where the forms differ, what was done about it.
    struct Choice {
        let voxelToWorld: Affine3
        let note: String?
    }

    init(_ raw: RawNiftiHeader, _ image: nifti_image) {
        (qformCode, sformCode) = (raw.qformCode, raw.sformCode)
        (sides, quaternion, offset, rows) = (raw.sides, raw.quaternion, raw.offset, raw.rows)
        (qform, sform) = (Affine3(image.qto_xyz), Affine3(image.sto_xyz))
    }

    /// Both forms of a map, scanner-anatomical; no qform where no rotation holds it.
    init(holding map: Affine3, _ extent: Extent3) {
        let scanner = Int(NIFTI_XFORM_SCANNER_ANAT)
        let m = map.rowMajor
        var matrix = nifti_dmat44()
        withUnsafeMutableBytes(of: &matrix.m) { target in m.withUnsafeBytes { target.copyMemory(from: $0) } }
        var (b, c, d, handedness) = (0.0, 0.0, 0.0, 0.0)
        nifti_dmat44_to_quatern(matrix, &b, &c, &d, nil, nil, nil, nil, nil, nil, &handedness)
        let isRotation = map.isOrthogonal(within: Self.exactVoxels, extent)
        qformCode = isRotation ? scanner : 0
        sformCode = scanner
        sides = [handedness] + (0..<3).map { length(map[column: $0]) }
        quaternion = isRotation ? [b, c, d] : [0, 0, 0]
        offset = isRotation ? [m[3], m[7], m[11]] : [0, 0, 0]
        rows = Array(m[..<12])
        qform = map.nearestQform
        sform = map
    }

    /// Puts the forms into a header that is to be written.
    func write(into header: inout nifti_1_header) {
        header.pixdim = (Float(sides[0]), Float(sides[1]), Float(sides[2]), Float(sides[3]), 0, 0, 0, 0)
        header.qform_code = Int16(clamping: qformCode)
        (header.quatern_b, header.quatern_c, header.quatern_d) = (Float(quaternion[0]), Float(quaternion[1]), Float(quaternion[2]))
        (header.qoffset_x, header.qoffset_y, header.qoffset_z) = (Float(offset[0]), Float(offset[1]), Float(offset[2]))
        header.sform_code = Int16(clamping: sformCode)
        let r = rows.map { Float($0) }
        header.srow_x = (r[0], r[1], r[2], r[3])
        header.srow_y = (r[4], r[5], r[6], r[7])
        header.srow_z = (r[8], r[9], r[10], r[11])
    }

    /// ITK's rule: a scanner-anatomical sform wins, as does any sform without a qform; else the qform.
    var prefersSform: Bool { sformCode > 0 && (sformCode == Int(NIFTI_XFORM_SCANNER_ANAT) || qformCode <= 0) }

    /// The form that counts where both are there, whether or not they agree.
    func preferred(path: String) throws -> Affine3 {
        guard sformCode > 0 || qformCode > 0 else {
            throw Failure("\(path) does not say how it lies in the patient (no qform, no sform), so right and left are unknown")
        }
        return prefersSform ? sform : qform
    }

    /// The map that counts.
    /// - Throws: where the forms contradict each other.
    func choose(_ extent: Extent3, path: String) throws -> Choice {
        let chosen = try preferred(path: path)
        let useSform = prefersSform
        if qformCode <= 0 { return Choice(voxelToWorld: chosen, note: try noteOnSize(path: path)) }
        if sformCode <= 0 { return Choice(voxelToWorld: chosen, note: nil) }
        guard (qform.rowMajor + sform.rowMajor).allSatisfy(\.isFinite), abs(qform.determinant * sform.determinant) > 1e-18 else {
            throw Failure(
                "\(path) has a damaged \(useSform ? "qform" : "sform") beside a whole \(useSform ? "sform" : "qform"); convert it again")
        }
        let distance = extent.farthestCorner(qform, sform)
        if distance <= Self.sameVoxels * chosen.shortestSide { return Choice(voxelToWorld: chosen, note: nil) }
        let apart = "\(path): qform and sform disagree by up to \(String(format: "%.3g", distance)) mm"
        guard qform.determinant * sform.determinant > 0 else {
            throw Failure(
                "\(path): qform and sform disagree on left and right (a mirror image, up to \(String(format: "%.3g", distance)) mm apart); "
                    + "find out which is true and write both alike")
        }
        if useSform, !sform.isOrthogonal(within: Self.exactVoxels, extent),
            extent.farthestCorner(qform, sform.nearestQform) <= Self.sameVoxels * chosen.shortestSide
        {
            return Choice(voxelToWorld: sform, note: apart + ", since a qform cannot hold the sform's slanted axes; the sform is used")
        }
        guard sformCode != qformCode else {
            throw Failure(apart + ", though both claim to be \(Self.name(qformCode)); find out which is true and write both alike")
        }
        let (taken, code) = useSform ? ("sform", sformCode) : ("qform", qformCode)
        return Choice(voxelToWorld: chosen, note: apart + "; the \(taken) (\(Self.name(code))) is used")
    }

    private func noteOnSize(path: String) throws -> String? {
        let lengths = (0..<3).map { length(sform[column: $0]) }
        guard let axis = (0..<3).max(by: { miss(lengths, $0) < miss(lengths, $1) }), lengths.allSatisfy(\.isFinite) else { return nil }
        let said = String(format: "%g mm against %g mm", sides[axis + 1], lengths[axis])
        let sentence = "\(path): the voxel size along \(["x", "y", "z"][axis]) (pixdim) is not that of the sform, \(said)"
        if miss(lengths, axis) > Self.sizeTolerance { throw Failure(sentence + "; find out which is true and write both alike") }
        return miss(lengths, axis) > 0.002 ? sentence + "; the sform is used" : nil
    }

    private func miss(_ lengths: [Double], _ axis: Int) -> Double { abs(lengths[axis] / sides[axis + 1] - 1) }

    private static func name(_ code: Int) -> String {
        switch Int32(code) {
        case NIFTI_XFORM_SCANNER_ANAT: "the scanner's"
        case NIFTI_XFORM_ALIGNED_ANAT: "aligned to another image"
        case NIFTI_XFORM_TALAIRACH: "Talairach"
        case NIFTI_XFORM_MNI_152: "MNI 152"
        default: "code \(code)"
        }
    }
}

extension Extent3 {
    /// The largest distance between what two maps make of a corner, mm.
    package func farthestCorner(_ a: Affine3, _ b: Affine3) -> Double { corners.map { length(a($0) - b($0)) }.max() ?? 0 }
}

extension Affine3 {
    /// Length of the shortest of the three axes' steps, mm.
    package var shortestSide: Double { (0..<3).map { length(self[column: $0]) }.min() ?? 0 }

    /// The map that a qform holds: the nearest rotation, with the axes' lengths.
    package var nearestQform: Affine3 {
        var matrix = nifti_dmat44()
        let m = rowMajor
        withUnsafeMutableBytes(of: &matrix.m) { target in m.withUnsafeBytes { target.copyMemory(from: $0) } }
        var (b, c, d, x, y, z, dx, dy, dz, handedness) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        nifti_dmat44_to_quatern(matrix, &b, &c, &d, &x, &y, &z, &dx, &dy, &dz, &handedness)
        return Affine3(nifti_quatern_to_dmat44(b, c, d, x, y, z, dx, dy, dz, handedness))
    }

    /// Whether the axes stand upright on one another, so that a qform holds the map to `voxels` of the shortest side at every corner.
    func isOrthogonal(within voxels: Double, _ extent: Extent3) -> Bool {
        extent.farthestCorner(self, nearestQform) <= voxels * shortestSide
    }
}
