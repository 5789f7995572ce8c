import Cohorts
import Foundation
import Foundations
import Interface
import Screens
import StudyResults
import Synchronization
import TerminalKit
import Testing

/// What a screen shows while the next subject is read: nothing of the one before.
@Suite("Reading subjects") struct ReadingTests {
    // MARK: the reader

    /// Reads names; each waits until it may end, and gives up where it is not wanted.
    private final class SlowShelf: Sendable {
        let log = Mutex<[String]>([])
        private let open = Mutex<Set<String>>([])
        private let versions = Mutex<[String: Int]>([:])
        private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reading-\(UInt64.random(in: 0 ... .max))")

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func release(_ ids: String...) { open.withLock { $0.formUnion(ids) } }

        /// Makes a subject's file another one.
        func change(_ id: String) throws {
            versions.withLock { $0[id, default: 0] += 1 }
            try Data(repeating: 1, count: versions.withLock { $0[id] ?? 0 }).write(to: folder.appendingPathComponent(id))
        }

        func read(_ id: String, _ isWanted: @Sendable () -> Bool) throws -> String {
            log.withLock { $0.append("begin \(id)") }
            while !open.withLock({ $0.contains(id) }) {
                guard isWanted() else {
                    log.withLock { $0.append("give up \(id)") }
                    throw CancellationError()
                }
                usleep(1000)
            }
            log.withLock { $0.append("end \(id)") }
            return "\(id) \(versions.withLock { $0[id] ?? 0 })"
        }

        var reader: SubjectReader<String> {
            SubjectReader(read: { try self.read($0, $1) }, times: { FileTimes([self.folder.appendingPathComponent($0)]) })
        }

        /// Waits, but not for ever.
        func wait(until entry: String) -> Bool {
            for _ in 0..<5000 {
                if log.withLock({ $0.contains(entry) }) { return true }
                usleep(1000)
            }
            return false
        }
    }

    /// What was delivered.
    private final class Inbox: Sendable {
        private let items = Mutex<[String]>([])
        func put(_ result: Result<String, any Error>) {
            items.withLock {
                switch result {
                case .success(let text): $0.append(text)
                case .failure: $0.append("failed")
                }
            }
        }
        func wait(_ count: Int) -> [String] {
            for _ in 0..<5000 where items.withLock({ $0.count < count }) { usleep(1000) }
            return items.withLock { $0 }
        }
    }

    @Test("only the newest wish is read: what is being read is given up, what waits is never begun")
    func newest() throws {
        let (shelf, inbox) = (try SlowShelf(), Inbox())
        let reader = shelf.reader
        reader.want("a", deliver: inbox.put)
        #expect(shelf.wait(until: "begin a"))
        for id in ["b", "c", "d"] { reader.want(id, deliver: inbox.put) }
        #expect(shelf.wait(until: "give up a"))
        shelf.release("a", "b", "c", "d")
        #expect(inbox.wait(1) == ["d 0"])
        usleep(20_000)
        #expect(inbox.wait(1) == ["d 0"])
        let begun = shelf.log.withLock { $0.filter { $0.hasPrefix("begin") } }
        #expect(begun.first == "begin a" && begun.last == "begin d" && begun.count <= 3)
        withExtendedLifetime(reader) {}
    }

    @Test("the next subject is read ahead and then there at once, unless its files have changed since")
    func ahead() throws {
        let (shelf, inbox) = (try SlowShelf(), Inbox())
        let reader = shelf.reader
        shelf.release("a", "b", "c")
        reader.want("a", ahead: "b", deliver: inbox.put)
        #expect(shelf.wait(until: "end b"))
        usleep(5000)
        reader.want("b", ahead: "c", deliver: inbox.put)
        #expect(inbox.wait(2) == ["a 0", "b 0"])
        #expect(shelf.wait(until: "end c"))
        #expect(shelf.log.withLock { $0.count { $0 == "begin b" } } == 1)
        usleep(5000)
        try shelf.change("c")
        reader.want("c", deliver: inbox.put)
        #expect(inbox.wait(3) == ["a 0", "b 0", "c 1"])
        // What changed in ways that files do not show is forgotten.
        reader.want("a", ahead: "b", deliver: inbox.put)
        #expect(inbox.wait(4).last == "a 0")
        for _ in 0..<5000 where shelf.log.withLock({ $0.count { $0 == "end b" } }) < 2 { usleep(1000) }
        reader.forgetAhead()
        usleep(5000)
        reader.forgetAhead()
        reader.want("b", deliver: inbox.put)
        #expect(inbox.wait(5).last == "b 0")
        #expect(shelf.log.withLock { $0.count { $0 == "begin b" } } == 3)
    }

