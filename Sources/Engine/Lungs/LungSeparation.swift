/// Finds which enclosed air is the right lung and which the left, and parts lungs that touch.
struct LungSeparation {
    /// 0 elsewhere, 1 right lung, 2 left; blocks of the working grid.
    private(set) var labels: [UInt8]

    private let grid: WorkingGrid
    private let parallel: Parallel

    /// What the two lungs together must hold at least, mL: less is no thorax.
    private static let leastMillilitres = 60.0
    /// Of two parts of fused lungs, or of two lungs, the smaller holds at least this fraction of the larger.
    private static let leastFraction = 0.08
    /// Separate air at most this far from a lung belongs to it: cysts behind a wall, parts behind a fissure, mm.
    private static let pocketMillimetres = 4.0
    /// A pocket holds at most this, mL; more is stomach or bowel.
    private static let largestPocket = 5.0

    /// - Parameters:
    ///   - air: enclosed air, the airway removed.
    ///   - grid: axes grow to Left, Posterior, Superior.
    init(_ air: EnclosedAir, _ grid: WorkingGrid, parallel: Parallel) {
        self.grid = grid
        self.parallel = parallel
        labels = [UInt8](repeating: 0, count: grid.extent.count)
        let components = ConnectedComponents(of: air.mask, extent: grid.extent) { $0 != 0 }
        let parts = describe(components)
        let lungParts = parts.filter { !$0.isGas && $0.millilitres > Self.largestPocket }
        guard let first = lungParts.first, lungParts.prefix(2).map(\.millilitres).reduce(0, +) >= Self.leastMillilitres else { return }

        let balance = first.rightCount(of: air.midline, components, grid.extent)
        let isAstride = min(balance, 1 - balance) > 0.15
        if isAstride,
            let halves = FusedLungs.part(
                components.labels.map { $0 == first.label ? 1 : 0 }, extent: grid.extent,
                // x grows to the Left, y to Posterior: against RAS+.
                voxelToWorld: Affine3(scale: grid.spacingMillimetres * [-1, -1, 1]), parallel: parallel)
        {
            labels = halves
        } else if let second = lungParts.dropFirst().first(where: {
            $0.millilitres >= Self.leastFraction * first.millilitres && abs($0.centre.x - first.centre.x) > 0.15 * air.width
        }) {
            let (right, left) = first.centre.x < second.centre.x ? (first, second) : (second, first)
            for (index, label) in components.labels.enumerated() where label > 0 {
                labels[index] = label == right.label ? 1 : label == left.label ? 2 : 0
            }
        } else {
            let side: UInt8 = first.centre.x < air.midline ? 1 : 2
            for (index, label) in components.labels.enumerated() where label == first.label { labels[index] = side }
        }
        addPockets(parts, components)
    }

    // MARK: Parts

    private struct Part {
        let label: Int32
        let millilitres: Double
        /// Mean block index.
        let centre: Point3
        /// Bowel and stomach gas is air alone; lung holds tissue, even where it is emphysematous.
        let isGas: Bool

        /// Fraction of the blocks with a lower x than the midline: the patient's right.
        func rightCount(of midline: Double, _ components: ConnectedComponents, _ extent: Extent3) -> Double {
            var right = 0
            for (index, other) in components.labels.enumerated() where other == label && Double(index % extent.x) < midline { right += 1 }
            return Double(right) / Double(components.sizes[Int(label)])
        }
    }

    private func describe(_ components: ConnectedComponents) -> [Part] {
        var sums = [Point3](repeating: .zero, count: components.count + 1)
        var airCounts = [Int](repeating: 0, count: components.count + 1)
        let extent = grid.extent
        for (index, label) in components.labels.enumerated() where label > 0 {
            sums[Int(label)] += Point3(Double(index % extent.x), Double(index / extent.x % extent.y), Double(index / (extent.x * extent.y)))
            airCounts[Int(label)] += grid.hounsfield[index] < -970 ? 1 : 0
        }
        return (1..<max(1, components.count + 1)).map { number in
            let size = components.sizes[number]
            return Part(
                label: Int32(number), millilitres: Double(size) * grid.millilitresABlock, centre: sums[number] / Double(size),
                isGas: Double(airCounts[number]) > 0.6 * Double(size))
        }
    }

    /// Small parts beside a lung take its label.
    private mutating func addPockets(_ parts: [Part], _ components: ConnectedComponents) {
        let isPocket = [false] + parts.map { $0.millilitres <= Self.largestPocket }
        for side in [UInt8(1), 2] {
            let distance = DistanceMap.squared(
                to: { $0 == side }, in: labels, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres, parallel: parallel)
            let reach = Float(Self.pocketMillimetres * Self.pocketMillimetres)
            var isNear = [Bool](repeating: false, count: components.count + 1)
            for (index, label) in components.labels.enumerated() where label > 0 && distance[index] <= reach { isNear[Int(label)] = true }
            for (index, label) in components.labels.enumerated()
            where labels[index] == 0 && isPocket[Int(label)] && isNear[Int(label)] && label > 0 { labels[index] = side }
        }
    }
}
