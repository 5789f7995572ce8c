import Cohorts
import Imaging
import Masks
import TerminalKit

/// What the masks amount to: volumes and percentages of whole lungs, of their thirds, and the scan's own densitometry.
struct MasksTable {
    let loaded: LoadedSubject
    let threshold: MaskThreshold
    /// A prediction that goes on: of its subtypes nothing is known that could be counted.
    let partial: PartialPrediction?

    private var statistics: SubjectStatistics { loaded.statistics }

    private struct Line {
        var name: String
        var sign: String
        var colour: Colour
        var isPresent: Bool
        var voxels: (SubjectStatistics.Region) -> Int
    }

    private var lines: [Line] {
        let threshold = threshold
        func isWhole(_ subtype: EmphysemaSubtype) -> Bool { partial?.subtypes.contains(subtype) != true }
        let hasCentrilobular = statistics.hasCentrilobular && isWhole(.centrilobular)
        let hasParaseptal = statistics.hasParaseptal && isWhole(.paraseptal)
        return [
            Line(name: "CLE", sign: "▞▞", colour: CTSlicePicture.centrilobular, isPresent: hasCentrilobular) {
                $0.marked(threshold).centrilobular
            },
            Line(name: "paraseptal", sign: "▚▚", colour: CTSlicePicture.paraseptal, isPresent: hasParaseptal) {
                $0.marked(threshold).paraseptal
            },
            Line(
                name: "either", sign: "  ", colour: CTSlicePicture.overlap,
                isPresent: partial == nil && (hasCentrilobular || hasParaseptal)
            ) { $0.marked(threshold).either },
        ]
    }

    private var atThreshold: String {
        if partial != nil { return ", PARTIAL" }
        return threshold.isTheMask ? "" : " at \(threshold.words)"
    }

    private func drawName(_ line: Line, _ painter: inout Painter, _ area: Rect, row: Int) {
        painter.text(line.sign, row: row, column: area.column + 1, Style(line.colour))
        painter.text(line.name, row: row, column: area.column + 4, .faint)
    }

    /// Right, left and both lungs.
    func drawVolumes(_ painter: inout Painter, _ area: Rect) {
        guard area.columns >= MasksLayout.tableWidth, area.rows >= 6 else { return }
        painter.heading("Volume", area, right: statistics.hasLungs ? "mL, percent of lung\(atThreshold)" : "mL; no lung mask")
        let regions = [("right", statistics.right), ("left", statistics.left), ("both", statistics.both)]
        let labelWidth = 14
        let fieldWidth = 13
        for (index, region) in regions.enumerated() {
            painter.textRight(region.0, row: area.row + 1, endColumn: area.column + labelWidth + index * fieldWidth + 7, .faint)
        }
        let lung = Line(name: "lung", sign: "  ", colour: .terminal, isPresent: statistics.hasLungs) { $0.lungVoxels }
        for (offset, line) in ([lung] + lines).enumerated() {
            let row = area.row + 2 + offset
            drawName(line, &painter, area, row: row)
            for (index, region) in regions.enumerated() {
                let end = area.column + labelWidth + index * fieldWidth + 7
                guard line.isPresent, statistics.hasLungs else {
                    painter.textRight(partial == nil ? "–" : "partial", row: row, endColumn: partial == nil ? end : end + 2, .faint)
                    continue
                }
                let voxels = line.voxels(region.1)
                painter.textRight(millilitres(statistics.millilitres(voxels)), row: row, endColumn: end, offset == 0 ? .strong : .plain)
                if offset > 0, let percent = statistics.percent(voxels, of: region.1) {
                    painter.textRight(Text.fixed(percent, 1) + "%", row: row, endColumn: end + 7, .strong)
                }
            }
        }
    }

    /// Thirds of each lung, and LAA-950 and Perc15.
    func drawThirds(_ painter: inout Painter, _ area: Rect) {
        guard area.columns >= MasksLayout.tableWidth, area.rows >= 6 else { return }
        painter.heading("Thirds", area, right: statistics.hasLungs ? "percent of the third\(atThreshold)" : "no lung mask")
        let thirds = statistics.rightLung.thirds + statistics.leftLung.thirds
        let names = ["R upper", "middle", "lower", "L upper", "middle", "lower"]
        let ends = [21, 28, 34, 42, 49, 55]
        func end(_ index: Int) -> Int { area.column + ends[index] }
        for (index, name) in names.enumerated() { painter.textRight(name, row: area.row + 1, endColumn: end(index), .faint) }
        for (offset, line) in lines.enumerated() {
            let row = area.row + 2 + offset
            drawName(line, &painter, area, row: row)
            for (index, region) in thirds.enumerated() {
                let percent = line.isPresent ? statistics.percent(line.voxels(region), of: region) : nil
                painter.textRight(
                    percent.map { Text.fixed($0, 1) } ?? "–", row: row, endColumn: end(index), percent == nil ? .faint : .plain)
            }
        }
        drawDensity(&painter, area, row: area.row + 5)
    }

    private func drawDensity(_ painter: inout Painter, _ area: Rect, row: Int) {
        guard let density = statistics.density else { return }
        func percent(_ density: Densitometry?) -> String { density.map { Text.fixed(100 * $0.lowAttenuation, 1) } ?? "–" }
        let sides = "R \(percent(statistics.rightLung.density)), L \(percent(statistics.leftLung.density))"
        let caution = loaded.densitometryCautions.isEmpty ? "" : " !"
        painter.spans(
            [
                (" LAA-950 ", .faint), ("\(percent(density))%", .strong), (" (\(sides))  ", .faint), ("Perc15 ", .faint),
                ("\(density.percentile15) HU", .strong), (caution, .warning),
            ], row: row, column: area.column, width: area.columns)
    }

    private func millilitres(_ value: Double) -> String { value >= 100 ? Chart.grouped(Int(value.rounded())) : Text.fixed(value, 1) }
}
