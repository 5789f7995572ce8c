import Foundation
import Foundations
import Learning
import SessionFormat
import Studies
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
        try trial.train(to: 6)
        let copy = try Data(contentsOf: trial.session.journal)
        try trial.train(to: 9)
        #expect(try Data(contentsOf: same.checkpoint(step: 9)) == trial.checkpoint(9))
        #expect(try Checkpoint(changed, step: 9).rates.temperature == 0.3 && Checkpoint(changed, step: 9).rates.beta == 0.5)
        #expect(copy.count > 0)

        // Another number of experts has other tensors: it begins anew.
        settings.experts = 2
        let other = SessionFolder(trial.root.appendingPathComponent("other"))
        #expect(try SessionFork.make(other, from: trial.session, settings: settings) == 0)
        try train(other, trial, to: 2)
        #expect(other.checkpointSteps == [2])
        #expect(throws: Failure.self) { try SessionFork.make(other, from: trial.session, settings: settings) }
    }

    @Test("a session that is worked on is neither renamed nor deleted; a folder that is no session is not deleted")
    func care() throws {
        let folder = try ScratchFolder()
        let session = SessionFolder(folder.file("a"))
        do {
            let lock = try FileLock(session)
            #expect(throws: Failure.self) { try session.rename(to: "b") }
            withExtendedLifetime(lock) {}
        }
        #expect(throws: Failure.self) { try session.delete() }
        #expect(throws: Failure.self) { try session.rename(to: "../b") }
        try Journal(session).append(.fault(RunFault(message: "x")))
        let renamed = try session.rename(to: "b")
        try renamed.write(note: "hello")
        #expect(try String(contentsOf: renamed.note, encoding: .utf8) == "hello\n")
        try renamed.delete()
        #expect(!FileManager.default.fileExists(atPath: renamed.root.path))
        // Whoever types fast writes on a session that is gone: that makes none.
        #expect(throws: Failure.self) { try renamed.write(note: "late") }
        #expect(!FileManager.default.fileExists(atPath: renamed.root.path))
        // One that was set up and never begun has no journal.
        let trial = try SessionTrial()
        try trial.session.delete()
        #expect(!FileManager.default.fileExists(atPath: trial.session.root.path))
    }

    @Test("exports hold the steps that are in force, with TensorBoard's framing and checksums")
    func exports() throws {
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
        let trial = try SessionTrial()
        try trial.train(to: 6, resume: false)
        try trial.steer(.rollBack(4))
        try trial.train(to: 8)
        let metrics = try RunMetrics(trial.session)
        #expect(metrics.rows.map(\.step) == Array(1...8))
        let lines = metrics.csv.split(separator: "\n")
        #expect(lines.count == 9 && lines[0].hasPrefix("step,t,epoch,loss,local") && lines[8].hasPrefix("8,"))
        #expect(lines[5].split(separator: ",").count == lines[0].split(separator: ",").count)

        let data = TensorBoardFile(metrics, began: 1000).data
        var at = 0
        var records = 0
        while at < data.count {
            let length = Int(data.subdata(in: at..<at + 8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
            func sum(_ place: Int) -> UInt32 { data.subdata(in: place..<place + 4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } }
            #expect(sum(at + 8) == CRC32C.masked(data.subdata(in: at..<at + 8)))
            #expect(sum(at + 12 + length) == CRC32C.masked(data.subdata(in: at + 12..<at + 12 + length)))
            at += 16 + length
            records += 1
        }
        #expect(at == data.count && records == 9)
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
