/// What is worth a warning beside the lungs' shape and volume.
struct LungFindings {
    /// Of a lung's volume, what may hold no air without a word.
    private static let airlessFraction = 0.05
    /// Where a lung lies against padding over more than this, it goes on beyond the field, mm².
    private static let edgeArea = 500.0

    private(set) var sentences: [String] = []

    /// - Parameters:
    ///   - lungs: 1 right, 2 left; blocks of the grid, like the rest.
    ///   - leftOut: air of a lung's density at their height that is not in the lungs, mL.
    ///   - airless: 1 and 2 where the lungs go on without air.
    init(doubts: [LungSeparation.Doubt], leftOut: Double, lungs: [UInt8], airless: [UInt8], padding: [UInt8], grid: WorkingGrid) {
        for doubt in doubts.sorted(by: { $0.millilitres > $1.millilitres }) {
            let place = "\(doubt.isLow ? "below" : "beside") the \(Self.names[Int(doubt.side)]) lung"
            let kind = doubt.isLow ? "may be bowel gas" : "may be no lung"
            sentences.append(
                "\(Self.millilitres(doubt.millilitres)) of air \(place) \(kind): left out of the lungs, label 3 in the mask, look at it")
        }
        if leftOut > 0 {
            sentences.append(
                "\(Self.millilitres(leftOut)) of air of a lung's density, at the lungs' height, are left out of the lungs: look at it")
        }
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
