import Foundation

/// Whether a lung mask is fit for registration and measurement, and why not.
package struct LungMaskQuality: Codable, Equatable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        case ok, warning, refused
    }

    package let verdict: Verdict
    /// Plain sentences, the gravest first; empty when all is well.
    package let reasons: [String]
    package let rightMillilitres: Double
    package let leftMillilitres: Double

    /// Volume of both lungs that adults' CTs show, mL; outside is worth a warning, no more.
    package static let adultMillilitres = 2000.0...9500.0
    /// Lungs lower than this are no adult's, mm: a child's, or a phantom's at a smaller scale.
    private static let adultHeightMillimetres = 160.0
    /// Of the cube of their height, what two lungs fill at least; adults' fill about twice that.
    private static let leastFilling = 0.15
    /// Volumes of both lungs outside are no thorax at all, mL.
    private static let possibleMillilitres = 60.0...15_000.0
    /// A lung smaller than this against the other has lost some of it.
    private static let leastRatio = 0.55
    /// Farther apart the lower ends of two lungs are not, mm.
    private static let mostUneven = 60.0
    /// Of a lung's largest cross-section, what the first or last slice may cut: more than the first number is worth a warning, more than the
    /// second is refused.
    private static let cutFractions = (warning: 0.02, refusal: 0.2)

    /// Judges a mask (0 outside, 1 right, 2 left), whoever made it.
    /// - Parameters:
    ///   - ct: the image it belongs to, same grid; without it only its shape is judged.
    ///   - expectedMillilitres: volume of both lungs beyond which a warning is due; nil for what their height lets expect.
    ///   - findings: what else is worth a warning, each a sentence.
    package static func judge(
        _ mask: Volume<UInt8>, ct: Volume<Int16>? = nil, expectedMillilitres given: ClosedRange<Double>? = nil,
        findings: [String] = []
    ) -> LungMaskQuality {
        let measures = LungMeasures(mask, ct: ct)
        var refusals: [String] = []
        var warnings: [String] = []
        let (right, left) = (measures.millilitres[1], measures.millilitres[2])
        let total = right + left
        func millilitres(_ value: Double) -> String { "\(Int(value.rounded())) mL" }

        if total == 0 {
            refusals.append(
                "no lungs were found: no enclosed air of a thorax's size and place; expected a whole thorax in Hounsfield units")
        } else if !possibleMillilitres.contains(total) {
            refusals.append("both lungs together hold \(millilitres(total)), which no thorax does")
        } else if min(right, left) < 0.02 * max(right, left) {
            refusals.append("only the \(right > left ? "right" : "left") lung was found")
        } else {
            if min(right, left) < leastRatio * max(right, left) {
                let (small, large) = right < left ? ("right", "left") : ("left", "right")
                warnings.append("the \(small) lung is much smaller than the \(large) (\(millilitres(min(right, left))))")
            }
            let expected = given ?? expectedMillilitres(height: measures.heightMillimetres)
            if !expected.contains(total) {
                let range = "\(Int(expected.lowerBound)) to \(Int(expected.upperBound)) mL"
                warnings.append("both lungs together hold \(millilitres(total)), expected \(range)")
            }
        }
        if let uneven = measures.lowerEnds, abs(uneven.right - uneven.left) > mostUneven {
            let (lung, other) = uneven.right > uneven.left ? ("right", "left") : ("left", "right")
            let distance = Int(abs(uneven.right - uneven.left).rounded())
            warnings.append("the \(lung) lung ends \(distance) mm above the lower end of the \(other): some of it may be missing")
        }
        warnings += findings
        // The largest cut first; of equal ones in the order of the axes.
        let cuts = measures.cuts.enumerated().sorted { ($0.element.fraction, $1.offset) > ($1.element.fraction, $0.offset) }
        for (_, cut) in cuts where cut.fraction > cutFractions.warning {
            let percent = "\(Int((cut.fraction * 100).rounded())) % of its largest cross-section"
            let sentence = "the \(cut.lung) lung reaches the scan's \(cut.face) with \(percent)"
            if cut.fraction > cutFractions.refusal {
                refusals.append(sentence + ": it is cut off, rescan or use another series that covers the whole lungs")
            } else {
                warnings.append(sentence + ": a little of it may be cut off")
            }
        }
        if let mean = measures.meanHounsfield, total > 0 {
            if mean < -985 {
                refusals.append("the lungs' mean is \(Int(mean)) HU, which is air alone: the mask has leaked out of the lungs")
            } else if mean > -450 {
                warnings.append("the lungs' mean is \(Int(mean)) HU, denser than aerated lung")
            }
        }
        let verdict: Verdict = !refusals.isEmpty ? .refused : warnings.isEmpty ? .ok : .warning
        return LungMaskQuality(verdict: verdict, reasons: refusals + warnings, rightMillilitres: right, leftMillilitres: left)
    }
}

extension LungMaskQuality {
    /// A sentence holds at most so many reasons.
    private static let mostReasons = 3

    /// The weightiest reasons in one line, and how many more there are.
    /// - Parameter reasons: the gravest first.
    package static func summary(of reasons: [String]) -> String {
        let more = reasons.count - mostReasons
        guard more > 0 else { return reasons.joined(separator: "; ") }
        return reasons.prefix(mostReasons).joined(separator: "; ") + "; and \(more) more \(more == 1 ? "reason" : "reasons")"
    }

    private static func expectedMillilitres(height: Double) -> ClosedRange<Double> {
        guard height < adultHeightMillimetres else { return adultMillilitres }
        return leastFilling * height * height * height / 1000...adultMillilitres.upperBound
    }
}

