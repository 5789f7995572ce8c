import Cohorts
import Foundations
import Imaging

/// Volumes of lung and emphysema in one subject, counted in the CT's own voxels.
package struct SubjectStatistics: Equatable, Sendable {
    /// Emphysema in a part of the lungs.
    package struct Marked: Equatable, Sendable {
        package var centrilobular = 0
        package var paraseptal = 0
        /// Voxels of either subtype: where they overlap they count once.
        package var either = 0

        mutating func add(_ other: Marked) {
            centrilobular += other.centrilobular
            paraseptal += other.paraseptal
            either += other.either
        }

        fileprivate init() {}

        fileprivate init(_ centrilobular: Bool, _ paraseptal: Bool) {
            self.centrilobular = centrilobular ? 1 : 0
            self.paraseptal = paraseptal ? 1 : 0
            either = centrilobular || paraseptal ? 1 : 0
        }
    }

    /// One lung, a third of one, or both.
    package struct Region: Equatable, Sendable {
        package var lungVoxels = 0
        /// Inside the masks.
        package var masked = Marked()
        /// For each step of the threshold the voxels whose probability lies between it and the next.
        fileprivate var bySteps = [Marked](repeating: Marked(), count: MaskThreshold.steps + 1)

        package var centrilobularVoxels: Int { masked.centrilobular }
        package var paraseptalVoxels: Int { masked.paraseptal }
        package var eitherVoxels: Int { masked.either }

        mutating func add(_ other: Region) {
            lungVoxels += other.lungVoxels
            masked.add(other.masked)
            for step in bySteps.indices { bySteps[step].add(other.bySteps[step]) }
        }

        /// What a threshold marks.
        package func marked(_ threshold: MaskThreshold) -> Marked {
            guard !threshold.isTheMask else { return masked }
            var sum = Marked()
            for marked in bySteps[threshold.step...] { sum.add(marked) }
            return sum
        }
    }

    /// A lung, and its upper, middle and lower third: of equal height between that lung's top and bottom.
    package struct Lung: Equatable, Sendable {
        package let thirds: [Region]
        package let whole: Region
        /// On the scan's own voxels; nil where there is no lung.
        package let density: Densitometry?

        fileprivate init(thirds: [Region], counts: [Int]) {
            self.thirds = thirds
            whole = thirds.reduce(into: Region()) { $0.add($1) }
            density = Densitometry(counts: counts)
        }
    }

    package let rightLung, leftLung: Lung
    package let density: Densitometry?
    /// Emphysema voxels outside both lungs: none where masks were made inside the lung mask.
    package let outside: Marked
    package let hasLungs: Bool
    package let hasCentrilobular: Bool
    package let hasParaseptal: Bool
    /// Whether other thresholds than the mask's can be asked for.
    package let hasProbabilities: Bool
    /// Volume of one voxel, mL.
    package let voxelMillilitres: Double

    package var right: Region { rightLung.whole }
    package var left: Region { leftLung.whole }
    package var both: Region {
        var sum = right
        sum.add(left)
        return sum
    }

    package init(_ volumes: SubjectVolumes) {
        let lungs = volumes.lungs?.voxels
        let masks = EmphysemaSubtype.allCases.map { volumes[$0].mask?.voxels }
        let probabilities = EmphysemaSubtype.allCases.map { volumes[$0].probability?.voxels }
        hasLungs = lungs != nil
        hasCentrilobular = masks[0] != nil
        hasParaseptal = masks[1] != nil
        hasProbabilities = zip(masks, probabilities).allSatisfy { $0 == nil || $1 != nil } && probabilities.contains { $0 != nil }
        voxelMillilitres = volumes.ct.voxelVolume / 1000
        var thirds = [[Region]](repeating: [Region](repeating: Region(), count: 3), count: 2)
        var counts = [Densitometry.noCounts, Densitometry.noCounts]
        var outside = Marked()
        let heights = LungHeights(volumes)
        volumes.ct.extent.forEachRow { y, z, start in
            for x in 0..<volumes.ct.extent.x {
                let offset = start + x
                let label = lungs?[offset] ?? 0
                func isMarked(_ subtype: Int) -> Bool { masks[subtype].map { $0[offset] != 0 } ?? false }
                let marked = Marked(isMarked(0), isMarked(1))
                guard label == 1 || label == 2 else {
                    outside.add(marked)
                    continue
                }
                let lung = Int(label) - 1
                let third = heights.third(lung: lung, x, y, z)
                counts[lung][Densitometry.index(volumes.ct.voxels[offset])] += 1
                thirds[lung][third].lungVoxels += 1
                thirds[lung][third].masked.add(marked)
                let cle = MaskThreshold.step(reachedBy: probabilities[0]?[offset] ?? 0)
                let pse = MaskThreshold.step(reachedBy: probabilities[1]?[offset] ?? 0)
                thirds[lung][third].bySteps[cle].centrilobular += 1
                thirds[lung][third].bySteps[pse].paraseptal += 1
                thirds[lung][third].bySteps[max(cle, pse)].either += 1
            }
        }
        rightLung = Lung(thirds: thirds[0], counts: counts[0])
        leftLung = Lung(thirds: thirds[1], counts: counts[1])
        density = Densitometry(counts: zip(counts[0], counts[1]).map(+))
        self.outside = outside
    }

    package func millilitres(_ voxels: Int) -> Double { Double(voxels) * voxelMillilitres }

    /// Percent of the region's lung; nil where there is no lung.
    package func percent(_ voxels: Int, of region: Region) -> Double? {
        region.lungVoxels > 0 ? 100 * Double(voxels) / Double(region.lungVoxels) : nil
    }
}

/// Where each lung's top and bottom lie, by the world's height: so thirds hold for oblique and flipped scans too.
private struct LungHeights {
    private var low = [Double.infinity, .infinity]
    private var high = [-Double.infinity, -.infinity]
    private let rise: Point3

    init(_ volumes: SubjectVolumes) {
        let map = volumes.ct.voxelToWorld
        rise = Point3(map.columnX.z, map.columnY.z, map.columnZ.z)
        guard let lungs = volumes.lungs else { return }
        lungs.extent.forEachRow { y, z, start in
            for x in 0..<lungs.extent.x {
                let label = Int(lungs.voxels[start + x])
                guard label == 1 || label == 2 else { continue }
                let height = height(x, y, z)
                low[label - 1] = min(low[label - 1], height)
                high[label - 1] = max(high[label - 1], height)
            }
        }
    }

    private func height(_ x: Int, _ y: Int, _ z: Int) -> Double { Double(x) * rise.x + Double(y) * rise.y + Double(z) * rise.z }

    /// 0 upper, 1 middle, 2 lower.
    func third(lung: Int, _ x: Int, _ y: Int, _ z: Int) -> Int {
        let span = max(high[lung] - low[lung], 1e-9)
        return 2 - min(2, Int((height(x, y, z) - low[lung]) / span * 3))
    }
}

extension Extent3 {
    /// Calls `body` with y, z and the storage offset of each row of voxels.
    fileprivate func forEachRow(_ body: (_ y: Int, _ z: Int, _ start: Int) -> Void) {
        for z in 0..<self.z {
            for y in 0..<self.y { body(y, z, (z * self.y + y) * x) }
        }
    }
}
