import Foundations

/// What lies within the ribs, slice by slice: an independent measure of where lungs should be.
struct RibCage {
    /// Bone, HU: above soft tissue, and above most blood with contrast.
    private static let boneHounsfield: Float = 200
    /// Ribs descend across the slices: those so far above and below close the gaps between them, mm.
    private static let reachMillimetres = 14.0
    /// With less bone than this there is no rib cage to speak of, mL.
    private static let leastMillilitres = 30.0

    /// 1 where bone lies in at least three of the four directions within the slice, else 0; blocks of the grid.
    let inside: [UInt8]
    private let grid: WorkingGrid
    /// Mean x index of the bone: the patient's midline, blocks.
    private let midline: Double

    /// - Parameters:
    ///   - body: 1 in the body's soft tissue and bone, so that a table's metal does not count.
    ///   - grid: axes grow to Left, Posterior, Superior.
    /// - Returns: nil where the scan shows hardly any bone.
    init?(_ body: [UInt8], _ grid: WorkingGrid, parallel: Parallel) {
        let extent = grid.extent
        let plane = extent.x * extent.y
        var (count, sum) = (0, 0)
        let bone = grid.hounsfield.indices.map { body[$0] != 0 && grid.hounsfield[$0] > Self.boneHounsfield ? UInt8(1) : 0 }
        for index in bone.indices where bone[index] != 0 {
            count += 1
            sum += index % extent.x
        }
        guard Double(count) * grid.millilitresABlock >= Self.leastMillilitres else { return nil }
        self.grid = grid
        midline = Double(sum) / Double(count)
        let reach = Int(Self.reachMillimetres / grid.spacingMillimetres.z)
        inside = parallel.makeArray(count: extent.count, pieces: extent.z) { (z, inside: UnsafeMutableBufferPointer<UInt8>) in
            var near = [Bool](repeating: false, count: plane)
            for slice in max(0, z - reach)...min(extent.z - 1, z + reach) {
                for place in 0..<plane where bone[slice * plane + place] != 0 { near[place] = true }
            }
            var sides = [UInt8](repeating: 0, count: plane)
            func look(from first: Int, by step: Int, count: Int) {
                var isBehind = false
                for index in 0..<count {
                    let place = first + index * step
                    if near[place] { isBehind = true } else if isBehind { sides[place] += 1 }
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
            for place in 0..<plane { inside[z * plane + place] = sides[place] >= 3 ? 1 : 0 }
        }
    }

    /// What of the upper cage a lung fills, beside spine, heart and great vessels, where no diaphragm reaches.
    struct Filling {
        /// Of the cage's volume there.
        let fraction: Double
        /// What the lung has less than other lungs, mL.
        let missingMillilitres: Double
    }

    /// Of the lungs' height, where the cage is compared with them: above the diaphragm's domes, below the shoulders.
    private static let comparedHeight = 0.5..<0.8
    /// Of the way from the midline to the ribs, the inner part belongs to the mediastinum.
    private static let mediastinum = 0.3
    /// Lungs that lack nothing fill so much of the rest.
    static let usualFilling = 0.8

    /// - Parameter labels: 1 right lung, 2 left; blocks of the grid.
    /// - Returns: right and left; nil where the cage or the lungs are not there.
    func fillings(by labels: [UInt8]) -> [Filling]? {
        let extent = grid.extent
        let plane = extent.x * extent.y
        func isLung(_ label: UInt8) -> Bool { label == 1 || label == 2 }
        guard let first = labels.firstIndex(where: isLung), let last = labels.lastIndex(where: isLung) else { return nil }
        let (low, height) = (first / plane, Double((last - first) / plane))
        let slices =
            (low + Int(height * Self.comparedHeight.lowerBound))..<max(low + 1, low + Int(height * Self.comparedHeight.upperBound))
        var (cage, lung) = ([0, 0], [0, 0])
        for z in slices {
            guard let columns = columns(of: z) else { continue }
            for place in (z * plane)..<((z + 1) * plane) where inside[place] != 0 {
                let x = Double(place % extent.x) - midline
                let side = x < 0 ? 0 : 1
                let half = side == 0 ? midline - Double(columns.lowerBound) : Double(columns.upperBound) - midline
                guard abs(x) > Self.mediastinum * half else { continue }
                cage[side] += 1
                lung[side] += isLung(labels[place]) ? 1 : 0
            }
        }
        guard cage.allSatisfy({ Double($0) * grid.millilitresABlock > 50 }) else { return nil }
        return (0..<2).map { side in
            let missing = Self.usualFilling * Double(cage[side]) - Double(lung[side])
            return Filling(
                fraction: Double(lung[side]) / Double(cage[side]), missingMillilitres: max(0, missing) * grid.millilitresABlock)
        }
    }

    /// Width of the cage where it is widest within a range of slices, mm.
    func width(of slices: ClosedRange<Int>) -> Double {
        Double(slices.map { columns(of: $0)?.count ?? 0 }.max() ?? 0) * grid.spacingMillimetres.x
    }

    /// Of a part's blocks the fraction inside.
    func fraction(of places: [Int]) -> Double { Double(places.count { inside[$0] != 0 }) / Double(max(1, places.count)) }

    /// The columns that the cage reaches in a slice.
    private func columns(of z: Int) -> ClosedRange<Int>? {
        let plane = grid.extent.x * grid.extent.y
        var (first, last) = (Int.max, -1)
        for place in (z * plane)..<((z + 1) * plane) where inside[place] != 0 {
            first = min(first, place % grid.extent.x)
            last = max(last, place % grid.extent.x)
        }
        return first <= last ? first...last : nil
    }
}
