import Foundation
import Foundations

/// The report of all experiments that are there: `report.md`, one CSV a table, one SVG a figure, and `CLAIMS.md`.
package struct ExperimentReport {
    let results: [ExperimentResult]
    let failures: [ExperimentFailure]
    /// Lines on the run as a whole.
    let run: [String]

    package init(results: [ExperimentResult], failures: [ExperimentFailure] = [], run: [String]) {
        self.results = results
        self.failures = failures
        self.run = run
    }

    package func write(to folder: URL) throws {
        for result in results {
            try write(csv(result), folder, "\(result.name.rawValue).csv")
            if !result.curves.isEmpty { try write(ExperimentFigure.curves(result), folder, "\(result.name.rawValue).svg") }
            if !result.groups.isEmpty { try write(ExperimentFigure.boxes(result), folder, "\(result.name.rawValue).svg") }
        }
        try write(markdown, folder, "report.md")
        try write(ExperimentClaims(results: results).markdown, folder, "CLAIMS.md")
    }

    private func write(_ text: String, _ folder: URL, _ name: String) throws {
        try AtomicFile.write(Data(text.utf8), to: folder.appendingPathComponent(name))
    }

    private func csv(_ result: ExperimentResult) -> String {
        var text = CSVTable.text(
            columns: ["method", "target", "metric", "n", "folds", "mean", "sd", "lower95", "upper95", "note"],
            rows: result.measurements.map { m in
                [
                    m.method, m.target, m.metric, "\(m.count)", "\(m.folds.count)", m.folds.isEmpty ? "" : "\(m.mean)",
                    m.folds.isEmpty ? "" : "\(m.deviation)",
                    m.lower.map { "\($0)" } ?? "", m.upper.map { "\($0)" } ?? "", m.note,
                ]
            })
        if !result.groups.isEmpty {
            text = CSVTable.text(
                columns: ["subtype", "group", "subject", "percent"],
                rows: result.groups.flatMap { group in
                    zip(group.subjects, group.values).map { [group.series, group.name, $0, "\($1)"] }
                })
        }
        return text
    }

    private var markdown: String {
        var lines = ["# Experiments", "", "Research use only. The numbers are of this cohort and these settings.", ""]
        lines += run.map { "- \($0)" }
        for result in results {
            lines += ["", "## \(result.name.heading). \(result.name.title)", ""]
            lines += table(result)
            if !result.curves.isEmpty || !result.groups.isEmpty { lines += ["", "![\(result.name.title)](\(result.name.rawValue).svg)"] }
            lines += comparisons(result)
            let findings = result.savings.map(\.sentence) + result.method + result.notes
            lines += [""] + (findings + ["\(String(format: "%.0f", result.seconds)) s"]).map { "- \($0)" }
        }
        for failure in failures {
            lines += ["", "## \(failure.name.heading). \(failure.name.title)", "", "Could not be run: \(failure.sentence)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Methods down, targets and metrics across.
    private func table(_ result: ExperimentResult) -> [String] {
        let table = MeasurementTable(result)
        guard !table.columns.isEmpty else { return [] }
        let cells = table.rows.map { row in row.cells.map { $0.map(Self.cell) ?? "" } }
        return ["| method | " + table.columns.map { "\($0.target), \($0.metric)" }.joined(separator: " | ") + " |"]
            + ["|---|" + table.columns.map { _ in "---|" }.joined()]
            + zip(table.rows, cells).map { "| \($0.method) | " + $1.joined(separator: " | ") + " |" }
    }

    private static func cell(_ m: MethodScore) -> String {
        var text = number(m.mean)
        if m.folds.count > 1 { text += " ± " + number(m.deviation) }
        if let lower = m.lower, let upper = m.upper { text += " [\(number(lower)), \(number(upper))]" }
        return text + " (n \(m.count))"
    }

    private func comparisons(_ result: ExperimentResult) -> [String] {
        guard !result.comparisons.isEmpty else { return [] }
        return ["", "| compared | target | difference | 95 % interval | p plain | p corrected | folds |", "|---|---|---|---|---|---|---|"]
            + result.comparisons.map { c in
                "| \(c.first) − \(c.second) | \(c.target), \(c.metric) | \(Self.signed(c.difference)) | [\(Self.signed(c.lower)), \(Self.signed(c.upper))] | "
                    + "\(Self.probability(c.plain)) | \(Self.probability(c.corrected)) | \(c.folds) |"
            }
    }

    package static func number(_ value: Double) -> String { value.isFinite ? String(format: "%.3f", value) : "–" }
    package static func signed(_ value: Double) -> String { value.isFinite ? String(format: "%+.3f", value) : "–" }
    package static func probability(_ p: Double) -> String { p < 0.001 ? "< 0.001" : String(format: "%.3f", p) }

    /// Different values in the order in which they come.
    package static func ordered<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen = Set<Value>()
        return values.filter { seen.insert($0).inserted }
    }
}
