/// What is worth a warning beside the lungs' shape and volume.
struct LungFindings {
    /// Of a lung's volume, what may hold no air without a word.
    private static let airlessFraction = 0.05
    /// Of the rib cage beside the heart, what a lung fills at least.
    private static let leastFilling = 0.5
    /// Of their rib cage's width, the least height of lungs; in a shallow breath it is over 0.6.
    private static let leastHeight = 0.45
    /// Where a lung lies against padding over more than this, it goes on beyond the field, mm².
    private static let edgeArea = 500.0

    private(set) var sentences: [String] = []

    /// - Parameters:
    ///   - lungs: 1 right, 2 left; blocks of the grid, like the rest.
    ///   - leftOut: air where lungs lie that is not in the lungs, mL.
    ///   - airless: 1 and 2 where the lungs go on without air.
    ///   - cage: nil where the scan shows no ribs.
    ///   - gaps: slices of air through the whole body.
    init(
        doubts: [LungSeparation.Doubt], leftOut: Double, lungs: [UInt8], airless: [UInt8], padding: [UInt8], cage: RibCage?, gaps: Int,
        grid: WorkingGrid
    ) {
        for doubt in doubts.sorted(by: { $0.millilitres > $1.millilitres }) {
            let place = "\(doubt.isLow ? "below" : "beside") the \(Self.names[Int(doubt.side)]) lung"
            let kind = doubt.isLow ? "may be bowel gas" : "may be no lung"
            sentences.append(
                "\(Self.millilitres(doubt.millilitres)) of air \(place) \(kind): left out of the lungs, label 3 in the mask, look at it")
        }
        if gaps > 0 {
            let slices = gaps == 1 ? "1 slice is" : "\(gaps) slices are"
            sentences.append(
                "\(slices) air from edge to edge (a gap between a phantom's slabs, or not measured): left out of the lungs")
        }
        if leftOut > 0 {
            sentences.append(
                "\(Self.millilitres(leftOut)) of air \(cage == nil ? "at the lungs' height" : "inside the rib cage") are left out of the lungs: "
                    + "look at it")
        }
        if let cage { sentences += Self.empty(cage, lungs: lungs, airless: airless, grid) }
        for side in [UInt8(1), 2] {
            let own = Double(lungs.count { $0 == side }) * grid.millilitresABlock
            let filled = Double(airless.count { $0 == side }) * grid.millilitresABlock
            if filled > Self.airlessFraction * own {
                sentences.append(
                    "about \(Self.millilitres(filled)) of the \(Self.names[Int(side)]) lung hold no air (consolidation, collapse or fluid): "
                        + "their outline is taken from the other lung, look at it")
            }
            let area = Self.edge(of: side, lungs, padding, grid)
            if area > Self.edgeArea {
                sentences.append(
                    "the \(Self.names[Int(side)]) lung reaches the edge of the scanner's field over \(Int((area / 100).rounded())) cm²: "
                        + "a little of it may be cut off")
            }
        }
    }

    /// Where a rib cage holds less lung than it should, however alike both sides are.
    private static func empty(_ cage: RibCage, lungs: [UInt8], airless: [UInt8], _ grid: WorkingGrid) -> [String] {
        let whole = lungs.indices.map { lungs[$0] != 0 ? lungs[$0] : airless[$0] }
        guard let fillings = cage.fillings(by: whole) else { return [] }
        var sentences: [String] = []
        for (side, filling) in zip([UInt8(1), 2], fillings) where filling.fraction < leastFilling {
            let percent = [filling.fraction, RibCage.usualFilling].map { Int(($0 * 100).rounded()) }
            sentences.append(
                "the \(names[Int(side)]) lung fills \(percent[0]) % of the rib cage beside the heart, whole lungs about \(percent[1]) %: "
                    + "at least \(millilitres(filling.missingMillilitres)) of it are missing, look at it")
        }
        let plane = grid.extent.x * grid.extent.y
        guard let first = whole.firstIndex(where: { $0 != 0 }), let last = whole.lastIndex(where: { $0 != 0 }) else { return sentences }
        let slices = (first / plane)...(last / plane)
        let height = Double(slices.count) * grid.spacingMillimetres.z
        let width = cage.width(of: slices)
        if height < leastHeight * width {
            sentences.append(
                "the lungs are \(Int(height.rounded())) mm high in a rib cage \(Int(width.rounded())) mm wide: their lower parts may be missing"
            )
        }
        return sentences
    }

    private static let names = ["", "right", "left"]
    private static func millilitres(_ value: Double) -> String { "\(Int(value.rounded())) mL" }

    /// Area over which a lung lies beside padding within slices, mm².
    private static func edge(of side: UInt8, _ lungs: [UInt8], _ padding: [UInt8], _ grid: WorkingGrid) -> Double {
        guard padding.contains(1) else { return 0 }
        let (extent, spacing) = (grid.extent, grid.spacingMillimetres)
        var area = 0.0
        for place in lungs.indices where lungs[place] == side {
            let (x, y) = (place % extent.x, place / extent.x % extent.y)
            if x > 0, padding[place - 1] != 0 { area += spacing.y * spacing.z }
            if x < extent.x - 1, padding[place + 1] != 0 { area += spacing.y * spacing.z }
            if y > 0, padding[place - extent.x] != 0 { area += spacing.x * spacing.z }
            if y < extent.y - 1, padding[place + extent.x] != 0 { area += spacing.x * spacing.z }
        }
        return area
    }
}
