import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat
import Studies
import StudyResults
import TestSupport
import Testing

@Suite("Experiments")
struct ExperimentRunTests {
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
        let (cohort, session) = try ExperimentWorld.make(scratch)
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
        let (cohort, session) = try ExperimentWorld.make(scratch)
        let out = scratch.url.appendingPathComponent("out")
        #expect(throws: Cancelled.self) { try Self.run(cohort, session, out) { true } }
        #expect(!FileManager.default.fileExists(atPath: out.appendingPathComponent("report.md").path))
        let few = try TinyCohort(scratch.url.appendingPathComponent("few"), subjects: 6, landmarks: 1).cohort
        let failure = #expect(throws: Failure.self) { try Self.run(few, session, out) }
        #expect(failure?.description.contains("has 6 subjects; 5-fold cross-validation needs at least 10") == true)
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
}
