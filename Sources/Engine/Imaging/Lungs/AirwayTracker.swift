import Foundations

/// Follows the airway from the windpipe through the bronchi, front by front, and stops before it would spill into a lung.
///
/// A front is what is reached within a short way below a threshold; its volume over that way is the lumen's area. Where the area grows far
/// beyond what the branch had, the wall has a hole: a stricter threshold is tried, and where none holds the branch ends. Every threshold lies
/// above the HU of lung, emphysema and bullae, so that none of these can be entered without the area telling.
struct AirwayTracker {
    /// From generous to strict; the first that does not spill is taken.
    private static let thresholds: [Int16] = [-500, -600, -700, -760, -800, -840]
    /// A front may be so many times the smallest of its branch: the widening above a fork.
    private static let mostGrowth = 1.9
    /// The same where a wide branch has no other way: forks of windpipe and main bronchi, whose own branches may be as wide as they.
    private static let mostForkGrowth = 3.0
    /// From this area on a branch is wide, mm²: a leak into the lung grows beyond any fork of it within a few steps.
    private static let wideArea = 60.0
    /// A quarter of a wide lumen's front is below this, whatever its walls blur, HU; of a lung's, hardly anything is.
    private static let airHounsfield: Int16 = -920
    /// Steps after a fork in which a front fills its branch; what it is before says nothing of the branch's area.
    private static let settlingSteps = 3
    /// From here on a front is a widening, which a leak leaves behind when it ends the branch.
    private static let swelling = 1.3
    /// Lumens are followed down to this area, mm²: segmental bronchi are wider.
    private static let leastArea = 7.0
    /// Beyond this area nothing is a lumen, mm².
    private static let mostArea = 900.0
    /// The wall around the lumen that is removed with it, mm.
    private static let wallMillimetres = 1.5
    /// Where no end is reached: more than any airway's length, mm.
    private static let longestMillimetres = 500.0

    let ct: Volume<Int16>
    private let spacing: Point3
    /// What a front advances, mm.
    private let step: Double
    /// Voxels around one, within its slice, above and below, and how far they are, mm.
    private let neighbours: [(offset: VoxelIndex, millimetres: Float)]

    /// - Parameter ct: axes grow to Left, Posterior, Superior.
    init(_ ct: Volume<Int16>) {
        self.ct = ct
        let spacing = ct.spacingMillimetres
        self.spacing = spacing
        step = max(2.5, spacing.max())
        var neighbours: [(offset: VoxelIndex, millimetres: Float)] = []
        for z in -1...1 {
            for y in -1...1 {
                for x in -1...1 where x != 0 || y != 0 || z != 0 {
                    let offset = VoxelIndex(x: x, y: y, z: z)
                    neighbours.append((offset, Float(length(offset.point * spacing))))
                }
            }
        }
        self.neighbours = neighbours
    }

    /// 1 in windpipe and bronchi with their walls, else 0, on the CT's grid; nil where no windpipe was found.
    func airway(_ air: EnclosedAir, _ grid: WorkingGrid) -> [UInt8]? {
        guard let windpipe = Windpipe(air, grid, ct) else { return nil }
        var mask = [UInt8](repeating: 0, count: ct.extent.count)
        // It is followed upwards and downwards at once.
        var branches = [
            Branch(front: windpipe.places.map { Reached(place: $0, millimetres: 0) }, least: 2 * windpipe.area, millimetres: 0)
        ]
        for place in windpipe.places { mask[place] = 1 }
        while let branch = branches.popLast() { branches += follow(branch, in: &mask) }
        return withWalls(mask)
    }

    // MARK: Following

    private struct Reached {
        let place: Int
        /// From the windpipe's first slice, through the lumen.
        let millimetres: Float
    }

    private struct Branch {
        var front: [Reached]
        /// Smallest area so far, mm².
        var least: Double
        /// How far its front has come.
        var millimetres: Float
        /// Smallest area of the branch that it comes from, mm².
        var trunk = 0.0
        /// Steps in which it may still come to its own area.
        var settling = 0
    }

    /// Follows a branch to its end or fork.
    /// - Returns: the branches that begin there.
    private func follow(_ start: Branch, in mask: inout [UInt8]) -> [Branch] {
        var branch = start
        // What was taken since the branch began to widen, unless it is air alone, as no lung is.
        var widening: [Int] = []
        while Double(branch.millimetres) < Self.longestMillimetres {
            let most = min(branch.least * Self.mostGrowth + 6, Self.mostArea)
            guard let (reached, isWider) = advance(branch, most: most, mask) else {
                for place in widening { mask[place] = 0 }
                return []
            }
            let parts = connected(reached).filter { area($0) >= Self.leastArea }
            guard !parts.isEmpty else { return [] }
            for voxel in reached { mask[voxel.place] = 1 }
            let millimetres = branch.millimetres + Float(step)
            guard parts.count == 1 else {
                return parts.map { part in
                    Branch(
                        front: part, least: min(branch.least, area(part)), millimetres: millimetres, trunk: branch.least,
                        settling: Self.settlingSteps)
                }
            }
            let wide = area(reached)
            let isAir = isAir(reached)
            if wide <= Self.swelling * branch.least { widening = [] } else if !isAir { widening += reached.map(\.place) }
            let isSettling = isWider && branch.settling > 0
            branch = Branch(
                front: parts[0], least: isSettling ? min(branch.trunk, wide) : min(branch.least, wide), millimetres: millimetres,
                trunk: branch.trunk, settling: branch.settling - 1)
        }
        return []
    }

