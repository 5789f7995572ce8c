import Foundations
import Statistics
import StudyResults
import TerminalKit

/// Box plots of a result's groups, a panel a series: quartiles, whiskers to the farthest value within 1.5 box heights, every subject a dot
/// beside its box.
struct BoxPlots {
    private let result: ExperimentResult
    private let points: [EvaluationPoint]
    private let chosen: Int?

    /// - Parameter chosen: the point that is marked, counted through all groups.
    init(_ result: ExperimentResult, _ chosen: Int?) {
        self.result = result
        self.chosen = chosen
        points = EvaluationPoint.all(result)
    }

    /// The colours of the masks' overlays.
    private static let colours = [CTSlicePicture.centrilobular, CTSlicePicture.paraseptal]

    /// A panel: its series, its groups by their places in the result, and its frame.
    private struct Panel {
        let series: String
        let groups: [Int]
        let title: Rect
        let frame: PlotFrame

        /// The columns of a group.
        func slot(_ place: Int) -> Rect {
            let plot = frame.plot
            let (start, end) = (place * plot.columns / groups.count, (place + 1) * plot.columns / groups.count)
            return Rect(column: plot.column + start, row: plot.row, columns: end - start, rows: plot.rows)
        }
    }

    private func panels(_ rect: Rect) -> [Panel] {
        let series = ExperimentReport.ordered(result.groups.map(\.series))
        let isBeside = rect.columns >= 60 * series.count || rect.rows < 9 * series.count
        return series.enumerated().compactMap { index, name in
            var area =
                isBeside
                ? Rect(
                    column: rect.column + index * rect.columns / series.count, row: rect.row, columns: rect.columns / series.count,
                    rows: rect.rows)
                : Rect(
                    column: rect.column, row: rect.row + index * rect.rows / series.count, columns: rect.columns,
                    rows: rect.rows / series.count)
            let groups = result.groups.indices.filter { result.groups[$0].series == name }
            let top = groups.flatMap { result.groups[$0].values }.max() ?? 1
            let title = area.takeTop(1)
            return PlotFrame(area, values: 0...max(1, top)).map { Panel(series: name, groups: groups, title: title, frame: $0) }
        }
    }

