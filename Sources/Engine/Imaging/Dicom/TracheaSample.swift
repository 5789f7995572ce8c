import Foundations

/// HU from the middle of what must be the trachea: round air of its size near the middle of the body, in slices that follow each other.
struct TracheaSample {
    /// None where no trachea is found.
    let values: [Int]

    /// A trachea's cross-section, mm².
    private static let areas = 80.0...700.0
    /// How far from the middle of the body it may lie, mm.
    private static let offCentre = 35.0
    /// From slice to slice it moves by less than this, mm.
    private static let wander = 10.0
    /// It is seen over at least this length, mm.
    private static let shortest = 25.0
    /// What lies within this of its wall is left out, mm.
    private static let wall = 1.5

    private struct Section {
        let centre: (x: Double, y: Double)
        let values: [Int]
    }

    /// - Parameters:
    ///   - volume: HU, with the slices along z.
    ///   - border: between air and tissue, HU.
    init(_ volume: Volume<Int16>, border: Int) {
        let spacing = volume.spacingMillimetres
        // Every few millimetres are enough.
        let step = max(1, Int((4 / spacing.z).rounded()))
        let found = stride(from: 0, to: volume.extent.z, by: step).map { Self.section(of: volume, slice: $0, border: border) }
        // The longest chain of sections that lie over each other.
        var chain: [Section] = []
        var best: [Section] = []
        for section in found {
            guard let section else {
                chain = []
                continue
            }
            if let last = chain.last {
                let (x, y) = (section.centre.x - last.centre.x, section.centre.y - last.centre.y)
                if (x * x + y * y).squareRoot() > Self.wander { chain = [] }
            }
            chain.append(section)
            if chain.count > best.count { best = chain }
        }
        let isLong = Double(best.count * step) * spacing.z >= Self.shortest && best.count >= 3
        values = isLong ? best.flatMap(\.values) : []
    }

    private static func section(of volume: Volume<Int16>, slice: Int, border: Int) -> Section? {
        let (width, height) = (volume.extent.x, volume.extent.y)
        let spacing = volume.spacingMillimetres
        let start = slice * width * height
        func isAir(_ place: Int) -> Bool { Int(volume.voxels[start + place]) < border }
        // The middle of what is dense.
        var (sum, dense) = (0, 0)
        for place in 0..<width * height where !isAir(place) {
            sum += place % width
            dense += 1
        }
        guard dense > 0 else { return nil }
        let middle = Double(sum) / Double(dense)
        let reach = Int(min(offCentre / spacing.x, Double(width)))
        let last = max(1, min(width - 2, Int(middle) + reach))
        let columns = min(max(1, Int(middle) - reach), last)...last
        var seen = [Bool](repeating: false, count: width * height)
        var best: Section?
        for y in 1..<max(2, height - 1) {
            for x in columns where x < width && isAir(y * width + x) && !seen[y * width + x] {
                guard let places = component(from: y * width + x, width: width, height: height, seen: &seen, isAir),
                    areas.contains(Double(places.count) * spacing.x * spacing.y)
                else { continue }
                let section = section(places, width: width, spacing: spacing) { Int(volume.voxels[start + $0]) }
                if let section, abs(section.centre.x - middle * spacing.x) < offCentre, section.values.count > best?.values.count ?? 0 {
                    best = section
                }
            }
        }
        return best
    }

    /// Connected air from a place on; nil where it reaches the picture's edge.
    private static func component(from seed: Int, width: Int, height: Int, seen: inout [Bool], _ isAir: (Int) -> Bool) -> [Int]? {
        var places = [seed]
        var next = 0
        var touchesEdge = false
        seen[seed] = true
        while next < places.count {
            let (x, y) = (places[next] % width, places[next] / width)
            next += 1
            if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
                touchesEdge = true
                continue
            }
            for place in [y * width + x - 1, y * width + x + 1, (y - 1) * width + x, (y + 1) * width + x] where !seen[place] && isAir(place)
            {
                seen[place] = true
                places.append(place)
            }
        }
        return touchesEdge ? nil : places
    }

    /// What is as round as a trachea, with the values away from its wall.
    private static func section(_ places: [Int], width: Int, spacing: Point3, _ value: (Int) -> Int) -> Section? {
        let (xs, ys) = (places.map { $0 % width }, places.map { $0 / width })
        guard let left = xs.min(), let right = xs.max(), let front = ys.min(), let back = ys.max() else { return nil }
        let (across, deep) = (Double(right - left + 1) * spacing.x, Double(back - front + 1) * spacing.y)
        guard max(across, deep) < 2.2 * min(across, deep), Double(places.count) * spacing.x * spacing.y > 0.5 * across * deep else {
            return nil
        }
        let inside = Set(places)
        let (reachX, reachY) = (Int(min(wall / spacing.x, 1000).rounded(.up)), Int(min(wall / spacing.y, 1000).rounded(.up)))
        let core = places.filter { place in
            (-reachY...reachY).allSatisfy { dy in (-reachX...reachX).allSatisfy { dx in inside.contains(place + dy * width + dx) } }
        }
        let centre = (Double(xs.reduce(0, +)) / Double(xs.count) * spacing.x, Double(ys.reduce(0, +)) / Double(ys.count) * spacing.y)
        return Section(centre: centre, values: core.map(value))
    }
}
