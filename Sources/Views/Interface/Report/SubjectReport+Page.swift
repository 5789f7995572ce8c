import Cohorts
import Foundation
import Foundations
import TerminalKit

/// The report as one page that holds everything, its picture too: to be opened in any browser, printed, or sent.
extension SubjectReport {
    /// - Parameters:
    ///   - picture: the masks screen, PNG.
    ///   - written: the report's date.
    package func page(picture: Data, written: Date) -> String {
        let stale = EmphysemaSubtype.allCases.contains { loaded.volumes[$0].staleReason != nil }
        let notes = cautions.map { "<li>\(Self.escaped($0))</li>" }.joined(separator: "\n")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>Emphysema of \(Self.escaped(loaded.id))</title>
            <style>
            @page { size: A4; margin: 12mm }
            body { font: 13px/1.35 sans-serif; color: #111; max-width: 190mm; margin: 8mm auto }
            h1 { font-size: 20px; margin: 0 0 4px }
            h2 { font-size: 14px; margin: 12px 0 4px }
            img { width: 100%; border: 1px solid #888 }
            table { border-collapse: collapse; width: 100% }
            th, td { padding: 1px 6px; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
            th { font-weight: normal; color: #555 }
            th:first-child, td:first-child, .facts td { text-align: left }
            .facts td { white-space: normal; overflow-wrap: anywhere }
            .facts td:first-child { color: #555; white-space: nowrap; width: 8em }
            .lung td { font-weight: bold }
            .alarm { background: #b00020; color: #fff; padding: 4px 8px; font-weight: bold }
            .use { border: 2px solid #b00020; padding: 2px 8px; display: inline-block; font-weight: bold }
            </style>
            </head>
            <body>
            <h1>Emphysema of \(Self.escaped(loaded.id))</h1>
            <p><span class="use">research use only</span> not a medical device; written \(Self.day(written)) by
            DrasCLR Workbench \(WorkbenchVersion.text)</p>
            \(stale ? "<p class=\"alarm\">STALE: a mask in this report was not made by the session as it is now.</p>" : "")
            <img alt="CT slices with the masks" src="data:image/png;base64,\(picture.base64EncodedString())">
            <h2>What was measured</h2>
            <table class="facts">
            \(facts.map { "<tr><td>\(Self.escaped($0.0))</td><td>\(Self.escaped($0.1))</td></tr>" }.joined(separator: "\n"))
            </table>
            <h2>Volumes</h2>
            \(table)
            <h2>Cautions</h2>
            <ul>
            \(notes.isEmpty ? "<li>none is known beyond those of any model: it may be wrong</li>" : notes)
            </ul>
            </body>
            </html>

            """
    }

    /// Subject, scan and what made each mask.
    private var facts: [(String, String)] {
        let ct = loaded.volumes.ct
        let spacing = ct.spacingMillimetres
        var facts = [
            ("subject", loaded.id), ("session", session),
            (
                "CT",
                "\(ct.extent.x) × \(ct.extent.y) × \(ct.extent.z) voxels of \(Text.significant(spacing.x)) × \(Text.significant(spacing.y)) × "
                    + "\(Text.significant(spacing.z)) mm; \(loaded.volumes.acquisition?.summary ?? "kernel, slice thickness and contrast agent not recorded")"
            ),
        ]
        if let image = subtypes.lazy.compactMap({ loaded.volumes[$0].provenance?.image }).first {
            facts.append(("CT, SHA-256", image))
        }
        for subtype in subtypes {
            let volumes = loaded.volumes[subtype]
            var words = [volumes.model ?? "model unknown", volumes.strideMillimetres.map { "stride \($0) mm" } ?? "stride unknown"]
            words.append(threshold.words)
            if let found = volumes.provenance {
                words += ["classifier \(found.scheme.rawValue) \(found.classifier.prefix(12))", "workbench \(found.version)"]
            }
            words.append(volumes.written.map { "made \(Self.day($0))" } ?? "date unknown")
            facts.append(("\(subtype.title) mask", words.joined(separator: ", ")))
        }
        if subtypes.isEmpty { facts.append(("masks", "none")) }
        return facts
    }

    private var table: String {
        let heads =
            ["", "lung mL", "CLE mL", "%", "paraseptal mL", "%", "either mL", "%", "both mL", "%", "LAA-950 %", "Perc15 HU"]
            .map { "<th>\($0)</th>" }.joined()
        let body = rows.map { row in
            let amounts = row.amounts.flatMap { amount in
                [amount.map { Text.fixed($0.millilitres, 1) } ?? "–", amount?.percent.map { Text.fixed($0, 1) } ?? "–"]
            }
            let density = row.percentile15 == nil ? ["", ""] : [Text.fixed(row.lowAttenuationPercent ?? 0, 1), "\(row.percentile15 ?? 0)"]
            let cells = [row.region, Text.fixed(row.lungMillilitres, 1)] + amounts + density
            let isWhole = row.region.contains("lung")
            return "<tr\(isWhole ? " class=\"lung\"" : "")>\(cells.map { "<td>\($0)</td>" }.joined())</tr>"
        }.joined(separator: "\n")
        return
            "<table><thead><tr>\(heads)</tr></thead><tbody>\n\(body)\n</tbody></table>\n<p>Percentages are of the region's lung. \"either\" counts "
            + "voxels of both subtypes once, \"both\" are those. Thirds have equal heights between a lung's top and bottom. LAA-950 and Perc15 are "
            + "of the scan's own voxels.</p>"
    }

    private static func day(_ date: Date) -> String { date.formatted(.iso8601) }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
