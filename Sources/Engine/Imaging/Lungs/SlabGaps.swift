import Foundations

/// Slices of air from edge to edge through a body: between the slabs that a phantom is built of, or slices that were never measured.
///
/// They part lungs and airway, and are neither. So lungs are looked for with such slices bridged, and what is all gap is taken out afterwards.
struct SlabGaps {
    /// A gap is at most so thick, mm.
    private static let mostMillimetres = 4.5
    /// Tissue above and below a gap covers at least this, mm²: a body's cross-section, not a finger's.
    private static let leastArea = 5000.0
    /// Of what is tissue both above and below, in a gap so much is air. No organ of a patient is so thin and wide.
    private static let leastFraction = 0.6
    /// Places this far apart tell enough of a slice, mm.
    private static let sampleMillimetres = 3.0
    /// From here on soft tissue, HU.
    private static let tissueHounsfield: Int16 = -300
    /// What would be tissue has this mean at most where a slice is gap for the most part, HU.
    private static let emptyHounsfield = -700.0

    /// Runs of slices, from the lowest up.
    let runs: [ClosedRange<Int>]
    /// Of their slices those that hold hardly anything but gap.
    let emptySlices: [Int]

    /// - Parameter ct: slices lie across the patient.
    init(in ct: Volume<Int16>, parallel: Parallel) {
        let extent = ct.extent
        let spacing = ct.spacingMillimetres
        let step = (
            x: max(1, Int((Self.sampleMillimetres / spacing.x).rounded())), y: max(1, Int((Self.sampleMillimetres / spacing.y).rounded()))
        )
        let (columns, rows) = ((extent.x - 1) / step.x + 1, (extent.y - 1) / step.y + 1)
        let plane = columns * rows
        let samples = ct.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: plane * extent.z, pieces: extent.z) { (z, samples: UnsafeMutableBufferPointer<Int16>) in
                for row in 0..<rows {
                    let start = (z * extent.y + row * step.y) * extent.x
                    for column in 0..<columns { samples[z * plane + row * columns + column] = voxels[start + column * step.x] }
                }
            }
        }
        let least = Int(Self.leastArea / (spacing.x * spacing.y * Double(step.x * step.y)))
        let most = max(1, Int(Self.mostMillimetres / spacing.z))
        var runs: [ClosedRange<Int>] = []
        var empty: [Int] = []
        var slice = 1
        while slice < extent.z - 1 {
            var found: ClosedRange<Int>?
            for last in slice...min(slice + most - 1, extent.z - 2) where found == nil {
                let body = (0..<plane).filter {
                    samples[(slice - 1) * plane + $0] > Self.tissueHounsfield && samples[(last + 1) * plane + $0] > Self.tissueHounsfield
                }
                guard body.count >= max(1, least) else { continue }
                let isGap = (slice...last).allSatisfy { z in
                    let air = body.count { samples[z * plane + $0] < Int16(EnclosedAir.thresholdHounsfield) }
                    return Double(air) >= Self.leastFraction * Double(body.count)
                }
                guard isGap else { continue }
                found = slice...last
                for z in slice...last {
                    let mean = Double(body.reduce(0) { $0 + Int(samples[z * plane + $1]) }) / Double(body.count)
                    if mean < Self.emptyHounsfield { empty.append(z) }
                }
            }
            if let found { runs.append(found) }
            slice = (found?.upperBound ?? slice) + 1
        }
        self.runs = runs
        emptySlices = empty
    }

    /// The CT with its gaps filled by what lies between the slices above and below.
    func bridged(_ ct: Volume<Int16>) -> Volume<Int16> {
        guard !runs.isEmpty else { return ct }
        var bridged = ct
        let plane = ct.extent.x * ct.extent.y
        for run in runs {
            let (below, above) = ((run.lowerBound - 1) * plane, (run.upperBound + 1) * plane)
            for z in run {
                let weight = Float(z - run.lowerBound + 1) / Float(run.count + 1)
                for place in 0..<plane {
                    let value = Float(ct.voxels[below + place]) * (1 - weight) + Float(ct.voxels[above + place]) * weight
                    bridged.voxels[z * plane + place] = Int16(value.rounded())
                }
            }
        }
        return bridged
    }
}
