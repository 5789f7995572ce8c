import Foundation
import Foundations
import Statistics

/// Figures as SVG: curves with intervals, and box plots. Series differ in colour and in dash or hatch.
enum ExperimentFigure {
    private static let panelWidth = 420.0
    private static let panelHeight = 300.0
    private static let margin = 56.0
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]

    /// One panel a target; F1 against the fraction of boxes.
    static func curves(_ result: ExperimentResult) -> String {
        let targets = ExperimentReport.ordered(result.curves.map(\.target))
        return svg(
            panels: targets.map { target in
                let curves = result.curves.filter { $0.target == target }
                var panel = Panel(title: target, x: "fraction of boxes", y: "F1", xRange: 0...1, yRange: 0...1)
                panel.ticksX = [0, 0.25, 0.5, 0.75, 1].map { ($0, "\(Int(100 * $0)) %") }
                for (index, curve) in curves.enumerated() {
                    let colour = colours[index % colours.count]
                    panel.band(curve.x, curve.lower, curve.upper, colour)
                    panel.line(curve.x, curve.mean, colour, isDashed: index > 0)
                    panel.legend(curve.series, index, colour)
                }
                return panel
            })
    }

    /// One panel a subtype; the proportion of lung by stage, with every subject as a dot.
    static func boxes(_ result: ExperimentResult) -> String {
        let series = ExperimentReport.ordered(result.groups.map(\.series))
        return svg(
            panels: series.enumerated().map { index, name in
                let groups = result.groups.filter { $0.series == name }
                let top = max(1, groups.flatMap(\.values).max() ?? 1)
                var panel = Panel(title: name, x: "stage", y: "% of lung", xRange: -0.5...Double(groups.count) - 0.5, yRange: 0...top)
                panel.ticksX = groups.enumerated().map { (Double($0.offset), $0.element.name) }
                for (place, group) in groups.enumerated() {
                    panel.box(at: Double(place), group.values.sorted(), colours[index % colours.count])
                    for (subject, value) in zip(group.subjects, group.values) {
                        panel.dot(Double(place), value, label: "\(subject): \(String(format: "%.1f", value)) %")
                    }
                }
                return panel
            })
    }

    private static func svg(panels: [Panel]) -> String {
        let width = panelWidth * Double(panels.count)
        let bodies = panels.enumerated().map { "<g transform=\"translate(\(panelWidth * Double($0.offset)),0)\">\($0.element.body)</g>" }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(panelHeight)" viewBox="0 0 \(width) \(panelHeight)" font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            \(bodies.joined(separator: "\n"))
            </svg>

            """
    }

    /// One pair of axes.
    private struct Panel {
        let title, x, y: String
        let xRange, yRange: ClosedRange<Double>
        var ticksX: [(Double, String)] = []
        private var marks: [String] = []

        init(title: String, x: String, y: String, xRange: ClosedRange<Double>, yRange: ClosedRange<Double>) {
            self.title = title
            self.x = x
            self.y = y
            self.xRange = xRange
            self.yRange = yRange
        }

        private func across(_ value: Double) -> Double {
            margin + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (panelWidth - 1.5 * margin)
        }
        private func up(_ value: Double) -> Double {
            let clamped = min(max(value, yRange.lowerBound), yRange.upperBound)
            return panelHeight - margin - (clamped - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
                * (panelHeight - 2 * margin)
        }
        private func point(_ x: Double, _ y: Double) -> String { String(format: "%.1f,%.1f", across(x), up(y)) }

        mutating func line(_ x: [Double], _ y: [Double], _ colour: String, isDashed: Bool) {
            let points = zip(x, y).map { point($0, $1) }.joined(separator: " ")
            marks.append(
                "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"\(isDashed ? " stroke-dasharray=\"6 4\"" : "")/>"
            )
        }

        mutating func band(_ x: [Double], _ lower: [Double], _ upper: [Double], _ colour: String) {
            let known = x.indices.filter { lower[$0].isFinite && upper[$0].isFinite }
            let points = known.map { point(x[$0], upper[$0]) } + known.reversed().map { point(x[$0], lower[$0]) }
            marks.append("<polygon points=\"\(points.joined(separator: " "))\" fill=\"\(colour)\" fill-opacity=\"0.15\"/>")
        }

        mutating func legend(_ name: String, _ index: Int, _ colour: String) {
            marks.append(
                "<text x=\"\(panelWidth - 0.6 * margin)\" y=\"\(panelHeight - margin - 8 - 14 * Double(index))\" text-anchor=\"end\" fill=\"\(colour)\">\(escaped(name))</text>"
            )
        }

        /// Quartiles, whiskers to the farthest value within 1.5 box heights.
        mutating func box(at place: Double, _ sorted: [Double], _ colour: String) {
            guard !sorted.isEmpty else { return }
            let (low, middle, high) = (Quantile.of(sorted, 0.25), Quantile.of(sorted, 0.5), Quantile.of(sorted, 0.75))
            let reach = 1.5 * (high - low)
            let (bottom, top) = (sorted.first { $0 >= low - reach } ?? low, sorted.last { $0 <= high + reach } ?? high)
            let (left, right) = (across(place - 0.25), across(place + 0.25))
            func horizontal(_ y: Double, _ width: Int) -> String {
                "<line x1=\"\(left)\" x2=\"\(right)\" y1=\"\(up(y))\" y2=\"\(up(y))\" stroke=\"\(colour)\" stroke-width=\"\(width)\"/>"
            }
            marks.append(
                "<line x1=\"\(across(place))\" x2=\"\(across(place))\" y1=\"\(up(bottom))\" y2=\"\(up(top))\" stroke=\"\(colour)\"/>"
                    + "<rect x=\"\(left)\" y=\"\(up(high))\" width=\"\(right - left)\" height=\"\(up(low) - up(high))\" fill=\"white\" stroke=\"\(colour)\"/>"
                    + horizontal(middle, 3) + horizontal(bottom, 1) + horizontal(top, 1))
        }

        mutating func dot(_ place: Double, _ value: Double, label: String) {
            marks.append(
                "<circle cx=\"\(across(place))\" cy=\"\(up(value))\" r=\"2.5\" fill-opacity=\"0.5\"><title>\(escaped(label))</title></circle>"
            )
        }

        var body: String {
            let (left, right) = (margin, panelWidth - 0.5 * margin)
            let (bottom, top) = (panelHeight - margin, margin)
            var parts = [
                "<text x=\"\((left + right) / 2)\" y=\"24\" text-anchor=\"middle\" font-size=\"14\">\(escaped(title))</text>",
                "<path d=\"M\(left),\(top) V\(bottom) H\(right)\" fill=\"none\" stroke=\"black\"/>",
                "<text x=\"\((left + right) / 2)\" y=\"\(panelHeight - 16)\" text-anchor=\"middle\">\(escaped(x))</text>",
                "<text x=\"14\" y=\"\((top + bottom) / 2)\" text-anchor=\"middle\" transform=\"rotate(-90 14 \((top + bottom) / 2))\">\(escaped(y))</text>",
            ]
            for (value, label) in ticksX {
                parts.append("<text x=\"\(across(value))\" y=\"\(bottom + 16)\" text-anchor=\"middle\">\(escaped(label))</text>")
            }
            for step in 0...4 {
                let value = yRange.lowerBound + Double(step) / 4 * (yRange.upperBound - yRange.lowerBound)
                parts.append(
                    "<line x1=\"\(left)\" x2=\"\(right)\" y1=\"\(up(value))\" y2=\"\(up(value))\" stroke=\"#ddd\"/>"
                        + "<text x=\"\(left - 6)\" y=\"\(up(value) + 4)\" text-anchor=\"end\">\(String(format: "%.3g", value))</text>")
            }
            return (parts + marks).joined(separator: "\n")
        }

        private func escaped(_ text: String) -> String {
            text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        }
    }
}
