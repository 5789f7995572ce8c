/// Follows the windpipe from its upper end into both main bronchi, slice by slice downwards, and stops before it would spill into a lung.
///
/// Within a slice the lumen is what hangs together below a threshold. The threshold is lowered until the lumen is hardly larger than in the
/// slice above; where no threshold does that, the bronchus has entered the lung and is left.
struct AirwayTracker {
    /// From generous to strict; the first that does not spill is taken.
    private static let thresholds: [Int16] = [-500, -600, -700, -775, -825, -875, -910, -940]
    /// Lumen areas that a windpipe may have, mm²: a child's to a dilated adult's.
    private static let areas = 20.0...800.0
    /// A bronchus below this fraction of the windpipe's area is left to the lung that it lies in.
    private static let smallestFraction = 0.35
    /// The wall around the lumen that is removed with it, mm.
    private static let wallMillimetres = 1.5

    let ct: Volume<Int16>
    private let plane: Int
    private let pixelArea: Double
    private let sliceMillimetres: Double

    /// - Parameter ct: axes grow to Left, Posterior, Superior.
    init(_ ct: Volume<Int16>) {
        self.ct = ct
        plane = ct.extent.x * ct.extent.y
        let spacing = ct.spacingMillimetres
        pixelArea = spacing.x * spacing.y
        sliceMillimetres = spacing.z
    }

    /// 1 in the windpipe and main bronchi with their walls, else 0, on the CT's grid; nil where no windpipe was found.
    func airway(_ air: EnclosedAir, _ grid: WorkingGrid) -> [UInt8]? {
        guard let start = windpipe(air, grid) else { return nil }
        var mask = [UInt8](repeating: 0, count: ct.extent.count)
        var lumens = [Lumen(pixels: start.pixels, limit: start.area)]
        var largest = start.area
        for z in stride(from: start.slice, through: 0, by: -1) {
            lumens = follow(lumens, into: z, isTop: z == start.slice)
            largest = max(largest, lumens.map { Double($0.pixels.count) * pixelArea }.max() ?? 0)
            lumens.removeAll { Double($0.pixels.count) * pixelArea < largest * Self.smallestFraction }
            guard !lumens.isEmpty else { break }
            for lumen in lumens { mark(lumen.pixels, z, in: &mask) }
        }
        return mask
    }

    // MARK: Start

    private struct Start {
        let slice: Int
        let pixels: [Int]
        let area: Double
    }

    /// The enclosed air near the midline that keeps its area over the longest way down, in the upper half of the scan.
    private func windpipe(_ air: EnclosedAir, _ grid: WorkingGrid) -> Start? {
        let extent = grid.extent
        let slice = extent.x * extent.y
        let blockArea = grid.spacingMillimetres.x * grid.spacingMillimetres.y
        let flat = Extent3(x: extent.x, y: extent.y, z: 1)
        // Chains of overlapping regions, from the top down: the open ones' last region, and where each began.
        struct Chain {
            let top: Int
            let first: [Int]
            var last: Set<Int>
            let area: Double
            var slices = 1
        }
        var open: [Chain] = []
        var best: Chain?
        for z in stride(from: extent.z - 1, through: extent.z / 3, by: -1) {
            let components = ConnectedComponents(of: Array(air.mask[(z * slice)..<((z + 1) * slice)]), extent: flat) { $0 != 0 }
            var regions = [[Int]](repeating: [], count: components.count + 1)
            for (pixel, label) in components.labels.enumerated() where label > 0 { regions[Int(label)].append(pixel) }
            var next: [Chain] = []
            for region in regions.dropFirst() where Self.areas.contains(Double(region.count) * blockArea) {
                let area = Double(region.count) * blockArea
                let parent = open.first { $0.last.contains { region.contains($0) } && (0.4...2.2).contains(area / $0.area) }
                if var chain = parent {
                    chain.last = Set(region)
                    chain.slices += 1
                    next.append(chain)
                } else {
                    let centre = Double(region.map { $0 % extent.x }.reduce(0, +)) / Double(region.count)
                    guard abs(centre - air.midline) < 0.1 * air.width else { continue }
                    next.append(Chain(top: z, first: region, last: Set(region), area: area))
                }
            }
            open = next
            for chain in open where chain.slices > best?.slices ?? 0 { best = chain }
        }
        guard let best, Double(best.slices) * grid.spacingMillimetres.z >= 15 else { return nil }
        // In the middle slice of the top block, the pixels that the region covers.
        let z = min(best.top * grid.factors.z + grid.factors.z / 2, ct.extent.z - 1)
        var pixels: [Int] = []
        for block in best.first {
            let (x, y) = (block % extent.x * grid.factors.x, block / extent.x * grid.factors.y)
            for row in y..<min(y + grid.factors.y, ct.extent.y) {
                for column in x..<min(x + grid.factors.x, ct.extent.x) { pixels.append(row * ct.extent.x + column) }
            }
        }
        return Start(slice: z, pixels: pixels, area: best.area)
    }

