/// The numbers in the masks that `workbench lungs` writes.
public enum LungLabel {
    public static let right: UInt8 = 1
    public static let left: UInt8 = 2
    /// Air that may not be lung: counts as none until a reader says otherwise.
    public static let doubtful: UInt8 = 3
    /// Windpipe and bronchi with their walls: no lung.
    public static let airway: UInt8 = 4

    /// 0 in place of what is no lung.
    public static func lungAlone(_ label: UInt8) -> UInt8 { label == right || label == left ? label : 0 }
}

/// A thorax's lungs, and how far to trust them.
public struct SegmentedLungs: Sendable {
    /// 0 outside, 1 patient's right lung, 2 left; the CT's own grid.
    public let mask: Volume<UInt8>
    /// A refused mask is here to be looked at, not to be used.
    public let quality: LungMaskQuality
    /// What was found beside the lungs' shape and volume: sentences, each worth a warning.
    public let findings: [String]
    /// Air that may not be lung and is left out of `mask`, mL.
    public let doubtfulMillilitres: Double
    /// Windpipe and bronchi with their walls, mL.
    public let airwayMillilitres: Double

    /// Places of the doubtful air and of the airway.
    private let doubtful, airway: [Int]

    /// Lungs that somebody else made.
    public init(mask: Volume<UInt8>, quality: LungMaskQuality) {
        self.mask = mask
        self.quality = quality
        findings = []
        doubtfulMillilitres = 0
        airwayMillilitres = 0
        doubtful = []
        airway = []
    }

    /// - Parameter labels: as in `LungLabel`.
    init(labels: Volume<UInt8>, findings: [String], ct: Volume<Int16>) {
        mask = labels.mapVoxels(LungLabel.lungAlone)
        doubtful = labels.voxels.indices.filter { labels.voxels[$0] == LungLabel.doubtful }
        airway = labels.voxels.indices.filter { labels.voxels[$0] == LungLabel.airway }
        doubtfulMillilitres = Double(doubtful.count) * labels.voxelVolume / 1000
        airwayMillilitres = Double(airway.count) * labels.voxelVolume / 1000
        self.findings = findings
        quality = .judge(mask, ct: ct, findings: findings)
    }

    /// The same lungs, judged against other volumes.
    func judged(_ ct: Volume<Int16>, expectedMillilitres: ClosedRange<Double>) -> SegmentedLungs {
        SegmentedLungs(self, quality: .judge(mask, ct: ct, expectedMillilitres: expectedMillilitres, findings: findings))
    }

    private init(_ other: SegmentedLungs, quality: LungMaskQuality) {
        mask = other.mask
        self.quality = quality
        findings = other.findings
        doubtfulMillilitres = other.doubtfulMillilitres
        airwayMillilitres = other.airwayMillilitres
        doubtful = other.doubtful
        airway = other.airway
    }

    /// The mask with its doubtful parts as label 3, and with the airway as label 4 where asked for.
    public func labels(withAirway: Bool) -> Volume<UInt8> {
        var labels = mask
        for place in doubtful { labels.voxels[place] = LungLabel.doubtful }
        if withAirway { for place in airway { labels.voxels[place] = LungLabel.airway } }
        return labels
    }
}