/// What a judgement rests on: volumes, mean HU, and how much of each lung lies in the outermost slices.
struct LungMeasures {
    struct Cut {
        let lung: String
        let face: String
        /// Area in the outermost slice over the largest area of that lung in any slice of that direction.
        let fraction: Double
    }

    /// Element 1 is the right lung, 2 the left.
    let millilitres: [Double]
    /// Over both lungs; nil without an image or lungs.
    let meanHounsfield: Double?
    let cuts: [Cut]
    /// Height of either lung's lower end, mm; nil where one is missing.
    let lowerEnds: (right: Double, left: Double)?
    /// From the lower end of the lungs to their upper one, mm.
    let heightMillimetres: Double

    init(_ mask: Volume<UInt8>, ct: Volume<Int16>?) {
        precondition(ct.map { $0.extent == mask.extent } ?? true, "LungMeasures: image and mask differ in extent")
        let extent = mask.extent
        // Voxels of each lung in each slice across x, y and z.
        var sections = (0..<3).map { axis in [[Int]](repeating: [Int](repeating: 0, count: extent[axis]), count: 3) }
        var sum = 0
        var index = 0
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                var row = (right: 0, left: 0)
                for x in 0..<extent.x {
                    let label = Int(mask.voxels[index])
                    if label == 1 || label == 2 {
                        sections[0][label][x] += 1
                        if label == 1 { row.right += 1 } else { row.left += 1 }
                        if let ct { sum += Int(ct.voxels[index]) }
                    }
                    index += 1
                }
                sections[1][1][y] += row.right
                sections[1][2][y] += row.left
                sections[2][1][z] += row.right
                sections[2][2][z] += row.left
            }
        }
        let counts = sections[2].map { $0.reduce(0, +) }
        millilitres = counts.map { Double($0) * mask.voxelVolume / 1000 }
        let total = counts[1] + counts[2]
        meanHounsfield = ct == nil || total == 0 ? nil : Double(sum) / Double(total)

        let names = Orientation.name(of: mask.voxelToWorld).map { $0 }
        let ends: [Character: (lower: String, upper: String)] = [
            "L": ("right edge", "left edge"), "R": ("left edge", "right edge"), "P": ("front edge", "back edge"),
            "A": ("back edge", "front edge"), "S": ("lowest slice", "highest slice"), "I": ("highest slice", "lowest slice"),
        ]
        let field = ct.map(Self.field) ?? (0..<3).map { 0...(extent[$0] - 1) }
        lowerEnds = Self.lowerEnds(sections, names, mask)
        let upright = names.firstIndex { $0 == "S" || $0 == "I" } ?? 2
        let filled = (0..<extent[upright]).filter { sections[upright][1][$0] + sections[upright][2][$0] > 0 }
        heightMillimetres = Double((filled.last ?? -1) - (filled.first ?? 0) + 1) * mask.spacingMillimetres[upright]
        var cuts: [Cut] = []
        for (axis, name) in names.enumerated() {
            guard let faces = ends[name] else { continue }
            for (label, lung) in [(1, "right"), (2, "left")] {
                let areas = sections[axis][label]
                let ends = field[axis]
                guard let largest = areas.max(), largest > 0 else { continue }
                cuts.append(Cut(lung: lung, face: faces.lower, fraction: Double(areas[ends.lowerBound]) / Double(largest)))
                cuts.append(Cut(lung: lung, face: faces.upper, fraction: Double(areas[ends.upperBound]) / Double(largest)))
            }
        }
        self.cuts = cuts
    }

    /// Along each axis, the slices that hold something else than padding.
    private static func field(_ ct: Volume<Int16>) -> [ClosedRange<Int>] {
        let extent = ct.extent
        var isFull = (0..<3).map { [Bool](repeating: false, count: extent[$0]) }
        var (left, right) = (extent.x, -1)
        ct.voxels.withUnsafeBufferPointer { voxels in
            for z in 0..<extent.z {
                for y in 0..<extent.y {
                    let row = (z * extent.y + y) * extent.x
                    guard let first = (0..<extent.x).first(where: { voxels[row + $0] > NiftiFile.emptyHounsfield }) else { continue }
                    isFull[1][y] = true
                    isFull[2][z] = true
                    left = min(left, first)
                    var last = extent.x - 1
                    while last > right, voxels[row + last] <= NiftiFile.emptyHounsfield { last -= 1 }
                    right = max(right, last)
                }
            }
        }
        return (0..<3).map { axis in
            guard axis > 0 else { return left <= right ? left...right : 0...(extent.x - 1) }
            guard let first = isFull[axis].firstIndex(of: true), let last = isFull[axis].lastIndex(of: true) else {
                return 0...(extent[axis] - 1)
            }
            return first...last
        }
    }

    private static func lowerEnds(_ sections: [[[Int]]], _ names: [Character], _ mask: Volume<UInt8>) -> (right: Double, left: Double)? {
        guard let axis = names.firstIndex(where: { $0 == "S" || $0 == "I" }) else { return nil }
        let spacing = mask.spacingMillimetres[axis]
        let ends = (1...2).map { side -> Double? in
            let areas = sections[axis][side]
            // A thin recess is no end.
            guard let largest = areas.max(), largest > 0 else { return nil }
            func isFull(_ area: Int) -> Bool { area * 20 > largest }
            let place = names[axis] == "S" ? areas.firstIndex(where: isFull) : areas.lastIndex(where: isFull)
            return place.map { Double($0) * spacing * (names[axis] == "S" ? 1 : -1) }
        }
        guard let right = ends[0], let left = ends[1] else { return nil }
        return (right, left)
    }
}
