import Foundations

/// Where the windpipe is: the air near the midline that keeps its area over the longest way down.
struct Windpipe {
    /// Lumen areas that a windpipe may have, mm²: a child's to a dilated adult's.
    private static let areas = 20.0...800.0
    /// Shorter ones are something else, mm.
    private static let leastMillimetres = 15.0
    /// Of its area, what the next slice may have.
    private static let growth = 0.4...2.2

    /// Voxels of the CT in one of its slices, the middle one.
    let places: [Int]
    let area: Double

    /// Overlapping regions of the slices, from the top down.
    private struct Chain {
        var regions: [(slice: Int, places: [Int])]
        /// Of every slice of regions the mean area, mm².
        var areas: [Double]
    }

    /// - Returns: nil where there is none.
    init?(_ air: EnclosedAir, _ grid: WorkingGrid, _ ct: Volume<Int16>) {
        let extent = grid.extent
        let plane = extent.x * extent.y
        let blockArea = grid.spacingMillimetres.x * grid.spacingMillimetres.y
        let flat = Extent3(x: extent.x, y: extent.y, z: 1)
        var open: [Chain] = []
        var best: Chain?
        // For each place the open chain that ends there.
        var owner = [Int](repeating: -1, count: plane)
        for z in stride(from: extent.z - 1, through: extent.z / 3, by: -1) {
            let components = ConnectedComponents(of: Array(air.mask[(z * plane)..<((z + 1) * plane)]), extent: flat) { $0 != 0 }
            var regions = [[Int]](repeating: [], count: components.count + 1)
            for (pixel, label) in components.labels.enumerated() where label > 0 { regions[Int(label)].append(pixel) }
            var next: [Chain] = []
            for region in regions.dropFirst() where Self.areas.contains(Double(region.count) * blockArea) {
                // A fold of the skin lies open to the front, a windpipe does not.
                guard region.reduce(0, { $0 + Int(air.bodySides[z * plane + $1]) }) * 2 >= region.count * 7 else { continue }
                let area = Double(region.count) * blockArea
                let parent = region.lazy.map { owner[$0] }.first {
                    $0 >= 0 && Self.growth.contains(area / open[$0].areas[open[$0].areas.count - 1])
                }
                if let parent {
                    var chain = open[parent]
                    chain.regions.append((z, region))
                    chain.areas.append(area)
                    next.append(chain)
                } else {
                    let centre = Double(region.map { $0 % extent.x }.reduce(0, +)) / Double(region.count)
                    guard abs(centre - air.midline) < 0.1 * air.width else { continue }
                    next.append(Chain(regions: [(z, region)], areas: [area]))
                }
            }
            open = next
            for place in owner.indices { owner[place] = -1 }
            for (index, chain) in open.enumerated() {
                for place in chain.regions[chain.regions.count - 1].places { owner[place] = index }
                if chain.regions.count > best?.regions.count ?? 0 { best = chain }
            }
        }
        guard let best, Double(best.regions.count) * grid.spacingMillimetres.z >= Self.leastMillimetres else { return nil }
        let middle = best.regions[best.regions.count / 2]
        let z = min(middle.slice * grid.factors.z + grid.factors.z / 2, ct.extent.z - 1)
        var places: [Int] = []
        for block in middle.places {
            let (x, y) = (block % extent.x * grid.factors.x, block / extent.x * grid.factors.y)
            for row in y..<min(y + grid.factors.y, ct.extent.y) {
                for column in x..<min(x + grid.factors.x, ct.extent.x) {
                    let place = (z * ct.extent.y + row) * ct.extent.x + column
                    if ct.voxels[place] < Int16(EnclosedAir.thresholdHounsfield) { places.append(place) }
                }
            }
        }
        guard !places.isEmpty else { return nil }
        self.places = places
        area = Double(places.count) * ct.spacingMillimetres.x * ct.spacingMillimetres.y
    }
}