    // MARK: Following

    private struct Lumen {
        /// Places within a slice.
        var pixels: [Int]
        /// Largest area that its continuation may have, mm².
        var limit: Double
    }

    private func follow(_ parents: [Lumen], into z: Int, isTop: Bool) -> [Lumen] {
        var taken = Set<Int>()
        var found: [Lumen] = []
        // Obliquely cut bronchi widen the more, the farther apart the slices are.
        let growth = 1.25 + min(0.1 * sliceMillimetres, 0.5)
        for parent in parents {
            let limit = min(parent.limit * (isTop ? 1.6 : growth) + 12, Self.areas.upperBound)
            for threshold in Self.thresholds {
                guard let parts = parts(below: threshold, from: parent.pixels, z, limit: limit) else { continue }
                for part in parts where taken.isDisjoint(with: part) {
                    taken.formUnion(part)
                    found.append(Lumen(pixels: part, limit: Double(part.count) * pixelArea))
                }
                break
            }
        }
        return found
    }

    /// The connected parts of the slice below the threshold that the seeds touch; nil if together they exceed the limit.
    private func parts(below threshold: Int16, from seeds: [Int], _ z: Int, limit: Double) -> [[Int]]? {
        let mostPixels = Int(limit / pixelArea)
        let start = z * plane
        let flat = Extent3(x: ct.extent.x, y: ct.extent.y, z: 1)
        var reached = Set<Int>()
        var parts: [[Int]] = []
        for seed in seeds where ct.voxels[start + seed] < threshold && !reached.contains(seed) {
            var part = [seed]
            reached.insert(seed)
            var next = 0
            while next < part.count {
                flat.forEachFaceNeighbour(of: part[next]) { neighbour in
                    guard ct.voxels[start + neighbour] < threshold, reached.insert(neighbour).inserted else { return }
                    part.append(neighbour)
                }
                guard reached.count <= mostPixels else { return nil }
                next += 1
            }
            parts.append(part)
        }
        return parts
    }

    /// Marks a lumen and its wall.
    private func mark(_ pixels: [Int], _ z: Int, in mask: inout [UInt8]) {
        let spacing = ct.spacingMillimetres
        let reachX = Int(Self.wallMillimetres / spacing.x)
        let reachY = Int(Self.wallMillimetres / spacing.y)
        for pixel in pixels {
            let (x, y) = (pixel % ct.extent.x, pixel / ct.extent.x)
            for row in max(0, y - reachY)...min(ct.extent.y - 1, y + reachY) {
                for column in max(0, x - reachX)...min(ct.extent.x - 1, x + reachX) {
                    let (dx, dy) = (Double(column - x) * spacing.x, Double(row - y) * spacing.y)
                    guard dx * dx + dy * dy <= Self.wallMillimetres * Self.wallMillimetres else { continue }
                    mask[z * plane + row * ct.extent.x + column] = 1
                }
            }
        }
    }
}
