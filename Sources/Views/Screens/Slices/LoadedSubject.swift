import Cohorts
import Foundations
import Imaging

/// A subject's volumes, ready to show: orientation found, volumes counted. Immutable and shared; two are equal when they are the same one.
package final class LoadedSubject: Equatable, Sendable {
    package let id: String
    package let volumes: SubjectVolumes
    package let axes: AnatomicalAxes
    package let statistics: SubjectStatistics
    /// For each anatomical axis, the number of emphysema voxels in each slice (rising to the right, anterior, superior).
    package let diseasePerSlice: [[Int]]
    /// Likewise the highest probability in each slice; of a subtype without probabilities 1 where its mask lies.
    private let highestPerSlice: [[Float]]
    /// Why percentages of low attenuation are to be taken with care.
    package let densitometryCautions: [String]

    /// Throws if a mask lies in another grid than the CT, or the CT is empty.
    package init(id: String, _ volumes: SubjectVolumes) throws {
        self.id = id
        self.volumes = volumes
        let ct = volumes.ct
        guard ct.extent.count > 0, ct.extent.x > 0, ct.extent.y > 0, ct.extent.z > 0 else { throw Failure("\(id): the CT holds no voxels") }
        func check<Voxel>(_ volume: Volume<Voxel>?, _ name: String) throws {
            guard let volume, !volume.sharesGrid(with: ct) else { return }
            throw Failure("\(id): the \(name) has another grid (\(volume.extent)) than the CT (\(ct.extent)); make it again from this CT")
        }
        try check(volumes.lungs, "lung mask")
        for subtype in EmphysemaSubtype.allCases {
            try check(volumes[subtype].mask, "\(subtype.rawValue) mask")
            try check(volumes[subtype].probability, "\(subtype.rawValue) probability map")
        }
        let axes = AnatomicalAxes(extent: ct.extent, voxelToWorld: ct.voxelToWorld)
        self.axes = axes
        statistics = SubjectStatistics(volumes)
        densitometryCautions = ScanCautions.of(volumes.acquisition, voxelToWorld: ct.voxelToWorld)
        diseasePerSlice = Self.countPerSlice(EmphysemaSubtype.allCases.compactMap { volumes[$0].mask?.voxels }, axes)
        highestPerSlice = Self.highestPerSlice(EmphysemaSubtype.allCases.map { volumes[$0] }, axes)
        let lungPerSlice = Self.countPerSlice([volumes.lungs?.voxels].compactMap { $0 }, axes)
        firstCursor = Self.cursor(mostIn: diseasePerSlice, axes) ?? Self.cursor(mostIn: lungPerSlice, axes) ?? axes.centre
    }

    /// Whether anything is marked in a slice from a threshold on.
    package func isDiseased(_ axis: AnatomicalAxis, slice: Int, _ threshold: MaskThreshold) -> Bool {
        threshold.isTheMask
            ? diseasePerSlice[axis.rawValue][slice] > 0 : highestPerSlice[axis.rawValue][slice] >= threshold.probability
    }

    package static func == (a: LoadedSubject, b: LoadedSubject) -> Bool { a === b }

    /// Where to look first: where the three slices with most emphysema meet, else those with most lung, else the middle.
    package let firstCursor: VoxelIndex

    private static func cursor(mostIn counts: [[Int]], _ axes: AnatomicalAxes) -> VoxelIndex? {
        var cursor = axes.centre
        for axis in AnatomicalAxis.allCases {
            let perSlice = counts[axis.rawValue]
            guard let best = perSlice.indices.max(by: { perSlice[$0] < perSlice[$1] }), perSlice[best] > 0 else { return nil }
            cursor = axes.moving(cursor, axis, to: best)
        }
        return cursor
    }

    /// Voxels that are not 0 in any of the masks, for each slice along each anatomical axis.
    private static func countPerSlice(_ masks: [[UInt8]], _ axes: AnatomicalAxes) -> [[Int]] {
        let extent = axes.extent
        var perGridAxis = (0..<3).map { Array(repeating: 0, count: extent[$0]) }
        if !masks.isEmpty {
            var offset = 0
            for z in 0..<extent.z {
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        if masks[0][offset] != 0 || (masks.count > 1 && masks[1][offset] != 0) {
                            perGridAxis[0][x] += 1
                            perGridAxis[1][y] += 1
                            perGridAxis[2][z] += 1
                        }
                        offset += 1
                    }
                }
            }
        }
        return anatomical(perGridAxis, axes)
    }

    private static func highestPerSlice(_ subtypes: [SubtypeVolumes], _ axes: AnatomicalAxes) -> [[Float]] {
        let extent = axes.extent
        var perGridAxis = (0..<3).map { [Float](repeating: 0, count: extent[$0]) }
        func fold(_ value: (Int) -> Float) {
            var offset = 0
            for z in 0..<extent.z {
                for y in 0..<extent.y {
                    var highest: Float = 0
                    for x in 0..<extent.x {
                        let found = value(offset)
                        if found > perGridAxis[0][x] { perGridAxis[0][x] = found }
                        if found > highest { highest = found }
                        offset += 1
                    }
                    perGridAxis[1][y] = max(perGridAxis[1][y], highest)
                    perGridAxis[2][z] = max(perGridAxis[2][z], highest)
                }
            }
        }
        for volumes in subtypes {
            guard let mask = volumes.mask?.voxels else { continue }
            if let probability = volumes.probability?.voxels { fold { probability[$0] } } else { fold { mask[$0] == 0 ? 0 : 1 } }
        }
        return anatomical(perGridAxis, axes)
    }

    /// From the grid's axes to the patient's, rising to the right, anterior, superior.
    private static func anatomical<Value>(_ perGridAxis: [[Value]], _ axes: AnatomicalAxes) -> [[Value]] {
        AnatomicalAxis.allCases.map { axis in
            let values = perGridAxis[axes.gridAxis[axis.rawValue]]
            return axes.isFlipped[axis.rawValue] ? values.reversed() : values
        }
    }
}
