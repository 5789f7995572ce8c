import Foundations

/// A connected part of a thorax's enclosed air, and what tells lung from other air: its density, and what surrounds it.
struct AirPart {
    /// Lung that is neither air alone nor mostly tissue, HU.
    private static let lungHounsfield: ClosedRange<Float> = -950 ... -500
    /// Air alone, HU.
    private static let airHounsfield: Float = -970
    /// What the body surrounds has it on so many of four sides on average; a fold of skin, or air between body and table, has not.
    static let leastBodySides = 3.2

    /// Its component's number.
    let label: Int32
    /// Blocks of the grid, in storage order.
    let places: [Int]
    let millilitres: Double
    /// Mean block index.
    let centre: Point3
    let meanHounsfield: Double
    /// Fraction of its blocks with a lung's density.
    let lungFraction: Double
    /// Fraction of its blocks that hold air alone.
    let airFraction: Double
    /// Of the four directions within a slice, how many lead to the body, on average.
    private let bodySides: Double
    /// The same for the body or the field's edge.
    private let closedSides: Double
    /// Lowest and highest slice.
    let slices: ClosedRange<Int>

    /// All parts of the mask by falling size.
    static func all(in mask: [UInt8], of air: EnclosedAir, _ grid: WorkingGrid) -> [AirPart] {
        let components = ConnectedComponents(of: mask, extent: grid.extent) { $0 != 0 }
        var places = components.sizes.map { size in
            var list: [Int] = []
            list.reserveCapacity(size)
            return list
        }
        for (place, label) in components.labels.enumerated() where label > 0 { places[Int(label)].append(place) }
        return places.indices.dropFirst().map { AirPart(Int32($0), places[$0], of: air, grid) }
    }

    private init(_ label: Int32, _ places: [Int], of air: EnclosedAir, _ grid: WorkingGrid) {
        let plane = grid.extent.x * grid.extent.y
        var (x, y, z, sides, closed, inRange, alone) = (0, 0, 0, 0, 0, 0, 0)
        var sum = 0.0
        for place in places {
            x += place % grid.extent.x
            y += place / grid.extent.x % grid.extent.y
            z += place / plane
            sides += Int(air.bodySides[place])
            closed += Int(air.closedSides[place])
            let value = grid.hounsfield[place]
            sum += Double(value)
            inRange += Self.lungHounsfield.contains(value) ? 1 : 0
            alone += value < Self.airHounsfield ? 1 : 0
        }
        let count = Double(places.count)
        self.label = label
        self.places = places
        millilitres = count * grid.millilitresABlock
        centre = Point3(Double(x), Double(y), Double(z)) / count
        meanHounsfield = sum / count
        lungFraction = Double(inRange) / count
        airFraction = Double(alone) / count
        bodySides = Double(sides) / count
        closedSides = Double(closed) / count
        slices = (places[0] / plane)...(places[places.count - 1] / plane)
    }

    /// The body surrounds it; or what has a lung's density lies where the field's edge has cut the chest wall away.
    var isWithinBody: Bool {
        bodySides >= Self.leastBodySides || (bodySides >= 2 && closedSides >= 3.9 && lungFraction >= 0.7)
    }

    /// Bowel and stomach gas is air alone; lung holds tissue, even where it is emphysematous.
    var isGas: Bool { airFraction > 0.6 }

    /// Fraction of the blocks with a lower x than the midline: the patient's right.
    func rightFraction(of midline: Double, _ extent: Extent3) -> Double {
        Double(places.count { Double($0 % extent.x) < midline }) / Double(places.count)
    }
}
