import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("Probes of the encoder while it trains")
struct TrainingProbeTests {
    /// Twenty subjects; those with an odd number have darker patches. Twelve are trained on.
    private final class Trial {
        let root: URL
        let cohort: PreparedCohort
        let trained = (0..<12).map { "s\($0)" }

        init() throws {
            root = FileManager.default.temporaryDirectory.appendingPathComponent("probe-\(UUID().uuidString)")
            cohort = try TinyCohort(
                root.appendingPathComponent("prepared"), subjects: 20,
                labels: { ["shade": Double($0 % 2), "tone": $0 % 2 == 0 ? 1.5 : -1.5 + 0.01 * Double($0), "same": 1] },
                lift: { $0 % 2 == 0 ? 300 : -60 }
            ).cohort
        }

        deinit { try? FileManager.default.removeItem(at: root) }

        /// Trains for four steps.
        func train(_ name: String, every: Int, column: String, threads: Int = 2, all: Bool = false) throws -> SessionFolder {
            let session = SessionFolder(root.appendingPathComponent(name))
            var settings = TrainingSettings()
            settings.batch = 4
            settings.epochs = 1
            settings.experts = 1
            settings.neighbours = 1
            settings.checkpointEvery = 2
            settings.probeEvery = every
            settings.probeColumn = column
            try Trainer.create(session, cohort: cohort, trainingSubjects: all ? nil : trained, settings: settings)
            var options = Trainer.Options()
            options.stepLimit = 4
            options.parallel = Parallel(threads: threads)
            _ = try Trainer(session, cohort: cohort, options: options, journal: Journal(session)).run()
            return session
        }

        func readings(_ session: SessionFolder) throws -> [(step: Int, reading: ProbeReading)] {
            var reader = JSONLinesReader<JournalEntry>(session.journal)
            return try reader.read().compactMap { entry in
                guard case .probe(var reading) = entry.event else { return nil }
                #expect(reading.seconds > 0)
                reading.seconds = 0
                return (entry.step, reading)
            }
        }
    }

    @Test("a probe leaves every byte of the run as it is, and reads the same with any number of threads")
    func bytes() throws {
        let trial = try Trial()
        let plain = try trial.train("plain", every: 0, column: "")
        let probed = try trial.train("probed", every: 2, column: "shade")
        for step in [2, 4] {
            #expect(try Data(contentsOf: plain.checkpoint(step: step)) == Data(contentsOf: probed.checkpoint(step: step)))
        }
        #expect(try Data(contentsOf: plain.bankLog) == Data(contentsOf: probed.bankLog))
        #expect(try trial.readings(plain).isEmpty)
        let readings = try trial.readings(probed)
        #expect(readings.map(\.step) == [0, 2, 4])
        let alone = try trial.readings(try trial.train("alone", every: 2, column: "shade", threads: 1))
        #expect(alone.map(\.reading) == readings.map(\.reading))
    }

    @Test("a label that the patches tell is read on the subjects that the run never sees, or by folds where it sees all")
    func readings() throws {
        let trial = try Trial()
        let shade = try trial.readings(try trial.train("shade", every: 4, column: "shade"))
        for (_, reading) in shade {
            #expect(reading.metric == "balanced accuracy" && reading.baseline == 0.5 && reading.subjects == 8)
            #expect(try #require(reading.value) > 0.9 && reading.complaint == nil)
        }
        let tone = try trial.readings(try trial.train("tone", every: 4, column: "tone"))
        #expect(tone.allSatisfy { $0.reading.metric == "R²" && $0.reading.baseline == 0 && ($0.reading.value ?? 0) > 0.3 })
        let folds = try trial.readings(try trial.train("folds", every: 4, column: "shade", all: true))
        #expect(folds.allSatisfy { $0.reading.subjects == 20 && ($0.reading.value ?? 0) > 0.9 })
    }

    @Test("a label that the cohort lacks, or that is the same for all, is refused before anything is written", arguments: ["none", "same"])
    func refusals(column: String) throws {
        let trial = try Trial()
        #expect(throws: Failure.self) { try trial.train("refused", every: 2, column: column) }
        #expect(!FileManager.default.fileExists(atPath: trial.root.appendingPathComponent("refused").path))
    }
}
