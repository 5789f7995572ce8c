import Foundations

/// Lung without air, which nothing but its place tells from the chest wall behind it: consolidation, collapse, fluid.
///
/// Behind (and below) the heart and the liver's dome there is always aerated lung before the ribs come; where there is none although the other
/// lung, mirrored, reaches the ribs there, a lung has lost its air.
enum AirlessLung {
    /// Thinner than twice this is the aorta, thick pleura, or what differs between a patient's two sides, mm.
    private static let leastMillimetres = 12.0
    /// The same for a layer between aerated lung and the ribs, mm.
    private static let leastLayer = 6.0
    /// A layer is no thicker, mm.
    private static let thickestLayer = 45.0
    /// Of the way from the midline to a lung's outer border: nearer the midline lie spine and aorta.
    private static let leastSideways = 0.33
    /// Less is not worth a guess, mL.
    private static let leastMillilitres = 15.0

    /// - Parameters:
    ///   - labels: 1 in the right lung's air, 2 in the left's; blocks of the grid, whose axes grow to Left, Posterior, Superior.
    ///   - cage: nil where the scan shows no ribs.
    /// - Returns: 1 and 2 where those lungs seem to go on without air, else 0.
    static func find(_ labels: [UInt8], cage: RibCage?, _ grid: WorkingGrid, parallel: Parallel) -> [UInt8] {
        let extent = grid.extent
        let plane = extent.x * extent.y
        var found = [UInt8](repeating: 0, count: labels.count)
        guard let outermost = outermost(labels, extent) else { return found }
        let mirror = outermost.lowerBound + outermost.upperBound
        let inner = leastSideways * Double(outermost.count)
        for side in [UInt8(1), 2] {
            guard let lowest = labels.firstIndex(of: side), let highest = labels.lastIndex(of: side) else { continue }
            var candidates = [UInt8](repeating: 0, count: labels.count)
            var layers = candidates
            for z in (lowest / plane)...(highest / plane) {
                let depth = rows(of: 3 - side, labels, z, extent)
                let back = depth.lowerBound + depth.count * 7 / 10
                for x in 0..<extent.x {
                    let opposite = mirror - x
                    guard outermost.contains(x), Double(abs(x - opposite)) >= inner else { continue }
                    // In front of the spine the other lung ends before it comes to the ribs.
                    guard (back..<extent.y).contains(where: { labels[(z * extent.y + $0) * extent.x + opposite] == 3 - side }) else {
                        continue
                    }
                    // From the back forwards, as long as neither lung has come.
                    var line: [Int] = []
                    var isBehindLung = false
                    for y in stride(from: extent.y - 1, through: 0, by: -1) {
                        let place = (z * extent.y + y) * extent.x + x
                        if labels[place] == side {
                            isBehindLung = true
                            break
                        }
                        let isOther = labels[(z * extent.y + y) * extent.x + opposite] == 3 - side
                        if isOther, grid.hounsfield[place] > EnclosedAir.thresholdHounsfield { line.append(place) }
                    }
                    for place in line { candidates[place] = 1 }
                    // A layer between lung and ribs may be thin; behind a dome of liver there is none.
                    guard let cage, isBehindLung, Double(line.count) * grid.spacingMillimetres.y <= thickestLayer else { continue }
                    for place in line where cage.inside[place] != 0 { layers[place] = 1 }
                }
            }
            guard Double(candidates.count { $0 != 0 }) * grid.millilitresABlock >= leastMillilitres else { continue }
            for place in opened(candidates, by: leastMillimetres, grid, parallel: parallel) { found[place] = side }
            for place in opened(layers, by: leastLayer, grid, parallel: parallel) { found[place] = side }
        }
        return found
    }

    /// The rows of a slice that a lung reaches from front to back.
    private static func rows(of side: UInt8, _ labels: [UInt8], _ z: Int, _ extent: Extent3) -> Range<Int> {
        let plane = extent.x * extent.y
        let slice = labels[(z * plane)..<((z + 1) * plane)]
        guard let first = slice.firstIndex(of: side), let last = slice.lastIndex(of: side) else { return 0..<0 }
        return (first - z * plane) / extent.x..<(last - z * plane) / extent.x + 1
    }

    /// x of the outermost blocks of both lungs.
    private static func outermost(_ labels: [UInt8], _ extent: Extent3) -> ClosedRange<Int>? {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: extent.x), count: 3)
        for (place, label) in labels.enumerated() where label == 1 || label == 2 { counts[Int(label)][place % extent.x] += 1 }
        let totals = counts.map { $0.reduce(0, +) }
        // A few blocks further out are noise.
        func isBusy(_ side: Int, _ x: Int) -> Bool { counts[side][x] * 2000 > totals[side] }
        guard let right = (0..<extent.x).first(where: { isBusy(1, $0) }), let left = (0..<extent.x).last(where: { isBusy(2, $0) }),
            right < left
        else { return nil }
        return right...left
    }

    /// The thick parts of the candidates that are large enough.
    private static func opened(_ candidates: [UInt8], by radius: Double, _ grid: WorkingGrid, parallel: Parallel) -> [Int] {
        // Vessels and bronchi of the other lung leave holes, which are closed first.
        let spacing = grid.spacingMillimetres
        func distance(to value: UInt8, in mask: [UInt8], within reach: Double) -> [Float] {
            DistanceMap.squared(
                to: { $0 == value }, in: mask, extent: grid.extent, spacingMillimetres: spacing, within: reach, parallel: parallel)
        }
        func square(_ radius: Double) -> Float { Float(radius * radius) }
        let dilated = distance(to: 1, in: candidates, within: 4).map { $0 <= square(4) ? UInt8(1) : 0 }
        let closed = distance(to: 0, in: dilated, within: 4).map { $0 > square(4) ? UInt8(1) : 0 }
        let cores = distance(to: 0, in: closed, within: radius).map { $0 > square(radius) ? UInt8(1) : 0 }
        guard cores.contains(1) else { return [] }
        let back = distance(to: 1, in: cores, within: radius + radius / 2)
        let whole = closed.indices.map { closed[$0] != 0 && back[$0] <= square(radius + radius / 2) ? UInt8(1) : 0 }
        let parts = ConnectedComponents(of: whole, extent: grid.extent) { $0 != 0 }
        return parts.labels.indices.filter {
            parts.labels[$0] > 0 && Double(parts.sizes[Int(parts.labels[$0])]) * grid.millilitresABlock >= leastMillilitres
        }
    }
}
