import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat
import Statistics
import Studies
import StudyResults
import Testing

@Suite("Experiments")
struct ExperimentRunTests {
    /// A cohort of 12 with a session trained for one step.
    static func world(_ scratch: borrowing ScratchFolder) throws -> (cohort: PreparedCohort, session: SessionFolder) {
        let cohort = try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 12, landmarks: 2) {
            ["fev1pp": 40 + 3 * Double($0), "gold": Double($0 % 3)]
        }.cohort
        let session = SessionFolder(scratch.url.appendingPathComponent("session"))
        var settings = TrainingSettings()
        settings.batch = 12
        settings.experts = 1
        settings.epochs = 1
        settings.neighbours = 0
        settings.batchKeys = .include
        settings.bankStart = .empty
        settings.bankScope = .all
        settings.conditioning = .concatenation
        try Trainer.create(session, cohort: cohort, settings: settings)
        _ = try Trainer(session, cohort: cohort, options: Trainer.Options(), journal: Journal(session)).run()
        return (cohort, session)
    }

    private static func run(
        _ cohort: PreparedCohort, _ session: SessionFolder, _ out: URL, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> [ExperimentResult] {
        var options = ExperimentRun.Options()
        options.session = session
        return try ExperimentRun(cohort: cohort, folder: out, options: options, report: { _ in }, isCancelled: isCancelled).run([.table8])
            .results
    }

    @Test("a table is written with its CSV, and not computed again")
    func table() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try Self.world(scratch)
        let out = scratch.url.appendingPathComponent("out")
        let first = try Self.run(cohort, session, out)
        #expect(Set(first[0].measurements.map(\.method)) == ["true locations", "random locations"])
        #expect(first[0].notes.contains { $0.contains("no label fev1_fvc") })
        let csv = try CSVTable(contentsOf: out.appendingPathComponent("table8.csv"))
        #expect(csv.rows.count == first[0].measurements.count)
        let report = try String(contentsOf: out.appendingPathComponent("report.md"), encoding: .utf8)
        #expect(report.contains("## Table 8.") && report.contains("| true locations |"))
        let claims = try String(contentsOf: out.appendingPathComponent("CLAIMS.md"), encoding: .utf8)
        #expect(claims.contains("true locations − random locations"))
        #expect(
            report.contains("4 folds inside the training subjects") && report.contains("5 folds by subject") && report.contains("seed 7"))
        let second = try Self.run(cohort, session, out)
        #expect(second[0].seconds == first[0].seconds && second[0].measurements == first[0].measurements)
    }

    @Test("an interruption leaves no result; too few subjects are refused")
    func refused() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try Self.world(scratch)
        let out = scratch.url.appendingPathComponent("out")
        #expect(throws: Cancelled.self) { try Self.run(cohort, session, out) { true } }
        #expect(!FileManager.default.fileExists(atPath: out.appendingPathComponent("report.md").path))
        let few = try TinyCohort(scratch.url.appendingPathComponent("few"), subjects: 6, landmarks: 1).cohort
        let failure = #expect(throws: Failure.self) { try Self.run(few, session, out) }
        #expect(failure?.description.contains("has 6 subjects; 5-fold cross-validation needs at least 10") == true)
    }

    @Test("verdicts: the interval decides")
    func verdicts() {
        #expect(ExperimentClaims.verdict(0.01, 0.2, isEquality: false) == .holds)
        #expect(ExperimentClaims.verdict(-0.2, -0.01, isEquality: false) == .doesNotHold)
        #expect(ExperimentClaims.verdict(-0.1, 0.1, isEquality: false) == .undecided)
        #expect(ExperimentClaims.verdict(-0.05, 0.08, isEquality: true) == .holds)
        #expect(ExperimentClaims.verdict(-0.3, 0.2, isEquality: true) == .undecided)
    }

    @Test("each pair of methods is compared once, over the folds that both have")
    func comparisons() {
        var result = ExperimentResult(name: .table5, profile: .quick, key: "")
        for (name, folds) in [("a", [1.0, 0.9, 0.8]), ("b", [0.5, 0.6, 0.7]), ("c", [0.5])] {
            result.measurements.append(MethodScore(method: name, target: "t", metric: "F1", folds: folds, interval: nil, count: 3))
        }
        result.compare("a", testFraction: 0.25)
        result.compare("b", testFraction: 0.25)
        #expect(result.comparisons.map { "\($0.first)\($0.second)" } == ["ab"])
        #expect(abs((result.comparisons.first?.difference ?? 0) - 0.3) < 1e-12)
    }

    @Test(
        "labels are saved where the whole interval is below all boxes",
        arguments: [
            (0.25, 0.1, 0.5, "holds", "with 25 % of the boxes [10 %, 50 %]"), (0.5, 0.25, 1.0, "undecided", "with 50 %"),
            (nil, 2.0, 2.0, "does not hold", "does not reach the random one's F1 with all boxes [more than all, more than all]"),
            (1.0, 0.5, 2.0, "undecided", "[50 %, more than all]"),
        ])
    func savings(fraction: Double?, lower: Double, upper: Double, verdict: String, words: String) {
        var result = ExperimentResult(name: .figure4, profile: .quick, key: "")
        result.savings = [ExperimentResult.Saving(target: "centrilobular", fraction: fraction, lower: lower, upper: upper)]
        let claim = ExperimentClaims(results: [result]).all[0]
        #expect(claim.evidence.map(\.verdict.rawValue) == [verdict])
        #expect(claim.evidence[0].text.contains(words), "\(claim.evidence[0].text)")
    }

    @Test("figures are drawn with every subject")
    func figure() throws {
        let scratch = try ScratchFolder()
        var result = ExperimentResult(name: .figure5, profile: .quick, key: "")
        result.groups = [
            ExperimentResult.Group(series: "cle", name: "GOLD 0", subjects: ["a", "b"], values: [1, 2]),
            ExperimentResult.Group(series: "cle", name: "GOLD 1", subjects: ["c"], values: [7]),
        ]
        try ExperimentReport(results: [result], run: []).write(to: scratch.url)
        let svg = try String(contentsOf: scratch.url.appendingPathComponent("figure5.svg"), encoding: .utf8)
        #expect(XMLDocumentCheck.isWellFormed(svg) && svg.contains("<title>c: 7.0 %</title>"))
        #expect(try CSVTable(contentsOf: scratch.url.appendingPathComponent("figure5.csv")).rows.count == 3)
    }
}

