import Foundations

/// The air within a thorax: lungs, airways, bowel gas; not the air around the patient, wherever an airway may open to it.
///
/// Air around the patient is told slice by slice: air alone, wide, and coming in from the sides. So neither a windpipe that leaves through the
/// ends of the scan or the neck, nor a narrow opening in the skin, nor padding above and below makes lungs part of it. What the body does not
/// surround is left out, too: the table's foam, folds of the skin.
struct EnclosedAir {
    /// Midway between aerated lung and soft tissue: where a border blurred by the scanner lies.
    static let thresholdHounsfield: Float = -400
    /// Below it a block holds air alone, or hardly any tissue.
    private static let pureHounsfield: Float = -940
    /// Openings of twice this let no air out, mm: more than a tracheostomy's or a drain's, less than any way around an arm.
    private static let openingMillimetres = 7.0
    /// From here on soft tissue.
    private static let tissueHounsfield: Float = -300
    /// Tissue thinner than twice this is no body: the table's shell, blankets, tubes, mm.
    private static let shellMillimetres = 4.0

    /// 1 in every block of enclosed air, else 0.
    let mask: [UInt8]
    /// 1 where the image holds no measurement, else 0: padding around the scanner's field.
    let padding: [UInt8]
    /// 1 in the body's soft tissue, else 0.
    let body: [UInt8]
    /// Of the four directions within a slice, in how many the body comes first.
    let bodySides: [UInt8]
    /// The same for the body or the field's edge.
    let closedSides: [UInt8]
    /// Mean x index of the soft tissue: the patient's midline, blocks.
    let midline: Double
    /// Width of the soft tissue, blocks.
    let width: Double

    /// - Parameter grid: axes grow to Left, Posterior, Superior.
    init(in grid: WorkingGrid, parallel: Parallel) {
        let extent = grid.extent
        let padding = Self.padding(grid)
        let body = Self.body(grid, parallel: parallel)
        let outside = Self.outside(grid, padding: padding, parallel: parallel)
        var air = grid.hounsfield.indices.map { index in
            grid.hounsfield[index] < Self.thresholdHounsfield && outside[index] == 0 && padding[index] == 0 ? UInt8(1) : 0
        }
        let sides = Self.sides(body: body, outside: outside, padding: padding, extent: extent, parallel: parallel)
        Self.removeOpen(&air, sides: sides, extent: extent)
        bodySides = sides.map { $0 & 0xF }
        closedSides = sides.map { $0 >> 4 }
        self.padding = padding
        self.body = body
        mask = air

        var columns = [Int](repeating: 0, count: extent.x)
        for index in body.indices where body[index] != 0 { columns[index % extent.x] += 1 }
        let tissue = columns.reduce(0, +)
        midline = Double(columns.enumerated().map { $0.offset * $0.element }.reduce(0, +)) / Double(max(tissue, 1))
        // Columns with hardly any tissue belong to the table.
        let busy = columns.indices.filter { columns[$0] * 50 > columns.max() ?? 0 }
        width = Double((busy.last ?? 0) - (busy.first ?? 0) + 1)
    }

    /// Blocks that hold nothing but the value of empty voxels, and come in from the grid's border.
    private static func padding(_ grid: WorkingGrid) -> [UInt8] {
        let limit = Float(NiftiFile.emptyHounsfield) + 0.01
        let extent = grid.extent
        return extent.flood(from: extent.borderPlaces) { grid.hounsfield[$0] <= limit }.map { $0 ? 1 : 0 }
    }

    /// Soft tissue that is thick, in pieces that are not small against the largest.
    private static func body(_ grid: WorkingGrid, parallel: Parallel) -> [UInt8] {
        let tissue = grid.hounsfield.map { $0 > tissueHounsfield ? UInt8(1) : 0 }
        // In coarse voxels even a single one lies a voxel from the next air.
        let radius = max(shellMillimetres, 1.2 * max(grid.spacingMillimetres.x, grid.spacingMillimetres.y))
        let depth = DistanceMap.squared(
            to: { $0 == 0 }, in: tissue, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres, within: radius,
            parallel: parallel)
        let limit = Float(radius * radius)
        let cores = ConnectedComponents(of: depth.map { $0 > limit ? 1 : 0 }, extent: grid.extent) { $0 != 0 }
        guard cores.count > 0 else { return [UInt8](repeating: 0, count: tissue.count) }
        let kept = cores.labels.map { $0 > 0 && cores.sizes[Int($0)] * 20 >= cores.sizes[1] ? UInt8(1) : 0 }
        let reach = DistanceMap.squared(
            to: { $0 != 0 }, in: kept, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres, within: radius, parallel: parallel)
        return tissue.indices.map { tissue[$0] != 0 && reach[$0] <= limit ? 1 : 0 }
    }

