import Foundation

/// Looks whether the values of a thorax CT can be HU: the air around the patient and in the trachea lies about -1000, muscle between 0 and 100,
/// and no slice stands out from its neighbours. What is not found in the picture is not judged.
///
/// A scan that fails is still a scan: these are cautions, since a phantom, a rest of contrast or a tight crop may explain them.
package struct HounsfieldCheck {
    /// In sentences; none where all is as it must be.
    package private(set) var cautions: [String] = []

    /// Air outside reads less than this, HU; scanners keep within about 30 of -1000.
    static let highestOutsideAir = -925
    /// Air in the trachea reads less than this, HU: its wall and the kernel raise it a little.
    static let highestTracheaAir = -880
    /// Where the most frequent soft tissue lies: fat or muscle, HU.
    static let softTissue = -150...120
    /// Muscle, blood without contrast and organs, HU; at least this part of all soft tissue.
    static let muscle = -20...120
    static let leastMuscle = 0.08
    /// A chest holds at least this part of air, lungs and what is around it.
    static let leastAir = 0.02
    /// A slice's mean may differ from its neighbours' by this, HU.
    static let slicesApart = 250.0

    /// Enough voxels to judge by.
    private static let fewestVoxels = 500
    /// The border between air and tissue, HU.
    private static let border = -500

    private let volume: Volume<Int16>

    /// - Parameter volume: HU, with the slices along z.
    package init(_ volume: Volume<Int16>) {
        self.volume = volume
        judgeOutsideAir()
        judgeSoftTissue()
        judgeTrachea()
        judgeSlices()
    }

    // MARK: Around the patient

    /// Every so many slices, rows and columns are looked at: medians need no more.
    private var strides: (z: Int, inPlane: Int) {
        (max(1, volume.extent.z / 64), max(1, min(volume.extent.x, volume.extent.y) / 256))
    }

    private mutating func judgeOutsideAir() {
        // From either edge of a row, over padding, up to the patient or the couch.
        var histogram = Histogram()
        let width = volume.extent.x
        forEachRow { row in
            for side in [true, false] {
                for step in 0..<width {
                    let value = Int(row[row.startIndex + (side ? step : width - 1 - step)])
                    if value > Self.border { break }
                    if value > Int(NiftiFile.emptyHounsfield) { histogram.add(value) }
                }
            }
        }
        guard histogram.count >= Self.fewestVoxels, let air = histogram.median, air > Self.highestOutsideAir else { return }
        cautions.append("the air around the patient reads \(air) HU instead of about -1000: the values may be shifted or scaled")
    }

    private mutating func judgeSoftTissue() {
        var histogram = Histogram()
        var (air, all) = (0, 0)
        forEachRow { row in
            air += row.count { Int($0) <= Self.border && $0 > NiftiFile.emptyHounsfield }
            all += row.count { $0 > NiftiFile.emptyHounsfield }
            for index in stride(from: row.startIndex, to: row.endIndex, by: strides.inPlane) where row[index] > -300 {
                histogram.add(Int(row[index]))
            }
        }
        if all >= 8 * Self.fewestVoxels, Double(air) < Self.leastAir * Double(all) {
            cautions.append("hardly any voxel reads as air, as lungs do: the values may be shifted or scaled")
            return
        }
        guard histogram.count >= Self.fewestVoxels else {
            if volume.extent.count > 8 * Self.fewestVoxels {
                cautions.append("hardly any voxel reads as soft tissue: the values may be shifted or scaled")
            }
            return
        }
        let mode = histogram.mode(width: 30)
        let part = Double(histogram.count(in: Self.muscle)) / Double(max(1, histogram.count(in: -300...300)))
        if !Self.softTissue.contains(mode) {
            cautions.append("soft tissue reads \(mode) HU instead of -100 to 60: the values may be shifted or scaled")
        } else if part < Self.leastMuscle {
            cautions.append("no muscle or blood reads 0 to 100 HU: the values may be shifted or scaled")
        }
    }

    // MARK: Trachea

    private mutating func judgeTrachea() {
        let values = TracheaSample(volume, border: Self.border).values
        guard values.count >= 30, let air = Histogram(values).median, air > Self.highestTracheaAir else { return }
        cautions.append("the air in the trachea reads \(air) HU instead of about -1000: the values may be shifted or scaled")
    }

    // MARK: Slices

    private mutating func judgeSlices() {
        let size = volume.extent.x * volume.extent.y
        guard volume.extent.z > 4 else { return }
        let means = (0..<volume.extent.z).map { z in
            Double(volume.voxels[z * size..<(z + 1) * size].reduce(0) { $0 + Int($1) }) / Double(size)
        }
        let odd = means.indices.filter { z in
            let others = [z - 2, z - 1, z + 1, z + 2].filter(means.indices.contains).map { means[$0] }.sorted()
            let middle = (others[(others.count - 1) / 2] + others[others.count / 2]) / 2
            return abs(means[z] - middle) > Self.slicesApart
        }
        guard let first = odd.first else { return }
        let place = CTAcquisition.brief(volume.voxelToWorld([0, 0, Double(first)]).z)
        let more = odd.count > 1 ? " and \(odd.count - 1) more" : ""
        cautions.append("the slice at \(place) mm\(more) differs from its neighbours by more than \(Int(Self.slicesApart)) HU on average")
    }

    private func forEachRow(_ body: (ArraySlice<Int16>) -> Void) {
        let (width, height) = (volume.extent.x, volume.extent.y)
        for z in stride(from: 0, to: volume.extent.z, by: strides.z) {
            for y in stride(from: 0, to: height, by: strides.inPlane) {
                let start = (z * height + y) * width
                body(volume.voxels[start..<start + width])
            }
        }
    }
}

/// How often each HU occurs, from -1024 to 3071.
private struct Histogram {
    private static let lowest = -1024
    private var counts = [Int](repeating: 0, count: 4096)
    private(set) var count = 0

    init(_ values: [Int] = []) { for value in values { add(value) } }

    mutating func add(_ value: Int) {
        counts[min(max(value - Self.lowest, 0), counts.count - 1)] += 1
        count += 1
    }

    func count(in range: ClosedRange<Int>) -> Int { range.reduce(0) { $0 + counts[$1 - Self.lowest] } }

    var median: Int? {
        var seen = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if number > 0, 2 * seen >= count { return index + Self.lowest }
        }
        return nil
    }

    /// The middle of the `width` HU that hold most.
    func mode(width: Int) -> Int {
        var sum = counts[..<width].reduce(0, +)
        var (best, place) = (sum, 0)
        for start in 1...(counts.count - width) {
            sum += counts[start + width - 1] - counts[start - 1]
            if sum > best { (best, place) = (sum, start) }
        }
        return place + width / 2 + Self.lowest
    }
}
