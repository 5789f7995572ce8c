import Foundations

/// Tells which enclosed air is right lung, left lung, other air, or doubtful.
///
/// Every part of a lung's density and place is lung, however many parts there are: sheets of tissue and the gaps of a phantom part lungs.
/// Air alone behind walls is gas of stomach and bowel where it lies low, and doubtful where place and walls disagree.
struct LungSeparation {
    /// Air that may not be lung, and where it is.
    struct Doubt {
        let millilitres: Double
        /// The lung that it lies by: 1 right, 2 left.
        let side: UInt8
        let isLow: Bool
    }

    /// 0 elsewhere, 1 right lung, 2 left, 3 may not be lung; blocks of the working grid.
    private(set) var labels: [UInt8]
    private(set) var doubts: [Doubt] = []
    /// Air where lungs lie that is none of the above, mL.
    private(set) var leftOutMillilitres = 0.0

    private let air: EnclosedAir
    private let grid: WorkingGrid
    private let parallel: Parallel

    /// What the two lungs together must hold at least, mL: less is no thorax.
    private static let leastMillilitres = 60.0
    /// Of two lungs, or two parts of lungs that touch, the smaller holds at least this fraction of the larger.
    private static let leastFraction = 0.08
    /// Separate air at most this far from a lung belongs to it: cysts behind a wall, parts behind a fissure, mm.
    private static let pocketMillimetres = 4.0
    /// A pocket holds at most this, mL; more is judged by itself.
    private static let largestPocket = 5.0
    /// A sheet of tissue or a gap between two parts of one lung is at most so thick, mm.
    private static let sheetMillimetres = 12.0
    /// Further parts of a lung have its mean within this.
    private static let likeHounsfield = 120.0
    /// What lies in the rib cage has so much of itself there.
    private static let leastCaged = 0.7
    /// Above this part of the lungs' height no bowel lies within the ribs.
    private static let bowelHeight = 0.3
    /// Air alone that is not followed as an airway, from here on more than any windpipe or oesophagus holds, mL.
    private static let leastGas = 60.0

    /// - Parameters:
    ///   - air: enclosed air, the airway removed.
    ///   - grid: axes grow to Left, Posterior, Superior.
    ///   - cage: nil where the scan shows no ribs.
    init(_ air: EnclosedAir, _ grid: WorkingGrid, cage: RibCage?, parallel: Parallel) {
        self.air = air
        self.grid = grid
        self.parallel = parallel
        labels = [UInt8](repeating: 0, count: grid.extent.count)
        let pockets = GasPocket.all(in: air, grid, parallel: parallel).filter(\.isApart)
        var rest = air.mask
        for pocket in pockets { for place in pocket.places { rest[place] = 0 } }
        let parts = AirPart.all(in: rest, of: air, grid)
        guard let middle = label(mainPartsOf: parts) else { return }
        add(parts, middle: middle)
        judge(pockets, middle: middle)
        addPockets(parts)
        leftOutMillilitres = leftOut(of: parts, pockets, cage)
    }

    /// Air that is no lung although it lies where lungs do, mL.
    ///
    /// Within the rib cage that is everything of a lung's density, and much air alone where no bowel reaches; low down bowel lies in the cage,
    /// too, but its wall and its gas show in its density. Without a rib cage it is what does not reach down to the lungs' lower end.
    private func leftOut(of parts: [AirPart], _ pockets: [GasPocket], _ cage: RibCage?) -> Double {
        let range = sliceRange()
        func height(_ z: Double) -> Double { (z - Double(range.lowerBound)) / Double(range.count) }
        let lungLike = parts.filter { part in
            guard labels[part.places[0]] == 0, part.millilitres > Self.largestPocket, part.isWithinBody, height(part.centre.z) < 1 else {
                return false
            }
            guard let cage else {
                return !part.isGas && part.lungFraction >= 0.5 && part.centre.z >= Double(range.lowerBound)
                    && height(Double(part.slices.lowerBound)) >= 0.1
            }
            guard cage.fraction(of: part.places) >= Self.leastCaged else { return false }
            guard height(part.centre.z) < Self.bowelHeight else { return !part.isGas || part.millilitres >= Self.leastGas }
            return part.lungFraction >= 0.8
        }
        let gas = pockets.filter { pocket in
            guard let cage, labels[pocket.places[0]] == 0, pocket.millilitres >= Self.leastGas else { return false }
            return (Self.bowelHeight..<1).contains(height(pocket.centre.z)) && cage.fraction(of: pocket.places) >= Self.leastCaged
        }
        return lungLike.map(\.millilitres).reduce(0, +) + gas.map(\.millilitres).reduce(0, +)
    }

