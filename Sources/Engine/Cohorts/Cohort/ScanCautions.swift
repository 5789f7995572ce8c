import Foundations
import Imaging

/// Why percentages of low attenuation from a scan are to be taken with care: the same on every screen, in every table and report.
package enum ScanCautions {
    /// What the scanner stated; where it stated nothing of its slices, what the grid shows of them.
    /// - Parameter voxelToWorld: of the scan.
    /// - Returns: sentences, none where nothing is known against it.
    package static func of(_ acquisition: CTAcquisition?, voxelToWorld: Affine3) -> [String] {
        let stated = acquisition?.densitometryCautions ?? []
        guard acquisition?.sliceThicknessMillimetres == nil, acquisition?.sliceSpacingMillimetres == nil else { return stated }
        let spacing = (0..<3).map { length(voxelToWorld[column: $0]) }.max() ?? 0
        guard spacing > CTAcquisition.thickestMillimetres else { return stated }
        return stated + ["slices are \(CTAcquisition.brief(spacing)) mm apart, more than \(CTAcquisition.thickestMillimetres) mm"]
    }
}

extension CTAcquisition {
    /// Thickness of a slice, or where it is not stated the distance between slices, mm.
    var sliceMillimetres: Double? { sliceThicknessMillimetres ?? sliceSpacingMillimetres }
}
