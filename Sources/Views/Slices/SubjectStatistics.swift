import Engine

/// Volumes of lung and emphysema in one subject, counted in the CT's own voxels.
package struct SubjectStatistics: Equatable, Sendable {
    /// One lung, or both.
    package struct Region: Equatable, Sendable {
        package var lungVoxels = 0
        package var centrilobularVoxels = 0
        package var paraseptalVoxels = 0
        /// Voxels of either subtype: where they overlap they count once.
        package var eitherVoxels = 0

        mutating func add(_ other: Region) {
            lungVoxels += other.lungVoxels
            centrilobularVoxels += other.centrilobularVoxels
            paraseptalVoxels += other.paraseptalVoxels
            eitherVoxels += other.eitherVoxels
        }
    }

    package private(set) var right = Region()
    package private(set) var left = Region()
    /// Emphysema voxels outside both lungs: none where masks were made inside the lung mask.
    package private(set) var outside = Region()
    package let hasLungs: Bool
    package let hasCentrilobular: Bool
    package let hasParaseptal: Bool
    /// Volume of one voxel, mL.
    package let voxelMillilitres: Double

    package init(_ volumes: SubjectVolumes) {
        let lungs = volumes.lungs?.voxels
        let centrilobular = volumes.centrilobular.mask?.voxels
        let paraseptal = volumes.paraseptal.mask?.voxels
        hasLungs = lungs != nil
        hasCentrilobular = centrilobular != nil
        hasParaseptal = paraseptal != nil
        voxelMillilitres = volumes.ct.voxelVolume / 1000
        guard lungs != nil || centrilobular != nil || paraseptal != nil else { return }
        for offset in 0..<volumes.ct.extent.count {
            let label = lungs?[offset] ?? 0
            let isCentrilobular = centrilobular.map { $0[offset] != 0 } ?? false
            let isParaseptal = paraseptal.map { $0[offset] != 0 } ?? false
            guard label != 0 || isCentrilobular || isParaseptal else { continue }
            let one = Region(
                lungVoxels: label != 0 ? 1 : 0, centrilobularVoxels: isCentrilobular ? 1 : 0, paraseptalVoxels: isParaseptal ? 1 : 0,
                eitherVoxels: isCentrilobular || isParaseptal ? 1 : 0)
            switch label {
            case 1: right.add(one)
            case 2: left.add(one)
            default: outside.add(one)
            }
        }
    }

    package var both: Region {
        var sum = right
        sum.add(left)
        return sum
    }

    package func millilitres(_ voxels: Int) -> Double { Double(voxels) * voxelMillilitres }

    /// Percent of the region's lung; nil where there is no lung.
    package func percent(_ voxels: Int, of region: Region) -> Double? {
        region.lungVoxels > 0 ? 100 * Double(voxels) / Double(region.lungVoxels) : nil
    }
}
