import Foundations

/// A body of air alone beside or in a lung: stomach or bowel behind a thin wall, or a bulla of the lung itself.
struct GasPocket {
    /// Below it a block holds air alone, or hardly any tissue.
    private static let pureHounsfield: Float = -940
    /// What lies between is lung, or has some.
    private static let lungHounsfield: ClosedRange<Float> = -920 ... -500
    /// A pocket is somewhere wider than twice this, mm; so is a lung.
    private static let coreMillimetres = 4.0
    /// Smaller cores are no pockets, mL.
    private static let leastMillilitres = 0.5
    /// Blocks of the grid.
    let places: [Int]
    let millilitres: Double
    /// Mean block index.
    let centre: Point3
    /// Of its surface, the fraction where tissue lies, not lung.
    let walled: Double
    /// Of the four directions within a slice, how many lead to the body, on average.
    let bodySides: Double
    /// Area of its surface towards the back that lies in one plane, mm²: a level of fluid in a patient who lies on the back.
    let levelArea: Double
    /// The same against all of its surface towards the back.
    let level: Double

    enum Kind {
        case lung, doubtful, other
    }

    /// Tissue surrounds it for the most part: not one of a lung's bullae, unless it lies against the chest wall.
    var isWalled: Bool { walled >= 0.6 }

    /// - Parameter height: its centre between the lowest (0) and highest (1) slice of the lung on its side.
    func kind(height: Double) -> Kind {
        guard bodySides >= AirPart.leastBodySides else { return .other }
        let hasLevel = level >= 0.35 && levelArea >= 400
        if height < 0.4 { return walled >= 0.85 || hasLevel ? .other : .doubtful }
        // Higher up a bulla opens to the lung around it somewhere; windpipe and oesophagus do not.
        return walled < 0.97 ? .lung : .other
    }

    /// The pockets that tissue surrounds in part, parted from the lungs along the walls between them.
    static func all(in air: EnclosedAir, _ grid: WorkingGrid, parallel: Parallel) -> [GasPocket] {
        let extent = grid.extent
        let spacing = grid.spacingMillimetres
        func cores(where isInside: (Int) -> Bool) -> [UInt8] {
            let mask = air.mask.indices.map { air.mask[$0] != 0 && isInside($0) ? UInt8(1) : 0 }
            let depth = DistanceMap.squared(
                to: { $0 == 0 }, in: mask, extent: extent, spacingMillimetres: spacing, within: coreMillimetres, parallel: parallel)
            let limit = Float(coreMillimetres * coreMillimetres)
            return depth.map { $0 > limit ? 1 : 0 }
        }
        let gas = ConnectedComponents(of: cores { grid.hounsfield[$0] < pureHounsfield }, extent: extent) { $0 != 0 }
        let isLarge = gas.sizes.map { Double($0) * grid.millilitresABlock >= leastMillilitres }
        guard gas.count > 0, isLarge[1] else { return [] }
        let lung = cores { lungHounsfield.contains(grid.hounsfield[$0]) }
        // 1 lung, from 2 on pockets.
        var owner = gas.labels.indices.map { place in
            gas.labels[place] > 0 && isLarge[Int(gas.labels[place])] ? gas.labels[place] + 1 : lung[place] != 0 ? Int32(1) : 0
        }
        flood(&owner, air, grid)
        var places = [[Int]](repeating: [], count: gas.count + 2)
        for (place, label) in owner.enumerated() where label > 1 { places[Int(label)].append(place) }
        return places.filter { !$0.isEmpty }.map { GasPocket($0, owner: owner, air, grid) }
    }

    /// Grows the labels through the air in the order of its HU, so that they meet on the crests: a wall, however thin.
    private static func flood(_ owner: inout [Int32], _ air: EnclosedAir, _ grid: WorkingGrid) {
        let extent = grid.extent
        let lowest: Float = -1024
        let step: Float = 8
        func level(_ place: Int) -> Int { max(0, Int((grid.hounsfield[place] - lowest) / step)) }
        let levels = Int((EnclosedAir.thresholdHounsfield - lowest) / step) + 1
        var waiting = [[Int]](repeating: [], count: levels)
        for place in owner.indices where owner[place] != 0 {
            extent.forEachFaceNeighbour(of: place) { neighbour in
                if owner[neighbour] == 0, air.mask[neighbour] != 0 { waiting[level(neighbour)].append(place) }
            }
        }
        for current in 0..<levels {
            var front = waiting[current]
            while !front.isEmpty {
                var next: [Int] = []
                for place in front {
                    extent.forEachFaceNeighbour(of: place) { neighbour in
                        guard owner[neighbour] == 0, air.mask[neighbour] != 0 else { return }
                        guard level(neighbour) <= current else {
                            waiting[level(neighbour)].append(place)
                            return
                        }
                        owner[neighbour] = owner[place]
                        next.append(neighbour)
                    }
                }
                front = next
            }
            waiting[current] = []
        }
    }

    private init(_ places: [Int], owner: [Int32], _ air: EnclosedAir, _ grid: WorkingGrid) {
        let extent = grid.extent
        let own = owner[places[0]]
        var sum = Point3.zero
        var (surface, tissue) = (0, 0)
        var backs = [Int](repeating: 0, count: extent.y + 1)
        for place in places {
            sum += Point3(Double(place % extent.x), Double(place / extent.x % extent.y), Double(place / (extent.x * extent.y)))
            extent.forEachFaceNeighbour(of: place) { neighbour in
                guard owner[neighbour] != own else { return }
                surface += 1
                guard owner[neighbour] == 0 else { return }
                tissue += 1
                if neighbour == place + extent.x { backs[place / extent.x % extent.y] += 1 }
            }
        }
        let count = Double(places.count)
        bodySides = Double(places.reduce(0) { $0 + Int(air.bodySides[$1]) }) / count
        self.places = places
        millilitres = count * grid.millilitresABlock
        centre = sum / count
        walled = Double(tissue) / Double(max(1, surface))
        let best = (0..<extent.y).map { backs[$0] + backs[$0 + 1] }.max() ?? 0
        level = Double(best) / Double(max(1, backs.reduce(0, +)))
        levelArea = Double(best) * grid.spacingMillimetres.x * grid.spacingMillimetres.z
    }
}