    private func area(_ reached: [Reached]) -> Double {
        Double(reached.count) * spacing.x * spacing.y * spacing.z / step
    }

    /// - Returns: the next front, and whether it is wider than the branch lets expect; nil where the branch ends.
    private func advance(_ branch: Branch, most: Double, _ mask: [UInt8]) -> (reached: [Reached], isWider: Bool)? {
        for threshold in Self.thresholds {
            if let reached = advance(branch, below: threshold, most: most, mask) { return (reached, false) }
        }
        // Where only air alone is met, it is no lung that is entered.
        let wider = branch.settling > 0 ? branch.trunk * Self.mostGrowth + 6 : branch.least * Self.mostForkGrowth
        guard branch.settling > 0 || branch.least >= Self.wideArea,
            let reached = advance(branch, below: Self.thresholds[0], most: min(wider, Self.mostArea), mask), isAir(reached)
        else { return nil }
        return (reached, true)
    }

    private func isAir(_ reached: [Reached]) -> Bool {
        reached.count { ct.voxels[$0.place] < Self.airHounsfield } * 4 >= reached.count
    }

    /// Everything new within one step of a branch's front; nil where that is more than `most` mm², or nothing.
    private func advance(_ branch: Branch, below threshold: Int16, most: Double, _ mask: [UInt8]) -> [Reached]? {
        let limit = branch.millimetres + Float(step)
        let mostVoxels = Int(most * step / (spacing.x * spacing.y * spacing.z))
        var known: [Int: Float] = [:]
        var queue = branch.front
        var next = 0
        // Lengths are relaxed until nothing becomes shorter; few voxels are looked at twice.
        while next < queue.count {
            let current = queue[next]
            next += 1
            if let best = known[current.place], best < current.millimetres { continue }
            let (x, y) = (current.place % ct.extent.x, current.place / ct.extent.x % ct.extent.y)
            let centre = VoxelIndex(x: x, y: y, z: current.place / (ct.extent.x * ct.extent.y))
            for neighbour in neighbours {
                let voxel = VoxelIndex(x: centre.x + neighbour.offset.x, y: centre.y + neighbour.offset.y, z: centre.z + neighbour.offset.z)
                let millimetres = current.millimetres + neighbour.millimetres
                guard millimetres <= limit, ct.extent.contains(voxel) else { continue }
                let place = ct.extent.offset(voxel)
                guard ct.voxels[place] < threshold, mask[place] == 0, millimetres < known[place] ?? .infinity else { continue }
                known[place] = millimetres
                guard known.count <= mostVoxels else { return nil }
                queue.append(Reached(place: place, millimetres: millimetres))
            }
        }
        guard !known.isEmpty else { return nil }
        return known.map { Reached(place: $0.key, millimetres: $0.value) }.sorted { $0.place < $1.place }
    }

    /// The parts of a front that hang together.
    private func connected(_ reached: [Reached]) -> [[Reached]] {
        var rank: [Int: Int] = [:]
        for (index, voxel) in reached.enumerated() { rank[voxel.place] = index }
        var isTaken = [Bool](repeating: false, count: reached.count)
        var parts: [[Reached]] = []
        for start in reached.indices where !isTaken[start] {
            var part = [reached[start]]
            isTaken[start] = true
            var next = 0
            while next < part.count {
                ct.extent.forEachNeighbour(of: part[next].place) { neighbour in
                    guard let index = rank[neighbour], !isTaken[index] else { return }
                    isTaken[index] = true
                    part.append(reached[index])
                }
                next += 1
            }
            parts.append(part)
        }
        return parts
    }

    // MARK: Walls

    private func withWalls(_ lumen: [UInt8]) -> [UInt8] {
        let extent = ct.extent
        let reach = (0..<3).map { Int(Self.wallMillimetres / spacing[$0]) }
        var ball: [VoxelIndex] = []
        for z in -reach[2]...reach[2] {
            for y in -reach[1]...reach[1] {
                for x in -reach[0]...reach[0] {
                    let offset = VoxelIndex(x: x, y: y, z: z)
                    if length(offset.point * spacing) <= Self.wallMillimetres { ball.append(offset) }
                }
            }
        }
        var mask = lumen
        for place in lumen.indices where lumen[place] != 0 {
            let centre = VoxelIndex(x: place % extent.x, y: place / extent.x % extent.y, z: place / (extent.x * extent.y))
            for offset in ball {
                let voxel = VoxelIndex(x: centre.x + offset.x, y: centre.y + offset.y, z: centre.z + offset.z)
                if extent.contains(voxel) { mask[extent.offset(voxel)] = 1 }
            }
        }
        return mask
    }
}
