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
    /// Of its upper surface, the fraction that lies against lung without so much as a thin wall between.
    let openLid: Double
    /// Of its volume, the fraction in slices where tissue surrounds it: what reaches below the lung's own surface there.
    let sunken: Double
    /// Of the four directions within a slice, how many lead to the body, on average.
    let bodySides: Double
    /// Area of its surface towards the back that lies in one plane, mm²: a level of fluid in a patient who lies on the back.
    let levelArea: Double
    /// The same against all of its surface towards the back.
    let level: Double

    enum Kind {
        case lung, doubtful, other
    }

    /// Below this part of a lung's height there is bowel and stomach beside it.
    static let lowHeight = 0.4
    /// A crest of so much more than the lung beyond it is a wall, HU: a diaphragm that is thinner than the blocks.
    private static let wallHounsfield: Float = 100

    /// Tissue surrounds it for the most part, or it reaches below the lung's surface: not one of a lung's bullae, unless it lies against the
    /// chest wall.
    var isApart: Bool { walled >= 0.6 || sunken >= 0.4 }

    /// - Parameter height: its centre between the lowest (0) and highest (1) slice of the lung on its side.
    func kind(height: Double) -> Kind {
        guard bodySides >= AirPart.leastBodySides else { return .other }
        guard height < Self.lowHeight else {
            // Higher up a bulla opens to the lung around it somewhere; windpipe and oesophagus do not.
            return walled < 0.97 ? .lung : .other
        }
        let hasLevel = level >= 0.35 && levelArea >= 400
        if hasLevel { return .other }
        // A thin diaphragm hides in places; where it is gone all over, gas below it and a bulla of the base look alike.
        return openLid >= 0.5 || (walled < 0.85 && openLid >= 0.2) ? .doubtful : .other
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
        let plane = extent.x * extent.y
        var (surface, tissue, lid, openLid) = (0, 0, 0, 0)
        var backs = [Int](repeating: 0, count: extent.y + 1)
        // Of each slice its blocks, the faces around them within it, and those against tissue.
        var slices: [Int: (count: Int, faces: Int, walled: Int)] = [:]
        for place in places {
            let z = place / plane
            sum += Point3(Double(place % extent.x), Double(place / extent.x % extent.y), Double(z))
            slices[z, default: (0, 0, 0)].count += 1
            extent.forEachFaceNeighbour(of: place) { neighbour in
                guard owner[neighbour] != own else { return }
                let isTissue = owner[neighbour] == 0
                surface += 1
                tissue += isTissue ? 1 : 0
                if neighbour / plane == z {
                    slices[z, default: (0, 0, 0)].faces += 1
                    slices[z, default: (0, 0, 0)].walled += isTissue ? 1 : 0
                } else if neighbour > place {
                    lid += 1
                    openLid += owner[neighbour] == 1 && !Self.hasWall(above: place, grid) ? 1 : 0
                }
                if isTissue, neighbour == place + extent.x { backs[place / extent.x % extent.y] += 1 }
            }
        }
        let count = Double(places.count)
        bodySides = Double(places.reduce(0) { $0 + Int(air.bodySides[$1]) }) / count
        self.places = places
        millilitres = count * grid.millilitresABlock
        centre = sum / count
        walled = Double(tissue) / Double(max(1, surface))
        self.openLid = Double(openLid) / Double(max(1, lid))
        sunken = Double(slices.values.filter { $0.walled * 10 >= $0.faces * 9 }.map(\.count).reduce(0, +)) / count
        let best = (0..<extent.y).map { backs[$0] + backs[$0 + 1] }.max() ?? 0
        level = Double(best) / Double(max(1, backs.reduce(0, +)))
        levelArea = Double(best) * grid.spacingMillimetres.x * grid.spacingMillimetres.z
    }

    /// True where the HU rise to a crest above a pocket's uppermost block before the lung beyond it.
    private static func hasWall(above place: Int, _ grid: WorkingGrid) -> Bool {
        let plane = grid.extent.x * grid.extent.y
        guard place + 4 * plane < grid.extent.count else { return true }
        func value(_ step: Int) -> Float { grid.hounsfield[place + step * plane] }
        return max(value(0), value(1)) > (value(3) + value(4)) / 2 + wallHounsfield
    }
}
