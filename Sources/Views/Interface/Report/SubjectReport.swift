import Cohorts
import Foundation
import Foundations
import Imaging
import Screens
import TerminalKit

/// What the masks amount to in one subject, ready to be written: the same numbers as on the masks screen, with what they are to be taken with.
package struct SubjectReport: Sendable {
    /// One row of the table of volumes; a percentage is of the region's lung, nil where there is no lung or no mask.
    package struct Row: Equatable, Sendable {
        package struct Amount: Equatable, Sendable {
            package var millilitres: Double
            package var percent: Double?
        }

        /// For example `right upper third`.
        package var region: String
        package var lungMillilitres: Double
        package var centrilobular, paraseptal, either, overlap: Amount?
        /// LAA-950, percent, and Perc15, HU: of whole lungs only.
        package var lowAttenuationPercent: Double?
        package var percentile15: Int?

        /// In the order of a table's columns.
        package var amounts: [Amount?] { [centrilobular, paraseptal, either, overlap] }
    }

    package let session: String
    package let loaded: LoadedSubject
    package let threshold: MaskThreshold
    package let rows: [Row]
    /// What the numbers are to be taken with, in a sentence each.
    package let cautions: [String]

    package init(_ loaded: LoadedSubject, threshold: MaskThreshold, session: String) {
        self.session = session
        self.loaded = loaded
        self.threshold = threshold
        rows = Self.rows(loaded.statistics, threshold)
        cautions = Self.cautions(loaded, threshold)
    }

    /// The subtypes that have a mask.
    package var subtypes: [EmphysemaSubtype] { EmphysemaSubtype.allCases.filter { loaded.volumes[$0].mask != nil } }

    private static func rows(_ statistics: SubjectStatistics, _ threshold: MaskThreshold) -> [Row] {
        guard statistics.hasLungs else { return [] }
        func row(_ name: String, _ region: SubjectStatistics.Region, _ density: Densitometry? = nil) -> Row {
            let marked = region.marked(threshold)
            func amount(_ voxels: Int, _ isPresent: Bool) -> Row.Amount? {
                isPresent ? .init(millilitres: statistics.millilitres(voxels), percent: statistics.percent(voxels, of: region)) : nil
            }
            let (cle, pse) = (statistics.hasCentrilobular, statistics.hasParaseptal)
            return Row(
                region: name, lungMillilitres: statistics.millilitres(region.lungVoxels), centrilobular: amount(marked.centrilobular, cle),
                paraseptal: amount(marked.paraseptal, pse), either: amount(marked.either, cle || pse),
                overlap: amount(marked.centrilobular + marked.paraseptal - marked.either, cle && pse),
                lowAttenuationPercent: density.map { 100 * $0.lowAttenuation }, percentile15: density?.percentile15)
        }
        var rows = [row("both lungs", statistics.both, statistics.density)]
        for (side, lung) in [("right", statistics.rightLung), ("left", statistics.leftLung)] {
            rows.append(row("\(side) lung", lung.whole, lung.density))
            for (name, third) in zip(["upper", "middle", "lower"], lung.thirds) { rows.append(row("\(side) \(name) third", third)) }
        }
        return rows
    }

    private static func cautions(_ loaded: LoadedSubject, _ threshold: MaskThreshold) -> [String] {
        var found: [String] = []
        for subtype in EmphysemaSubtype.allCases {
            if let damage = loaded.volumes[subtype].damage { found.append("DAMAGED mask, \(subtype.title), left out: \(damage)") }
            found += (loaded.volumes[subtype].provenance?.warnings ?? []).map { "\(subtype.title): \($0)" }
            guard let reason = loaded.volumes[subtype].staleReason else { continue }
            found.append("STALE mask, \(subtype.title): \(reason)")
        }
        if !threshold.isTheMask {
            found.append("voxels are marked from \(threshold.words) on, the predicted masks from 0.50 on")
        }
        if !loaded.statistics.hasLungs { found.append("there is no lung mask, so that no volumes can be given") }
        let outside = loaded.statistics.outside.either
        if outside > 0 {
            found.append(
                "\(Text.fixed(loaded.statistics.millilitres(outside), 1)) mL of the masks lie outside the lungs and are not counted")
        }
        return found + loaded.densitometryCautions.map { "densitometry: \($0)" }
    }

    // MARK: CSV

    /// One row a region; numbers that there are not are left empty.
    package var csv: String {
        let measures = ["cle", "paraseptal", "either", "overlap"].flatMap { ["\($0)_ml", "\($0)_percent"] }
        let columns = ["subject", "region", "lung_ml"] + measures + ["laa950_percent", "perc15_hu", "threshold", "cautions"]
        let notes = (cautions + ["research use only"]).joined(separator: "; ")
        return CSVTable.text(
            columns: columns,
            rows: rows.map { row in
                let amounts = row.amounts.flatMap { amount in
                    [amount.map { Text.fixed($0.millilitres, 2) } ?? "", amount?.percent.map { Text.fixed($0, 3) } ?? ""]
                }
                let density = [row.lowAttenuationPercent.map { Text.fixed($0, 3) } ?? "", row.percentile15.map(String.init) ?? ""]
                return [loaded.id, row.region, Text.fixed(row.lungMillilitres, 2)] + amounts + density + [
                    Text.fixed(Double(threshold.probability), 2), notes,
                ]
            })
    }
}

extension EmphysemaSubtype {
    /// In running text.
    package var title: String { self == .centrilobular ? "centrilobular" : "paraseptal" }
}
