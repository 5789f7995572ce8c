import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite struct RobustnessTests {
    /// 3,000 random keys, clicks, resizes and journal entries, each rendered: no trap, and every frame has the window's size.
    @Test func randomEventsNeverTrap() throws {
        var generator = SeededGenerator(20, 26)
        let capabilities = [World.colour, Capabilities(colours: .sixteen, unicode: true), Capabilities(colours: .mono, unicode: false)]
        var state = World.state(80, 24, capabilities[0])
        let subjects = try World.grids.indices.map { try World.loaded($0, id: "s0\($0)") }
        let atlas = try LoadedAtlas(World.atlas())
        let keys =
            CommandTable.all.flatMap(\.keys) + "abz019=.,:?é".unicodeScalars.map { Key.character($0) } + [
                .escape, .enter, .backspace, .tab,
            ]
        var step = 0
        let rounds = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] == nil ? 3000 : 100_000
        for round in 0..<rounds {
            // A long soak begins new runs, so that it stays a soak of keys and not of memory.
            if round % 10_000 == 9_999 { step = 0 }
            switch generator.below(20) {
            case 0:
                // Mostly ordinary sizes, now and then very small or very large ones.
                let large = generator.below(4) == 0
                _ = state.reduce(
                    .resize(Size(columns: 1 + generator.below(large ? 500 : 130), rows: 1 + generator.below(large ? 200 : 45))))
            case 1:
                let action = Mouse.Action.allCases[generator.below(3)]
                _ = state.reduce(.mouse(Mouse(action, column: generator.below(500) - 2, row: generator.below(200) - 2)))
            case 2: _ = state.reduce(.tick(Double(round)))
            case 3:
                let entries = World.journal(steps: 0) + (0..<generator.below(50)).map { World.step(step + $0 + 1) }
                step += 50
                _ = state.reduce(.journal(entries))
            case 4: _ = state.reduce(.subjectLoaded(subjects[generator.below(subjects.count)]))
            case 5: _ = state.reduce(.atlasLoaded(generator.below(3) == 0 ? nil : atlas))
            case 6:
                let conditions: [MaskCondition?] = [nil, .current, .partial, .stale]
                _ = state.reduce(
                    .subjectsListed(
                        (0..<generator.below(40)).map {
                            SubjectEntry(id: "s0\($0)", image: URL(fileURLWithPath: "/"), masks: conditions[generator.below(4)])
                        }))
            case 7 where generator.below(2) == 0: more(&state, &generator)
            case 7: _ = state.reduce(.sessionOpened(SessionIdentity(name: "αβγ\u{301}漢", ownership: .thisProcess), ViewSettings()))
            default: _ = state.reduce(.key(keys[generator.below(keys.count)]))
            }
            state.capabilities = capabilities[round % 3]
            let frame = ScreenFrame.render(state)
            #expect(frame.size == state.size)
        }
    }

    /// What background work and the terminal report.
    private func more(_ state: inout WorkbenchState, _ generator: inout SeededGenerator) {
        switch generator.below(8) {
        case 0: _ = state.reduce(.checkpointsListed((0..<generator.below(5)).map { _ in generator.below(1000) }))
        case 1: _ = state.reduce(.runRead(RunRequest(name: "x", cohort: "", settings: TrainingSettings(), origin: "y")))
        case 2: _ = state.reduce(.lag(generator.below(2) == 0))
        case 3: _ = state.reduce(.settled)
        case 4: _ = state.reduce(.journalTail(TrainingState()))
        case 5: _ = state.reduce(.journalRead(TrainingState(), session: "x", offset: 0))
        case 6:
            let pictures = [SeenViews.Picture(name: "query", pixels: Array(repeating: 7, count: 32 * 32))]
            _ = state.reduce(.viewsLoaded(SeenViews(key: .init(landmark: generator.below(4), step: 3), pictures: pictures)))
        default:
            let rollBack = CommandApplied(command: .rollBack(generator.below(3000)), controlLine: 0)
            _ = state.reduce(.journal([JournalEntry(t: 1, step: 3000, event: .command(rollBack))]))
            _ = state.reduce(
                .sessionsListed((0..<generator.below(9)).map { SessionSummary(name: "s\($0)", condition: .idle) }, demoOffered: true))
            _ = state.reduce(.runsCompared(RunComparison(runs: [.init(name: "s1", training: state.training)])))
        }
    }

    /// Numbers that no engine would write are shown or left out, never trapped on.
    @Test func absurdJournalsAreSurvived() {
        var state = World.state()
        let wild = [Int.min, -1, 0, 7, Int.max]
        for number in wild {
            let run = RunStarted(
                task: "x", pid: number, threads: number, isa: "", totalSteps: number, stepsPerEpoch: number, landmarks: number)
            var entry = World.step(3)
            entry.step = number
            _ = state.reduce(
                .journal([
                    JournalEntry(t: -1e308, step: number, event: .started(run)), entry,
                    JournalEntry(t: 1e308, step: number, event: entry.event),
                    JournalEntry(t: 0, step: number, event: .progress(StageProgress(stage: "\u{1B}[2J", done: number, total: 1))),
                    JournalEntry(t: 0, step: number, event: .epoch(EpochSummary(epoch: number, meanLoss: -.infinity))),
                    JournalEntry(
                        t: 0, step: number, event: .checkpoint(CheckpointWritten(file: String(repeating: "x", count: 500), bytes: number))),
                ]))
            for screen in ["1", "2", "3", "4"] {
                _ = state.press(screen)
                #expect(!state.shown.contains("\u{1B}"))
            }
        }
    }

    /// Random bytes in a journal end in one clear sentence on the screen, and the interface goes on.
    @Test func garbageInTheJournalIsAFailure() throws {
        var generator = SeededGenerator(4, 4)
        for round in 0..<20 {
            let folder = try World.session(World.journal(steps: 5))
            defer { World.remove(folder) }
            let handle = try FileHandle(forWritingTo: folder.journal)
            try handle.seekToEnd()
            let garbage = Data((0..<200).map { _ in UInt8(generator.below(256)) } + [0x0A])
            try handle.write(contentsOf: round == 0 ? Data("{\"t\":1,\"step\":6,\"kind\":\"hologram\"}\n".utf8) : garbage)
            try handle.close()
            let terminal = RecordingTerminal(
                size: Size(columns: 80, rows: 24), capabilities: World.colour, script: [.waitFor(" ! "), .key(.character("q"))])
            let reason = try EventLoop(World.configuration(World.context(folder)), terminal).run()
            #expect(reason == .quit)
            #expect(!terminal.gaveUp)
        }
    }

    /// View settings from a file are brought into range.
    @Test func absurdViewSettingsAreSurvived() throws {
        var view = ViewSettings()
        view.cellRatioTenths = -5
        view.opacityTenths = 900
        view.cursor = VoxelIndex(x: -4, y: 99_999, z: 0)
        view.atlasCursor = VoxelIndex(x: .max, y: 0, z: 0)
        view.landmark = 99_999
        view.window = DisplayWindow(lower: .min / 2, upper: .max / 2)
        view.screen = .masks
        view.subject = "s01"
        var state = WorkbenchState(size: Size(columns: 80, rows: 24), capabilities: World.colour)
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "x", ownership: .nobody), view))
        _ = state.reduce(.subjectLoaded(try World.loaded()))
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        #expect(state.masks.loaded!.axes.extent.contains(state.view.cursor!))
        #expect(state.view.landmark! < 4)
        #expect(state.shown.contains("axial"))
    }
}