/// Every tag that is opened is closed, in order.
private enum XMLDocumentCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            guard let end = piece.firstIndex(of: ">") else { return false }
            let tag = piece[..<end]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}

@Suite("Comparators")
struct ComparatorTests {
    @Test("LAA-950 and Perc15 by hand")
    func lowAttenuation() {
        var counts = [Int](repeating: 0, count: 65_536)
        for (value, count) in [(-960, 10), (-950, 10), (-900, 80)] { counts[value + 32_768] = count }
        // -950 itself is not below -950; 15 % are reached at -950.
        #expect(LowAttenuationFeatures.measures(counts) == [0.1, -950])
    }

    @Test("K-means finds two heaps, is seeded, and takes rows that are all alike")
    func kMeans() {
        var generator = SeededGenerator(name: "heaps")
        let rows = FeatureMatrix(rows: (0..<40).map { row in [Double(row % 2) * 10 + generator.normal(), generator.normal()] })
        let model = KMeans(rows, clusters: 2, seed: 1)
        let clusters = (0..<40).map { model.cluster(of: rows[$0]) }
        #expect((0..<40).allSatisfy { clusters[$0] == clusters[$0 % 2] } && clusters[0] != clusters[1])
        #expect(KMeans(rows, clusters: 2, seed: 1) == model)
        #expect(KMeans(FeatureMatrix(rows: [[1, 1], [1, 1]]), clusters: 2, seed: 1).centres.count == 1)
    }
}