    // MARK: The lungs

    /// Labels the largest part of either lung.
    /// - Returns: the x index midway between the lungs; nil where there are none.
    private mutating func label(mainPartsOf parts: [AirPart]) -> Double? {
        let lungParts = parts.filter { !$0.isGas && $0.millilitres > Self.largestPocket && $0.isWithinBody }
        guard let first = lungParts.first, lungParts.map(\.millilitres).reduce(0, +) >= Self.leastMillilitres else { return nil }
        if let halves = halves(of: first) {
            labels = halves
            return middle(between: 1, and: 2)
        }
        let second = lungParts.dropFirst().first {
            $0.millilitres >= Self.leastFraction * first.millilitres && abs($0.centre.x - first.centre.x) > 0.15 * air.width
        }
        guard let second else {
            set(first, to: first.centre.x < air.midline ? 1 : 2)
            return air.midline
        }
        let (right, left) = first.centre.x < second.centre.x ? (first, second) : (second, first)
        set(right, to: 1)
        set(left, to: 2)
        return (right.centre.x + left.centre.x) / 2
    }

    /// Right and left of a part that holds both lungs; nil of any other.
    private func halves(of part: AirPart) -> [UInt8]? {
        let right = part.rightFraction(of: air.midline, grid.extent)
        guard min(right, 1 - right) > 0.15 else { return nil }
        var mask = [UInt8](repeating: 0, count: grid.extent.count)
        for place in part.places { mask[place] = 1 }
        // x grows to the Left, y to Posterior: against RAS+.
        return FusedLungs.part(
            mask, extent: grid.extent, voxelToWorld: Affine3(scale: grid.spacingMillimetres * [-1, -1, 1]), parallel: parallel)
    }

    private func middle(between first: UInt8, and second: UInt8) -> Double {
        var sums = [0, 0, 0]
        var counts = [0, 0, 0]
        for (place, label) in labels.enumerated() where label == first || label == second {
            sums[Int(label)] += place % grid.extent.x
            counts[Int(label)] += 1
        }
        return (1...2).map { Double(sums[$0]) / Double(max(1, counts[$0])) }.reduce(0, +) / 2
    }

    private mutating func set(_ part: AirPart, to label: UInt8) { for place in part.places { labels[place] = label } }

    /// Adds every further part of a lung's density and place, until nothing more follows from what was added.
    private mutating func add(_ parts: [AirPart], middle: Double) {
        let reference = meanOfLungs()
        var waiting = parts.filter {
            $0.millilitres > Self.largestPocket && labels[$0.places[0]] == 0 && !$0.isGas && $0.lungFraction >= 0.5
                && $0.isWithinBody
        }
        while !waiting.isEmpty {
            let range = sliceRange()
            let distance = distanceToLungs()
            // Loops of bowel, blurred, have a lung's density here and there, but not as a whole; they lie low.
            let high = range.lowerBound + range.count * 3 / 10
            let found = waiting.filter { part in
                let isLike = part.lungFraction >= 0.7 && abs(part.meanHounsfield - reference) < Self.likeHounsfield
                let isAmong = range.contains(Int(part.centre.z)) && (isLike || Int(part.centre.z) >= high)
                return isAmong || (isLike && isBeside(part, distance))
            }
            guard !found.isEmpty else { break }
            for part in found {
                if let halves = part.millilitres >= Self.leastMillilitres ? halves(of: part) : nil {
                    for place in part.places { labels[place] = halves[place] }
                } else {
                    set(part, to: part.centre.x < middle ? 1 : 2)
                }
            }
            waiting.removeAll { labels[$0.places[0]] != 0 }
        }
        let distance = waiting.isEmpty ? [] : distanceToLungs()
        for part in waiting where abs(part.meanHounsfield - reference) < Self.likeHounsfield && isBeside(part, distance) {
            doubt(part.places, part.centre, part.millilitres, isLow: true, middle)
        }
    }

