import ArgumentParser
import Foundation
import Foundations
import Imaging

extension PhantomSize: ExpressibleByArgument {}

/// `workbench phantom`: synthetic CTs with ground truth, or their comparison with real patches.
struct PhantomCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom", abstract: "Make synthetic thorax CTs with emphysema, their truth masks, labels and boxes.",
        discussion: """
            Writes cohort.csv, boxes.csv, the healthy atlas subject (atlas.ct.nii.gz, atlas.lungs.nii.gz) and for each subject \
            <id>.ct.nii.gz, <id>.lungs.nii.gz, <id>.cle.nii.gz and <id>.paraseptal.nii.gz. The same seed gives the same files.
            """)

    @Option(name: .long, help: "Folder to write.")
    var out: String?

    @Option(name: .long, help: "Number of subjects.")
    var subjects = 20

    @Option(name: .long, help: "Seed.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "compact: lungs of 0.41 of an adult's length, about 50 landmarks; adult: full size.")
    var size = PhantomSize.compact

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Option(name: .long, help: "Instead of writing, compare HU with real 31×31 patches: safetensors with `patches` Int16 and `labels` 0–5.")
    var compareReal: String?

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (1...9999).contains(subjects) else { throw ValidationError("--subjects is \(subjects), expected 1 to 9999") }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        if out == nil, compareReal == nil { throw ValidationError("expected --out DIR or --compare-real FILE") }
    }

    func run() throws {
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("--compare-real", compareReal)
        files.fills("--out", out, as: PhantomCohort.kept)
        try files.check()
        let phantom = ThoraxPhantom(size: size, seed: seed)
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        if let compareReal {
            let comparison = try PhantomComparison(
                real: URL(fileURLWithPath: compareReal), phantom: phantom, subjects: subjects, parallel: parallel)
            try show(comparison)
        }
        if let out { try write(phantom, to: URL(fileURLWithPath: out, isDirectory: true), parallel) }
    }

    private func write(_ phantom: ThoraxPhantom, to folder: URL, _ parallel: Parallel) throws {
        let line = ProgressLine()
        let total = subjects
        let summaries = try PhantomCohort.write(phantom, subjects: total, to: folder, parallel: parallel) {
            line.show("phantoms", done: $0, total: total)
        }
        line.finish()
        // With --compare-real the one JSON object is the comparison's.
        if json { return compareReal == nil ? try JSONOutput.print(PhantomReport(subjects: summaries.map(PhantomReport.Entry.init))) : () }
        print("subject      cle  paraseptal  right mL  left mL  cle %  paraseptal %  below -950 %  Dice of a -950 threshold  boxes")
        for entry in summaries {
            print(
                entry.subject.padding(toLength: 12, withPad: " ", startingAt: 0),
                String(
                    format: "%3d %11d %9.0f %8.0f %6.1f %13.1f %13.1f %25.2f %6d", entry.grade.centrilobular, entry.grade.paraseptal,
                    entry.rightMillilitres, entry.leftMillilitres, 100 * entry.extent.centrilobular, 100 * entry.extent.paraseptal,
                    100 * entry.extent.below950, entry.extent.thresholdDice, entry.boxes))
        }
        print("written to \(folder.path)")
    }

    private func show(_ comparison: PhantomComparison) throws {
        if json { return try JSONOutput.print(comparison) }
        let limits = PatchStatistics.edges.map { String(format: "%6d", $0) }.joined()
        print("HU of 31×31 patches; histogram in percent between the limits")
        print(String(repeating: " ", count: 61) + limits)
        for row in comparison.rows {
            show(row.name, "real", row.real)
            if let phantom = row.phantom { show("", "phantom", phantom) }
        }
    }

    private func show(_ name: String, _ kind: String, _ statistics: PatchStatistics) {
        let histogram = statistics.histogram.map { String(format: "%6.1f", 100 * $0) }.joined()
        print(
            name.padding(toLength: 23, withPad: " ", startingAt: 0), kind.padding(toLength: 7, withPad: " ", startingAt: 0),
            String(
                format: "n %4d mean %4.0f SD %3.0f <-950 %4.1f%%", statistics.patches, statistics.mean, statistics.standardDeviation,
                100 * statistics.below950), histogram)
    }
}

private struct PhantomReport: Encodable {
    struct Entry: Encodable {
        let subject: String
        let cle, paraseptal: Int
        let rightMl, leftMl, centrilobularFraction, paraseptalFraction, fractionBelow950, thresholdDice: Double
        let boxes: Int

        init(_ summary: PhantomCohort.Summary) {
            subject = summary.subject
            cle = summary.grade.centrilobular
            paraseptal = summary.grade.paraseptal
            rightMl = summary.rightMillilitres
            leftMl = summary.leftMillilitres
            centrilobularFraction = summary.extent.centrilobular
            paraseptalFraction = summary.extent.paraseptal
            fractionBelow950 = summary.extent.below950
            thresholdDice = summary.extent.thresholdDice
            boxes = summary.boxes
        }
    }

    let subjects: [Entry]
}
