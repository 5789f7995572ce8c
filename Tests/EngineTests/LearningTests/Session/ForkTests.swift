import Foundation
import Foundations
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("Forks, names and exports of a session")
struct ForkTests {
    private func train(_ session: SessionFolder, _ trial: SessionTrial, to step: Int) throws {
        var options = Trainer.Options()
        options.stepLimit = step
        options.resume = true
        options.parallel = Parallel(threads: 2)
        _ = try Trainer(session, cohort: trial.cohort, options: options, journal: Journal(session)).run()
    }

    @Test("a fork goes on from the newest checkpoint: unchanged as its origin does, with changed settings as if it had been steered so")
    func fromCheckpoint() throws {
        let trial = try SessionTrial()
        try trial.steer(.set(.beta, 0.5))
        try trial.train(to: 6, resume: false)
        var settings = try SessionDescription.read(trial.session).settings
        let same = SessionFolder(trial.root.appendingPathComponent("same"))
        #expect(try SessionFork.make(same, from: trial.session, settings: settings) == 6)
        settings.temperature = 0.3
        let changed = SessionFolder(trial.root.appendingPathComponent("changed"))
        try SessionFork.make(changed, from: trial.session, settings: settings)
        try train(same, trial, to: 9)
        try train(changed, trial, to: 9)
        try trial.train(to: 9)
        #expect(try Data(contentsOf: same.checkpoint(step: 9)) == trial.checkpoint(9))
        #expect(try Checkpoint(changed, step: 9).rates.temperature == 0.3 && Checkpoint(changed, step: 9).rates.beta == 0.5)

        // Another number of experts has other tensors: it begins anew.
        settings.experts = 2
        let other = SessionFolder(trial.root.appendingPathComponent("other"))
        #expect(try SessionFork.make(other, from: trial.session, settings: settings) == 0)
        try train(other, trial, to: 2)
        #expect(other.checkpointSteps == [2])
        #expect(throws: Failure.self) { try SessionFork.make(other, from: trial.session, settings: settings) }
    }

    @Test("the disk that a run needs is at least what it then takes")
    func disk() throws {
        let trial = try SessionTrial { $0.keepCheckpoints = 2 }
        try trial.train(to: nil, resume: false)
        let settings = try SessionDescription.read(trial.session).settings
        let estimate = DiskEstimate(settings: settings, subjects: 6, landmarks: trial.cohort.atlas.landmarks.count)
        func size(_ file: URL) throws -> Int { try #require(FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) }
        let checkpoints = try trial.session.checkpointSteps.map { try size(trial.session.checkpoint(step: $0)) }.reduce(0, +)
        #expect(estimate.checkpointBytes >= checkpoints && estimate.checkpointBytes < 2 * checkpoints)
        #expect(try estimate.bankLogBytes >= size(trial.session.bankLog))
        #expect(try 4 * estimate.journalBytes >= size(trial.session.journal))
        try estimate.check(trial.session)
    }

    @Test("the views that the network saw are made again as they were, and a step has its landmark")
    func seenViews() throws {
        let trial = try SessionTrial()
        let first = try SeenPatches(trial.session, step: 3, neighbours: 1)
        let again = try SeenPatches(trial.session, step: 3, neighbours: 1)
        #expect(first.landmark == 1 && first.subject == again.subject)
        #expect(first.query == again.query && first.key == again.key && first.neighbours == again.neighbours)
        #expect(first.query != first.key && first.patch.count == 32 * 32 * 32 && first.neighbours.count == 1)
        #expect(first.patch.allSatisfy { (-1...1).contains($0) })
        #expect(throws: Failure.self) { try SeenPatches(trial.session, step: 0, neighbours: 1) }
    }
}