    /// True where much of a part lies close to the lungs.
    private func isBeside(_ part: AirPart, _ distance: [Float]) -> Bool {
        let reach = Float(Self.sheetMillimetres * Self.sheetMillimetres)
        // Of a lung's cross-section, what faces a sheet.
        let area = Double(part.places.count { distance[$0] <= reach }) * grid.spacingMillimetres.x * grid.spacingMillimetres.y
        return area > 100
    }

    private func distanceToLungs() -> [Float] {
        DistanceMap.squared(
            to: { $0 == 1 || $0 == 2 }, in: labels, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres,
            within: Self.sheetMillimetres, parallel: parallel)
    }

    private func meanOfLungs() -> Double {
        var (sum, count) = (0.0, 0)
        for (place, label) in labels.enumerated() where label != 0 {
            sum += Double(grid.hounsfield[place])
            count += 1
        }
        return sum / Double(max(1, count))
    }

    private func sliceRange(of side: UInt8? = nil) -> ClosedRange<Int> {
        let plane = grid.extent.x * grid.extent.y
        func isLung(_ label: UInt8) -> Bool { side.map { label == $0 } ?? (label == 1 || label == 2) }
        guard let first = labels.firstIndex(where: isLung), let last = labels.lastIndex(where: isLung) else { return 0...0 }
        return (first / plane)...(last / plane)
    }

    // MARK: Gas

    private mutating func judge(_ pockets: [GasPocket], middle: Double) {
        guard !pockets.isEmpty else { return }
        let ranges = (1...2).map { sliceRange(of: UInt8($0)) }
        for pocket in pockets {
            let side: UInt8 = pocket.centre.x < middle ? 1 : 2
            let range = ranges[Int(side) - 1]
            let height = (pocket.centre.z - Double(range.lowerBound)) / Double(max(1, range.count))
            switch pocket.kind(height: height) {
            case .lung:
                guard touchesLung(pocket.places) else { break }
                for place in pocket.places { labels[place] = side }
            case .other: break
            case .doubtful: doubt(pocket.places, pocket.centre, pocket.millilitres, isLow: height < 0.5, middle)
            }
        }
    }

    private func touchesLung(_ places: [Int]) -> Bool {
        for place in places {
            var touches = false
            grid.extent.forEachFaceNeighbour(of: place) { if labels[$0] == 1 || labels[$0] == 2 { touches = true } }
            if touches { return true }
        }
        return false
    }

    private mutating func doubt(_ places: [Int], _ centre: Point3, _ millilitres: Double, isLow: Bool, _ middle: Double) {
        for place in places { labels[place] = LungLabel.doubtful }
        doubts.append(Doubt(millilitres: millilitres, side: centre.x < middle ? 1 : 2, isLow: isLow))
    }

    /// Small parts beside a lung take its label.
    private mutating func addPockets(_ parts: [AirPart]) {
        let small = parts.filter { $0.millilitres <= Self.largestPocket && labels[$0.places[0]] == 0 }
        let reach = Float(Self.pocketMillimetres * Self.pocketMillimetres)
        for side in [UInt8(1), 2] {
            let distance = DistanceMap.squared(
                to: { $0 == side }, in: labels, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres,
                within: Self.pocketMillimetres, parallel: parallel)
            for part in small where labels[part.places[0]] == 0 && part.places.contains(where: { distance[$0] <= reach }) {
                set(part, to: side)
            }
        }
    }
}