    func draw(_ painter: inout Painter, _ rect: Rect) {
        for (index, panel) in panels(rect).enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            painter.text(
                " \(panel.series), % of lung", row: panel.title.row, column: panel.title.column, width: panel.title.columns, .strong)
            panel.frame.drawAxis(&painter)
            var canvas = BrailleCanvas(columns: panel.frame.plot.columns, rows: panel.frame.plot.rows)
            let hasPixels = painter.capabilities.drawsPixels && !painter.isLean
            if hasPixels { painter.place(picture(panel, colour, painter.capabilities)) }
            for (place, group) in panel.groups.enumerated() {
                let slot = panel.slot(place)
                if !hasPixels { draw(result.groups[group].values.sorted(), &canvas, panel, slot, colour) }
                let name = result.groups[group].name
                let label = name.count < slot.columns ? name : name.replacingOccurrences(of: "GOLD ", with: "")
                painter.text(label, row: panel.frame.below.row, column: slot.column, width: slot.columns, .faint)
            }
            if hasPixels { continue }
            for number in points.indices {
                guard let (x, y) = dot(number, panel) else { continue }
                canvas.fill(column: x, rows: y...y, colour, strong: false)
            }
            canvas.draw(&painter, panel.frame.plot)
            guard let chosen, points.indices.contains(chosen), let (x, y) = dot(chosen, panel) else { continue }
            painter.put("◆", row: panel.frame.plot.row + y / 4, column: panel.frame.plot.column + x / 2, .key)
        }
    }

    /// The box in the left half of its slot.
    private func draw(_ sorted: [Double], _ canvas: inout BrailleCanvas, _ panel: Panel, _ slot: Rect, _ colour: Colour) {
        guard !sorted.isEmpty else { return }
        let frame = panel.frame
        let (low, middle, high) = (Quantile.of(sorted, 0.25), Quantile.of(sorted, 0.5), Quantile.of(sorted, 0.75))
        let reach = 1.5 * (high - low)
        let (bottom, top) = (sorted.first { $0 >= low - reach } ?? low, sorted.last { $0 <= high + reach } ?? high)
        let left = (slot.column - frame.plot.column) * 2 + 1
        let right = left + max(2, slot.columns - 2)
        func horizontal(_ value: Double) {
            for x in left...right { canvas.fill(column: x, rows: frame.dot(value)...frame.dot(value), colour, strong: true) }
        }
        func vertical(_ x: Int, _ from: Double, _ to: Double) {
            canvas.fill(column: x, rows: frame.dot(to)...frame.dot(from), colour, strong: true)
        }
        for value in [low, high, middle] { horizontal(value) }
        // The median is twice as thick.
        for x in left...right { canvas.fill(column: x, rows: max(0, frame.dot(middle) - 1)...frame.dot(middle), colour, strong: true) }
        vertical(left, low, high)
        vertical(right, low, high)
        vertical((left + right) / 2, high, top)
        vertical((left + right) / 2, bottom, low)
    }

    /// Where a point lies in a panel's dots: right of its box, neighbours in value beside each other; nil in another panel.
    private func dot(_ number: Int, _ panel: Panel) -> (x: Int, y: Int)? {
        guard let place = panel.groups.firstIndex(of: points[number].group) else { return nil }
        let slot = panel.slot(place)
        let first = (slot.column - panel.frame.plot.column) * 2 + slot.columns + 2
        let room = max(1, slot.columns - 4)
        return (first + number * 5 % room, panel.frame.dot(points[number].value))
    }

    /// The point nearest to the mouse, within a cell.
    func point(column: Int, row: Int, _ rect: Rect) -> Int? {
        for panel in panels(rect) where panel.frame.plot.contains(column: column, row: row) {
            let near = points.indices.compactMap { number -> (number: Int, distance: Int)? in
                guard let (x, y) = dot(number, panel) else { return nil }
                let (across, down) = (abs(panel.frame.plot.column + x / 2 - column), abs(panel.frame.plot.row + y / 4 - row))
                return across <= 1 && down <= 1 ? (number, across + down) : nil
            }
            return near.min { ($0.distance, $0.number) < ($1.distance, $1.number) }?.number
        }
        return nil
    }

    // MARK: pixels

    /// Boxes, whiskers and points as a picture.
    private func picture(_ panel: Panel, _ colour: Colour, _ capabilities: Capabilities) -> Picture {
        let cell = capabilities.cell
        let plot = panel.frame.plot
        let (width, height) = (plot.columns * cell.width, plot.rows * cell.height)
        let scale = panel.frame.scale
        let boxes = panel.groups.enumerated().map { place, group in
            let slot = panel.slot(place)
            return (
                values: result.groups[group].values.sorted(), left: (slot.column - plot.column) * cell.width,
                width: slot.columns * cell.width
            )
        }
        let dots = points.indices.compactMap { number in
            dot(number, panel).map {
                (x: (Double($0.x) + 0.5) * Double(cell.width) / 2, value: points[number].value, isChosen: number == chosen)
            }
        }
        return Picture(
            name: "boxes \(plot.column) \(plot.row)", rect: plot, cell: cell,
            layers: [
                Picture.Layer(
                    "boxes", width: width, height: height, identity: "\(boxes) \(dots) \(colour) \(scale.range) \(cell)"
                ) {
                    var canvas = Canvas(width: width, height: height)
                    func y(_ value: Double) -> Double { (1 - max(0, min(1, scale.place(of: value)))) * Double(height - 1) + 0.5 }
                    for tick in scale.ticks where scale.range.contains(tick) {
                        canvas.fill(x: 0, y: Int(y(tick)), width: width, height: 1, Colour(grey: 0x80), 0.25)
                    }
                    for box in boxes where !box.values.isEmpty {
                        Self.draw(
                            box.values, left: box.left + cell.width / 2, width: max(8, box.width / 2 - cell.width), y, colour, &canvas)
                    }
                    for dot in dots {
                        let at = SIMD2(dot.x, y(dot.value))
                        if dot.isChosen { canvas.dot(at: at, radius: Double(cell.width) * 0.8, Colour(hex: 0xF0E442)) }
                        canvas.dot(at: at, radius: Double(cell.width) / 3, colour, 0.8)
                    }
                    return canvas.palettedRaster
                }
            ])
    }

    /// Quartiles, the median twice as thick, whiskers to the farthest value within 1.5 box heights.
    private static func draw(
        _ sorted: [Double], left: Int, width: Int, _ y: (Double) -> Double, _ colour: Colour, _ canvas: inout Canvas
    ) {
        let (low, middle, high) = (Quantile.of(sorted, 0.25), Quantile.of(sorted, 0.5), Quantile.of(sorted, 0.75))
        let reach = 1.5 * (high - low)
        let (bottom, top) = (sorted.first { $0 >= low - reach } ?? low, sorted.last { $0 <= high + reach } ?? high)
        let (a, b, centre) = (Double(left), Double(left + width), Double(left) + Double(width) / 2)
        canvas.fill(x: left, y: Int(y(high)), width: width, height: max(1, Int(y(low)) - Int(y(high))), colour, 0.2)
        for (from, to) in [
            (SIMD2(a, y(low)), SIMD2(b, y(low))), (SIMD2(a, y(high)), SIMD2(b, y(high))), (SIMD2(a, y(low)), SIMD2(a, y(high))),
            (SIMD2(b, y(low)), SIMD2(b, y(high))), (SIMD2(centre, y(high)), SIMD2(centre, y(top))),
            (SIMD2(centre, y(bottom)), SIMD2(centre, y(low))), (SIMD2(centre - 5, y(top)), SIMD2(centre + 5, y(top))),
            (SIMD2(centre - 5, y(bottom)), SIMD2(centre + 5, y(bottom))),
        ] {
            canvas.line(from: from, to: to, thickness: 1.5, colour)
        }
        canvas.line(from: SIMD2(a, y(middle)), to: SIMD2(b, y(middle)), thickness: 3, colour)
    }
}
