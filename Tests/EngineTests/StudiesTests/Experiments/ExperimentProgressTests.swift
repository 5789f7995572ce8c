import Cohorts
import Foundation
import Foundations
import SessionFormat
import Studies
import StudyResults
import Synchronization
import TestSupport
import Testing

@Suite("Progress of experiments")
struct ExperimentProgressTests {
    private static func job(_ names: [ExperimentName], _ cohort: PreparedCohort, _ session: SessionFolder, _ out: URL) -> ExperimentJob {
        var request = ExperimentRequest(cohort: cohort.folder)
        request.session = session.root.path
        return ExperimentJob(names, request, folder: ExperimentFolder(out), parallel: Parallel(threads: 2))
    }

    @Test("whoever reads the folder knows what is done, what failed and why; a failure does not stop the others")
    func followed() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try ExperimentWorld.make(scratch)
        let out = scratch.url.appendingPathComponent("out")
        let browser = ExperimentBrowser(ExperimentFolder(out))
        #expect(try browser.snapshot() == ExperimentSnapshot())
        let outcome = try Self.job([.table3, .figure5, .table8], cohort, session, out).run()
        #expect(outcome.results.map(\.name) == [.table8])
        #expect(outcome.failures.map(\.name) == [.table3, .figure5])
        let snapshot = try browser.snapshot()
        func state(_ name: ExperimentName) -> ExperimentSnapshot.State? { snapshot.entries.first { $0.name == name }?.state }
        #expect(state(.table8) == .done && state(.table2) == .notRun && !snapshot.isRunning && snapshot.profile == .quick)
        guard case .failed(let sentence)? = state(.table3) else { throw Failure("table3 did not fail") }
        #expect(sentence.contains("0 subjects have the labels time, event"))
        #expect(snapshot.claims.contains { $0.title == "Random locations hurt" && !$0.evidence.isEmpty })
        #expect(browser.cohort?.path == cohort.folder.path)
        let report = try String(contentsOf: out.appendingPathComponent("report.md"), encoding: .utf8)
        #expect(report.contains("Could not be run: \(sentence)"))
        // What is asked for again is taken from where it was, and a browser that comes later sees the same.
        #expect(try Self.job([.table8], cohort, session, out).run().results == outcome.results)
        #expect(
            try ExperimentBrowser(ExperimentFolder(out)).snapshot().entries
                == browser.snapshot().entries.map { entry in
                    guard case .failed = entry.state else { return entry }
                    return ExperimentSnapshot.Entry(name: entry.name, state: .notRun)
                })
    }

    @Test("an interruption and a lost process show as such; two processes do not work in one folder")
    func interrupted() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try ExperimentWorld.make(scratch)
        let out = scratch.url.appendingPathComponent("out")
        let job = Self.job([.table8], cohort, session, out)
        let browser = ExperimentBrowser(job.folder)
        let asked = Counter()
        #expect(throws: Cancelled.self) { try job.run(isCancelled: { asked.next() > 2 }) }
        #expect(try browser.snapshot().entries.first { $0.name == .table8 }?.state == .interrupted)
        // While one works the other is refused, and the one that looks sees the stage.
        let refused = Box<String?>(nil)
        let stages = Counter()
        _ = try job.run(report: { event in
            guard event.kind == .progress, stages.next() == 1 else { return }
            do { _ = try job.run() } catch { refused.value = "\(error)" }
            let seen = try? browser.snapshot()
            if seen?.isRunning != true || seen?.stage == nil { refused.value = nil }
        })
        #expect(refused.value?.contains("is being worked on by another process") == true)
        #expect(try browser.snapshot().entries.first { $0.name == .table8 }?.state == .done)
    }

    @Test("an encoder's own session tells that it was stopped, and goes on from there; each of its steps is told of")
    func stoppedTraining() throws {
        let scratch = try ScratchFolder()
        let cohort = try ExperimentWorld.make(scratch).cohort
        let folder = ExperimentFolder(scratch.url.appendingPathComponent("out"))
        let job = ExperimentJob([.table8], ExperimentRequest(cohort: cohort.folder), folder: folder, parallel: Parallel(threads: 2))
        let session = SessionFolder(folder.root.appendingPathComponent("sessions/drasclr"))
        for last in [2, 3] {
            let steps = Box<[Int]>([])
            let isStopped = Box(false)
            let report: @Sendable (ExperimentEvent) -> Void = { event in
                guard let stage = event.stage, stage.stage.hasPrefix("pre-train") else { return }
                steps.value.append(stage.done)
                if stage.done == last { isStopped.value = true }
            }
            #expect(throws: Cancelled.self) { try job.run(report: report, isCancelled: { isStopped.value }) }
            #expect(steps.value == (last == 2 ? [0, 1, 2] : [2, 3]))
            #expect(session.checkpointSteps.last == last)
            guard case .finished(let end)? = try JournalTail.last(session)?.event else { throw Failure("the end was not written") }
            #expect(end.outcome == "stopped")
            #expect(try JournalTail.completion(of: session) == nil)
        }
    }

    @Test("a browser runs experiments in the background, and knows what of")
    func background() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try ExperimentWorld.make(scratch)
        let folder = ExperimentFolder(scratch.url.appendingPathComponent("out"))
        let failure = #expect(throws: Failure.self) { try ExperimentBrowser(folder).start([.table8]) }
        #expect(failure?.description.contains("does not say what its experiments are made of") == true)
        var request = ExperimentRequest(cohort: cohort.folder)
        request.session = session.root.path
        let browser = ExperimentBrowser(folder, request: request)
        try browser.start([.table8])
        #expect(throws: Failure.self) { try browser.start([.table8]) }
        browser.waitToEnd()
        #expect(try browser.snapshot().entries.first { $0.name == .table8 }?.state == .done)
        #expect(!browser.stop())
        // A later one finds the request in the folder.
        try ExperimentBrowser(folder).start([.table8])
    }

    @Test("a cohort that is not prepared needs an atlas; nothing is left behind where there is none")
    func unprepared() throws {
        let scratch = try ScratchFolder()
        let table = scratch.url.appendingPathComponent("cohort.csv")
        try Data("subject,image\na,a.nii.gz\n".utf8).write(to: table)
        let folder = ExperimentFolder(scratch.url.appendingPathComponent("out"))
        for place in [table, scratch.url] {
            let failure = #expect(throws: Failure.self) {
                try ExperimentJob([.table2], ExperimentRequest(cohort: place), folder: folder).run()
            }
            #expect(
                failure?.description.contains("is a cohort that is not prepared; give the atlas") == true, "\(failure?.description ?? "")")
        }
        let missing = scratch.url.appendingPathComponent("none")
        #expect(throws: Failure.self) { try ExperimentJob([.table2], ExperimentRequest(cohort: missing), folder: folder).run() }
        #expect(!FileManager.default.fileExists(atPath: folder.root.path))
    }

    @Test("a column that nobody has is refused before anything is computed")
    func unknownColumn() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try ExperimentWorld.make(scratch)
        var job = Self.job([.table8], cohort, session, scratch.url.appendingPathComponent("out"))
        job.request.targets = ["bode"]
        let failure = #expect(throws: Failure.self) { try job.run() }
        #expect(failure?.description.contains("no label \"bode\"; it has fev1pp, gold") == true)
        #expect(try ExperimentBrowser(job.folder).snapshot().fault?.contains("bode") == true)
    }

    @Test("the time left is the passes that are left at the speed of those that were made")
    func effort() {
        let effort = ExperimentEffort()
        effort.plan(.training(.drasclr), passes: 1000)
        effort.plan(.training(.drasclr), passes: 5)
        effort.plan(.masks, passes: 500)
        #expect(effort.secondsLeft == nil)
        effort.end(.masks)
        effort.plan(.features(.random, isMisplaced: false), passes: 1000)
        effort.measure(passes: 500, seconds: 10)
        // 2000 passes at 50 a second.
        #expect(effort.secondsLeft == 40)
        effort.begin(.training(.drasclr), at: 0.5)
        effort.end(.training(.drasclr))
        #expect(effort.secondsLeft == 20)
    }

    @Test("a piece is computed once for the same inputs, again for others or where its file is damaged")
    func pieces() throws {
        let scratch = try ScratchFolder()
        let folder = ExperimentFolder(scratch.url)
        let pieces = ExperimentPieces(folder: folder, key: "a")
        let computed = Counter()
        func value(_ pieces: ExperimentPieces, _ inputs: String) throws -> Int { try pieces.value("x/y", of: inputs) { computed.next() } }
        #expect(try value(pieces, "m") == 1 && value(pieces, "m") == 1)
        #expect(try value(pieces, "n") == 2)
        #expect(try value(ExperimentPieces(folder: folder, key: "b"), "n") == 3)
        try Data("{".utf8).write(to: folder.piece("x/y"))
        #expect(try value(pieces, "n") == 4)
    }
}

/// A value that any thread may read and write.
private final class Box<Value: Sendable>: Sendable {
    private let held: Mutex<Value>

    init(_ value: Value) { held = Mutex(value) }

    var value: Value {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

/// Counts calls from any thread.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
