/// The two densitometric measures of emphysema, from the lung's voxels as they were scanned. Source: docs/method.md section 6.
package struct Densitometry: Equatable, Sendable {
    /// LAA-950: the fraction of voxels below -950 HU.
    package let lowAttenuation: Double
    /// Perc15: the HU at or below which 15 % of the voxels lie.
    package let percentile15: Int

    /// A count for every HU from -32768 on.
    package static var noCounts: [Int] { [Int](repeating: 0, count: 1 << 16) }
    package static func index(_ hounsfield: Int16) -> Int { Int(hounsfield) - Int(Int16.min) }

    /// - Parameter counts: voxels of each HU, as in `noCounts`; nil where there are none.
    package init?(counts: [Int]) {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        lowAttenuation = Double(counts[..<Self.index(-950)].reduce(0, +)) / Double(total)
        var seen = 0
        let place = counts.firstIndex { count in
            seen += count
            return Double(seen) >= 0.15 * Double(total)
        }
        percentile15 = (place ?? 0) + Int(Int16.min)
    }
}
