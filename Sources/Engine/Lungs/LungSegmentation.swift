/// A thorax's lungs, and how far to trust them.
public struct SegmentedLungs: Sendable {
    /// 0 outside, 1 patient's right lung, 2 left; the CT's own grid.
    public let mask: Volume<UInt8>
    /// A refused mask is here to be looked at, not to be used.
    public let quality: LungMaskQuality
}

/// Finds the lungs in a thorax CT without a trained model.
///
/// At about 2 mm: air that does not open to the outside, less the windpipe and main bronchi, parted into right and left, bowel gas left out,
/// vessels, nodules and dents in the border closed. Then, at the CT's resolution, the border where HU cross the threshold.
/// There is no lower limit on HU: emphysema and cysts stay in.
public enum LungSegmentation {
    /// Dents and vessels up to twice this are closed, mm.
    private static let closingMillimetres = 5.0

    /// - Parameter ct: HU, any axis order.
    /// - Throws: if the voxels are too coarse to show a lung. Everything that is wrong with the lungs is told by `quality`.
    public static func segment(_ ct: Volume<Int16>, parallel: Parallel) throws -> SegmentedLungs {
        let spacing = ct.spacingMillimetres
        guard spacing.max() <= 12 else {
            throw Failure("the CT's voxels are \(spacing.max()) mm apart, at most 12 mm are needed to find the lungs")
        }
        guard let toPatient = Orientation(from: ct.voxelToWorld, to: "LPS") else { preconditionFailure("LPS names three axes") }
        let patient = ct.reoriented(toPatient, parallel: parallel)
        let found = labels(of: patient, parallel: parallel)
        let mask = Volume(extent: patient.extent, voxelToWorld: patient.voxelToWorld, voxels: found)
        let back = mask.reoriented(like: ct.voxelToWorld, parallel: parallel)
        let inPlace = Volume(extent: ct.extent, voxelToWorld: ct.voxelToWorld, voxels: back.voxels)
        return SegmentedLungs(mask: inPlace, quality: .judge(inPlace, ct: ct))
    }

    /// - Parameter ct: axes grow to Left, Posterior, Superior.
    private static func labels(of ct: Volume<Int16>, parallel: Parallel) -> [UInt8] {
        var grid = WorkingGrid(ct, covered: nil, parallel: parallel)
        var air = EnclosedAir(in: grid, parallel: parallel)
        let airway = AirwayTracker(ct).airway(air, grid)
        if let airway { print("   airway mL", Double(airway.reduce(0) { $0 + Int($1) }) * ct.voxelVolume / 1000)
            grid = WorkingGrid(ct, covered: airway, parallel: parallel)
            air = EnclosedAir(in: grid, parallel: parallel)
        }
        let sep = LungSeparation(air, grid, parallel: parallel)
        for d in sep.doubts { print("   doubt", d) }
        let aerated = sep.labels
        guard aerated.contains(where: { $0 != 0 }) else { return [UInt8](repeating: 0, count: ct.extent.count) }
        let border = LungBorder(aerated: aerated, air: air, grid: grid, closingMillimetres: closingMillimetres, parallel: parallel)
        return border.labels(on: ct, airway: airway, parallel: parallel)
    }
}