    @Test("where subjects are large, none is read ahead")
    func large() throws {
        let inbox = Inbox()
        let begun = Mutex<[String]>([])
        let reader = SubjectReader<String>(
            read: { id, _ in
                begun.withLock { $0.append(id) }
                return id
            }, times: { _ in FileTimes([]) }, bytes: { _ in 1 << 30 })
        reader.want("a", ahead: "b", deliver: inbox.put)
        #expect(inbox.wait(1) == ["a"])
        usleep(50_000)
        #expect(begun.withLock { $0 } == ["a"])
    }

    // MARK: the screens

    /// Four subjects, each of which takes a while to read.
    private struct SlowLibrary: SubjectLibrary {
        static let names = ["s01", "s02", "s03", "s04"]
        let begun = Log()

        final class Log: Sendable {
            let ids = Mutex<[String]>([])
        }

        func subjects() throws -> [SubjectEntry] { Self.names.map { SubjectEntry(id: $0, image: URL(fileURLWithPath: "/nowhere/\($0)")) } }

        func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool) throws -> SubjectVolumes {
            try Self.wait(isWanted)
            begun.ids.withLock { $0.append(subject.id) }
            return World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
        }

        static func wait(_ isWanted: @Sendable () -> Bool) throws {
            for _ in 0..<150 {
                guard isWanted() else { throw CancellationError() }
                usleep(1000)
            }
        }
    }

    private struct SlowCohort: CohortSource {
        let begun = SlowLibrary.Log()

        func snapshot() throws -> CohortSnapshot { CohortSnapshot(subjects: SlowLibrary.names.map { CohortSubject(id: $0) }) }
        func volumes(_ subject: String, isWanted: @Sendable () -> Bool) throws -> CohortVolumes {
            try SlowLibrary.wait(isWanted)
            begun.ids.withLock { $0.append(subject) }
            let found = World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
            return CohortVolumes(ct: found.ct, lungs: found.lungs)
        }
        func times(_ subject: String) -> FileTimes { FileTimes([]) }
        func review(_ subject: String, _ entry: CohortReview.Entry?) throws {}
        func correct(_ subject: String, _ change: LungCorrectionChange, _ shown: CohortVolumes) throws -> CohortVolumes { shown }
        func prepareAgain(_ subjects: [String]) throws {}
    }

    /// Whether a frame holds a slice: half-blocks in greys.
    private static func hasPicture(_ frame: CellGrid) -> Bool {
        frame.cells.contains { $0.glyph == "▀" && !$0.style.foreground.isTerminal && !$0.style.background.isTerminal }
    }

    /// Runs the loop over a script, and checks that frames which say that a subject is being read hold no picture.
    private func play(_ context: SessionContext, _ script: [RecordingTerminal.Step]) throws -> [CellGrid] {
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 40), capabilities: World.colour, script: script)
        #expect(try EventLoop(World.configuration(context), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        let reading = terminal.frames.filter { $0.text.contains("reading s0") }
        #expect(!reading.isEmpty)
        for frame in reading { #expect(!Self.hasPicture(frame)) }
        return terminal.frames
    }

    @Test("the masks screen shows nothing of the subject before, and only the newest wish is read")
    func masks() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        var context = World.context(folder)
        let library = SlowLibrary()
        context.library = library
        let frames = try play(
            context,
            [
                .waitFor("6 of 100"), .key(.character("3")), .waitFor("reading s01"), .waitFor("s01  lung"), .key(.character("]")),
                .waitFor("reading s02"), .key(.character("]")), .key(.character("]")), .waitFor("s04  lung"), .key(.character("q")),
            ])
        #expect(Self.hasPicture(try #require(frames.last)))
        let begun = library.begun.ids.withLock { $0 }
        #expect(begun.first == "s01" && begun.contains("s04") && !begun.contains("s03"))
    }

    @Test("the cohort screen shows nothing of the subject before, and only the newest wish is read")
    func cohort() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        var context = World.context(folder)
        let source = SlowCohort()
        context.cohort = source
        let frames = try play(
            context,
            [
                .waitFor("6 of 100"), .key(.character("4")), .waitFor("reading s01"), .waitFor("axial"),
                .key(.character("]")), .waitFor("reading s02"), .key(.character("]")), .key(.character("]")), .waitFor("reading s04"),
                .waitFor("axial"), .key(.character("q")),
            ])
        #expect(Self.hasPicture(try #require(frames.last)))
        let begun = source.begun.ids.withLock { $0 }
        #expect(begun.contains("s04") && !begun.contains("s03"))
    }

    /// A state whose screen shows s01 with a scan of one value, on which the frame before a key depends.
    private func shown(_ screen: ScreenID, hounsfield: Int16) throws -> WorkbenchState {
        var state = World.state(120, 40)
        var volumes = World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
        volumes.ct = volumes.ct.mapVoxels { $0 + hounsfield }
        _ = state.reduce(.subjectsListed(try SlowLibrary().subjects()))
        _ = state.press(screen == .masks ? "3" : "4")
        _ = state.reduce(.cohortListed(try SlowCohort().snapshot()))
        if screen == .masks {
            _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s01", volumes)))
        } else {
            let cohort = CohortVolumes(ct: volumes.ct, lungs: volumes.lungs)
            _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s01", cohort)))
        }
        return state
    }

    @Test("after the key the frame is the same whatever the scan before held", arguments: [ScreenID.masks, .cohort])
    func independent(screen: ScreenID) throws {
        var (dark, bright) = (try shown(screen, hounsfield: 0), try shown(screen, hounsfield: 500))
        #expect(ScreenFrame.render(dark) != ScreenFrame.render(bright))
        _ = (dark.press("]"), bright.press("]"))
        #expect(ScreenFrame.render(dark) == ScreenFrame.render(bright))
        #expect(dark.shown.contains("reading s02 …"))
        // A reading that ends late shows nothing, and neither does its failure.
        let late = World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
        if screen == .masks {
            _ = dark.reduce(.subjectLoaded(try LoadedSubject(id: "s01", late)))
            _ = dark.reduce(.subjectFailed(id: "s01", "s01 is damaged"))
        } else {
            _ = dark.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s01", CohortVolumes(ct: late.ct))))
            _ = dark.reduce(.cohortSubjectFailed(id: "s01", "s01 is damaged"))
        }
        #expect(ScreenFrame.render(dark) == ScreenFrame.render(bright))
    }

    @Test("a box is not placed, and nothing is exported, of a subject that is not on the screen any more")
    func commands() throws {
        var state = try shown(.masks, hounsfield: 0)
        _ = state.press("]")
        for key in ["C", "S", "G", "X", "P", "E", "n"] {
            #expect(state.press(key).allSatisfy { if case .masks = $0 { false } else { true } }, "\(key)")
            #expect(state.overlay == nil)
        }
    }

    /// Figure 5 of one subject.
    private static func snapshot(_ subject: String) -> ExperimentSnapshot {
        var result = ExperimentResult(name: .figure5, profile: .quick, key: "k")
        result.groups = [ExperimentResult.Group(series: "cle", name: "GOLD 0", subjects: [subject], values: [1])]
        return ExperimentSnapshot(
            entries: ExperimentName.allCases.map {
                $0 == .figure5
                    ? ExperimentSnapshot.Entry(name: $0, state: .done, result: result) : ExperimentSnapshot.Entry(name: $0, state: .notRun)
            }, isRunning: false, profile: .quick)
    }

    @Test("from a point of the evaluation to its subject: nothing of the subject before, on either screen")
    func point() throws {
        for known in [true, false] {
            var state = try shown(known ? .masks : .cohort, hounsfield: 0)
            if !known { _ = state.reduce(.subjectsListed([])) }
            _ = state.press("5")
            _ = state.reduce(.experimentsListed(Self.snapshot("s03")))
            _ = state.press("]")
            #expect(state.evaluation.chosenPoint?.subject == "s03")
            let effects = state.press("Enter")
            #expect(state.screen == (known ? .masks : .cohort))
            #expect(effects.contains(known ? .loadSubject("s03") : .loadCohortSubject("s03")))
            #expect(!Self.hasPicture(ScreenFrame.render(state)) && state.shown.contains("reading s03 …"))
        }
        // A subject that neither has: the screen stays, and says so.
        var state = try shown(.cohort, hounsfield: 0)
        _ = state.reduce(.subjectsListed([]))
        _ = state.press("5")
        _ = state.reduce(.experimentsListed(Self.snapshot("elsewhere")))
        _ = state.press("]", "Enter")
        #expect(state.screen == .evaluation && state.shown.contains("elsewhere is not a subject of this session's cohort"))
    }

    @Test("views of a landmark are not shown at another one")
    func views() throws {
        func state(_ grey: UInt8) throws -> WorkbenchState {
            var state = World.state(200, 60)
            _ = state.reduce(.journal(World.journal(steps: 8)))
            _ = state.press("2")
            _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
            _ = state.press("v")
            let landmark = try #require(state.view.landmark)
            let pixels = [UInt8](repeating: grey, count: SeenViews.side * SeenViews.side)
            let key = SeenViews.Key(landmark: landmark, step: 1)
            _ = state.reduce(.viewsLoaded(SeenViews(key: key, subject: "s01", pictures: [.init(name: "patch", pixels: pixels)])))
            return state
        }
        var (dark, bright) = (try state(10), try state(200))
        #expect(ScreenFrame.render(dark) != ScreenFrame.render(bright) && dark.shown.contains("s01"))
        _ = (dark.press("n"), bright.press("n"))
        #expect(ScreenFrame.render(dark) == ScreenFrame.render(bright) && !dark.shown.contains("s01"))
        #expect(dark.shown.contains("making the views again"))
    }
}
