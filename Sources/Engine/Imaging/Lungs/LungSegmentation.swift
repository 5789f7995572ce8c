import Foundations

/// Finds the lungs in a thorax CT without a trained model.
///
/// At about 2 mm: the air that the body surrounds, less the airway out to the segmental bronchi; of its parts those of a lung's density and
/// place, right and left, without the gas of stomach and bowel; lung without air where the other lung tells; vessels, nodules and dents in the
/// border closed. Then, at the CT's resolution, the border where HU cross the threshold.
/// There is no lower limit on HU: emphysema and cysts stay in.
package enum LungSegmentation {
    /// Dents and vessels up to twice this are closed, mm.
    private static let closingMillimetres = 5.0

    /// - Parameter ct: HU, any axis order.
    /// - Throws: if the voxels are too coarse to show a lung. Everything that is wrong with the lungs is told by `quality`.
    package static func segment(_ ct: Volume<Int16>, parallel: Parallel) throws -> SegmentedLungs {
        let spacing = ct.spacingMillimetres
        guard spacing.max() <= 12 else {
            throw Failure("the CT's voxels are \(spacing.max()) mm apart, at most 12 mm are needed to find the lungs")
        }
        guard let toPatient = Orientation(from: ct.voxelToWorld, to: "LPS") else { preconditionFailure("LPS names three axes") }
        let patient = ct.reoriented(toPatient, parallel: parallel)
        let found = find(in: patient, parallel: parallel)
        let labels = Volume(extent: patient.extent, voxelToWorld: patient.voxelToWorld, voxels: found.labels)
        let back = labels.reoriented(like: ct.voxelToWorld, parallel: parallel)
        let inPlace = Volume(extent: ct.extent, voxelToWorld: ct.voxelToWorld, voxels: back.voxels)
        return SegmentedLungs(labels: inPlace, findings: found.findings, ct: ct)
    }

    /// - Parameter ct: axes grow to Left, Posterior, Superior.
    private static func find(in original: Volume<Int16>, parallel: Parallel) -> (labels: [UInt8], findings: [String]) {
        let gaps = SlabGaps(in: original, parallel: parallel)
        let ct = gaps.bridged(original)
        var grid = WorkingGrid(ct, covered: nil, parallel: parallel)
        var air = EnclosedAir(in: grid, parallel: parallel)
        let airway = AirwayTracker(ct).airway(air, grid)
        if let airway {
            grid = WorkingGrid(ct, covered: airway, parallel: parallel)
            air = EnclosedAir(in: grid, parallel: parallel)
        }
        let cage = RibCage(air.body, grid, parallel: parallel)
        let separation = LungSeparation(air, grid, cage: cage, parallel: parallel)
        let lungs = separation.labels.map { $0 == LungLabel.doubtful ? 0 : $0 }
        guard lungs.contains(where: { $0 != 0 }) else { return ([UInt8](repeating: 0, count: ct.extent.count), []) }
        let airless = AirlessLung.find(lungs, cage: cage, grid, parallel: parallel)
        let border = LungBorder(
            aerated: lungs, airless: airless, air: air, grid: grid, closingMillimetres: closingMillimetres, parallel: parallel)
        var labels = border.labels(on: ct, airway: airway, parallel: parallel)
        if let airway { for place in airway.indices where airway[place] != 0 { labels[place] = LungLabel.airway } }
        if !separation.doubts.isEmpty { border.mark(separation.labels, as: LungLabel.doubtful, in: &labels, on: ct) }
        let plane = ct.extent.x * ct.extent.y
        for slice in gaps.emptySlices { for place in (slice * plane)..<((slice + 1) * plane) { labels[place] = 0 } }
        let findings = LungFindings(
            doubts: separation.doubts, leftOut: separation.leftOutMillilitres, lungs: lungs, airless: airless, padding: air.padding,
            cage: cage, gaps: gaps.emptySlices.count, grid: grid)
        return (labels, findings.sentences)
    }
}