    /// Air around the patient, slice by slice: 1, else 0.
    private static func outside(_ grid: WorkingGrid, padding: [UInt8], parallel: Parallel) -> [UInt8] {
        let extent = grid.extent
        let flat = Extent3(x: extent.x, y: extent.y, z: 1)
        let spacing = grid.spacingMillimetres
        let opening = Float(openingMillimetres * openingMillimetres)
        let side = min(spacing.x, spacing.y)
        let steps = Int((openingMillimetres / side).rounded(.up)) + 1
        let serial = Parallel(threads: 1)
        return parallel.makeArray(count: extent.count, pieces: extent.z) { (z, outside: UnsafeMutableBufferPointer<UInt8>) in
            let start = z * flat.count
            // Padding neither narrows the air beside it nor lets anything through.
            let isPure = (start..<(start + flat.count)).map { place in
                padding[place] != 0 || grid.hounsfield[place] < pureHounsfield ? UInt8(1) : 0
            }
            let room = DistanceMap.squared(
                to: { $0 == 0 }, in: isPure, extent: flat, spacingMillimetres: spacing, within: openingMillimetres, parallel: serial)
            func isWide(_ place: Int) -> Bool { room[place] > opening && padding[start + place] == 0 }
            var sides: [Int] = []
            for place in 0..<flat.count where isWide(place) {
                let (x, y) = (place % extent.x, place / extent.x)
                var isAtSide = x == 0 || y == 0 || x == extent.x - 1 || y == extent.y - 1
                flat.forEachFaceNeighbour(of: place) { if padding[start + $0] != 0 { isAtSide = true } }
                if isAtSide { sides.append(place) }
            }
            let reached = flat.flood(from: sides, where: isWide).map { $0 ? UInt8(1) : 0 }
            // What the wide air cannot enter belongs to it as far as it would reach, through air alone: a wall, however thin, stays one.
            var front = reached.indices.filter { reached[$0] != 0 }
            for place in 0..<flat.count { outside[start + place] = reached[place] }
            for _ in 0..<steps where !front.isEmpty {
                var next: [Int] = []
                for place in front {
                    flat.forEachFaceNeighbour(of: place) { neighbour in
                        let index = start + neighbour
                        guard outside[index] == 0, padding[index] == 0, grid.hounsfield[index] < thresholdHounsfield else { return }
                        outside[index] = 1
                        next.append(neighbour)
                    }
                }
                front = next
            }
        }
    }

    /// For each block how many of the four directions within its slice lead to the body (lower four bits), and how many to the body or the
    /// edge of the field (upper four), before they lead to the air around the patient.
    private static func sides(body: [UInt8], outside: [UInt8], padding: [UInt8], extent: Extent3, parallel: Parallel) -> [UInt8] {
        let plane = extent.x * extent.y
        return parallel.makeArray(count: extent.count, pieces: extent.z) { (z, sides: UnsafeMutableBufferPointer<UInt8>) in
            for place in 0..<plane { sides[z * plane + place] = 0 }
            func look(from first: Int, by step: Int, count: Int) {
                var (isClosed, isBody) = (true, false)
                for index in 0..<count {
                    let place = first + index * step
                    if body[z * plane + place] != 0 {
                        (isClosed, isBody) = (true, true)
                    } else if padding[z * plane + place] != 0 {
                        (isClosed, isBody) = (true, false)
                    } else if outside[z * plane + place] != 0 {
                        (isClosed, isBody) = (false, false)
                    }
                    sides[z * plane + place] += (isClosed ? 0x10 : 0) + (isBody ? 1 : 0)
                }
            }
            for y in 0..<extent.y {
                look(from: y * extent.x, by: 1, count: extent.x)
                look(from: (y + 1) * extent.x - 1, by: -1, count: extent.x)
            }
            for x in 0..<extent.x {
                look(from: x, by: extent.x, count: extent.y)
                look(from: (extent.y - 1) * extent.x + x, by: -extent.x, count: extent.y)
            }
        }
    }

    /// Leaves the air that lies within the body. Where the field's edge has cut the chest wall away, the body may come first on one side alone,
    /// as long as nothing else than padding comes on the others, and the air goes on to where the body surrounds it.
    private static func removeOpen(_ air: inout [UInt8], sides: [UInt8], extent: Extent3) {
        func isSurrounded(_ index: Int) -> Bool { sides[index] >> 4 >= 3 && sides[index] & 0xF >= 2 }
        func isAtEdge(_ index: Int) -> Bool { sides[index] >> 4 == 4 && sides[index] & 0xF == 1 }
        var seeds: [Int] = []
        for index in air.indices where air[index] != 0 && isAtEdge(index) {
            var goesOn = false
            extent.forEachFaceNeighbour(of: index) { if air[$0] != 0, isSurrounded($0) { goesOn = true } }
            if goesOn { seeds.append(index) }
        }
        let edge = seeds.isEmpty ? [] : extent.flood(from: seeds) { [air] in air[$0] != 0 && isAtEdge($0) }
        for index in air.indices where !isSurrounded(index) && (edge.isEmpty || !edge[index]) { air[index] = 0 }
    }
}

extension Extent3 {
    /// Storage places of the voxels on the six faces, in storage order.
    var borderPlaces: [Int] {
        var places: [Int] = []
        for z in 0..<self.z {
            for y in 0..<self.y {
                let row = (z * self.y + y) * x
                if z == 0 || y == 0 || z == self.z - 1 || y == self.y - 1 {
                    places.append(contentsOf: row..<(row + x))
                } else {
                    places.append(row)
                    if x > 1 { places.append(row + x - 1) }
                }
            }
        }
        return places
    }
}
