/// The numbers in the masks that `workbench lungs` writes.
package enum LungLabel {
    package static let right: UInt8 = 1
    package static let left: UInt8 = 2
    /// Air that may not be lung: counts as none until a reader says otherwise.
    package static let doubtful: UInt8 = 3
    /// Windpipe and bronchi with their walls: no lung.
    package static let airway: UInt8 = 4
}

/// A thorax's lungs, and how far to trust them.
package struct SegmentedLungs: Sendable {
    /// 0 outside, 1 patient's right lung, 2 left, 3 what may not be lung and counts as none (`withoutDoubtful`); the CT's own grid.
    package let mask: Volume<UInt8>
    /// A refused mask is here to be looked at, not to be used.
    package let quality: LungMaskQuality
    /// Windpipe and bronchi with their walls: places in the grid, in storage order. Empty for lungs that were not found here.
    private let airway: [Int]

    /// Lungs that somebody else made.
    package init(mask: Volume<UInt8>, quality: LungMaskQuality) {
        self.mask = mask
        self.quality = quality
        airway = []
    }

    /// - Parameters:
    ///   - labels: as in `LungLabel`, with the airway.
    ///   - findings: sentences, each worth a warning.
    init(labels: Volume<UInt8>, findings: [String], ct: Volume<Int16>) {
        airway = labels.voxels.indices.filter { labels.voxels[$0] == LungLabel.airway }
        var mask = labels
        for place in airway { mask.voxels[place] = 0 }
        self.mask = mask
        quality = .judge(mask.withoutDoubtful, ct: ct, findings: findings)
    }

    /// Air that may not be lung, mL.
    package var doubtfulMillilitres: Double {
        Double(mask.voxels.count { $0 == LungLabel.doubtful }) * mask.voxelVolume / 1000
    }

    /// Windpipe and bronchi with their walls, mL.
    package var airwayMillilitres: Double { Double(airway.count) * mask.voxelVolume / 1000 }

    /// The mask, with the airway as label 4.
    package func maskWithAirway() -> Volume<UInt8> {
        var labels = mask
        for place in airway { labels.voxels[place] = LungLabel.airway }
        return labels
    }
}
