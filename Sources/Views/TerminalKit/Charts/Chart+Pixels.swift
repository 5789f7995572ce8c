import Foundation
import Foundations

/// Curves in the terminal's pixels: the same scales as in characters, smooth lines over pale bands, a faint line at each tick.
extension Chart {
    /// The plot as a picture over its cells.
    func picture(_ plot: Rect, _ values: ValueScale, _ capabilities: Capabilities) -> Picture {
        let cell = capabilities.cell
        let (width, height) = (plot.columns * cell.width, plot.rows * cell.height)
        var copy = self
        copy.scale = scale.inWholePixels(width)
        let identity = copy.identity
        return Picture(
            name: "chart \(plot.column) \(plot.row)", rect: plot, cell: cell,
            layers: [
                Picture.Layer(
                    "curves", width: width, height: height, identity: "\(identity) \(values.range) \(values.isLogarithmic) \(cell)"
                ) { [copy] in
                    var canvas = Canvas(width: width, height: height)
                    copy.draw(on: &canvas, values, thickness: max(1.5, Double(cell.height) / 10))
                    return canvas.palettedRaster
                }
            ])
    }

    /// Says all that the curves depend on but the value scale.
    private var identity: String {
        var text = "\(scale.identity) \(smoothingSteps) \(cursor ?? -1)"
        for line in lines {
            let shown = line.series.summary(steps: scale.steps.lowerBound..<scale.steps.upperBound + 1)
            text += " \(line.name) \(line.colour) \(line.series.steps.first ?? 0)"
            text += shown.map { " \($0.minimum) \($0.maximum) \($0.mean)" } ?? ""
        }
        return text + " " + marks.map { " \($0.step)" }.joined()
    }

    private func draw(on canvas: inout Canvas, _ values: ValueScale, thickness: Double) {
        let (width, height) = (canvas.width, canvas.height)
        func y(_ value: Double) -> Double { (1 - max(0, min(1, values.place(of: value)))) * Double(height - 1) + 0.5 }
        let grid = Colour(grey: 0x80)
        for tick in values.ticks where values.range.contains(tick) {
            canvas.fill(x: 0, y: Int(y(tick)), width: width, height: 1, grid, 0.25)
        }
        for mark in marks where scale.steps.contains(mark.step) {
            let x = Int(scale.place(of: mark.step) * Double(width))
            for row in stride(from: 0, to: height, by: 6) { canvas.fill(x: x, y: row, width: 1, height: 3, mark.colour, 0.9) }
            for row in 0..<8 { canvas.fill(x: x - 4 + row / 2, y: row, width: 9 - row / 2 * 2, height: 1, mark.colour) }
        }
        if let cursor, scale.steps.contains(cursor) {
            canvas.fill(x: Int(scale.place(of: cursor) * Double(width)), y: 0, width: 1, height: height, Colour(hex: 0xE69F00))
        }
        for line in lines {
            var points: [SIMD2<Double>] = []
            for x in 0..<width {
                let lower = scale.step(at: Double(x) / Double(width))
                let upper = scale.step(at: Double(x + 1) / Double(width))
                guard let summary = line.series.summary(steps: lower..<max(min(upper, scale.steps.upperBound + 1), lower)) else { continue }
                let (top, bottom) = (Int(y(Double(summary.maximum))), Int(y(Double(summary.minimum))))
                canvas.fill(x: x, y: top, width: 1, height: max(1, bottom - top + 1), line.colour, 0.3)
                let middle = (lower + upper) / 2
                // No further than the steps that are shown: what is drawn depends on these alone.
                let end = min(max(upper, middle + (smoothingSteps + 1) / 2), scale.steps.upperBound + 1)
                let wide = line.series.summary(steps: min(lower, middle - smoothingSteps / 2)..<max(end, lower))
                points.append(SIMD2(Double(x) + 0.5, y((wide ?? summary).mean)))
            }
            if points.count == 1 { canvas.dot(at: points[0], radius: thickness, line.colour) }
            for (from, to) in zip(points, points.dropFirst()) { canvas.line(from: from, to: to, thickness: thickness, line.colour) }
        }
    }
}

extension FractionChart {
    /// Bands and lines as a picture.
    func picture(_ frame: PlotFrame, _ capabilities: Capabilities) -> Picture {
        let cell = capabilities.cell
        let (width, height) = (frame.plot.columns * cell.width, frame.plot.rows * cell.height)
        let (lines, scale) = (lines, frame.scale)
        let identity = lines.map { "\($0.name) \($0.colour) \($0.x) \($0.mean) \($0.lower) \($0.upper)" }.joined(separator: " ")
        return Picture(
            name: "chart \(frame.plot.column) \(frame.plot.row)", rect: frame.plot, cell: cell,
            layers: [
                Picture.Layer("curves", width: width, height: height, identity: "\(identity) \(scale.range) \(cell)") {
                    var canvas = Canvas(width: width, height: height)
                    Self.draw(lines, on: &canvas, scale, thickness: max(1.5, Double(cell.height) / 10))
                    return canvas.palettedRaster
                }
            ])
    }

    private static func draw(_ lines: [Line], on canvas: inout Canvas, _ scale: ValueScale, thickness: Double) {
        let (width, height) = (canvas.width, canvas.height)
        func y(_ value: Double) -> Double { (1 - max(0, min(1, scale.place(of: value)))) * Double(height - 1) + 0.5 }
        for tick in scale.ticks where scale.range.contains(tick) {
            canvas.fill(x: 0, y: Int(y(tick)), width: width, height: 1, Colour(grey: 0x80), 0.25)
        }
        for (index, line) in lines.enumerated() {
            var points: [SIMD2<Double>] = []
            for column in 0..<width {
                let x = Double(column) / Double(max(1, width - 1))
                guard let low = value(line.x, line.lower, x), let high = value(line.x, line.upper, x),
                    let mean = value(line.x, line.mean, x)
                else { continue }
                let (top, bottom) = (Int(y(high)), Int(y(low)))
                canvas.fill(x: column, y: top, width: 1, height: max(1, bottom - top + 1), line.colour, 0.22)
                points.append(SIMD2(Double(column) + 0.5, y(mean)))
            }
            for (number, (from, to)) in zip(points, points.dropFirst()).enumerated() where index == 0 || number % 14 < 9 {
                canvas.line(from: from, to: to, thickness: thickness, line.colour)
            }
        }
    }
}
