import Foundation
import Foundations
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite struct ScreenTests {
    private func masks(_ columns: Int = 80, _ rows: Int = 24, _ capabilities: Capabilities = World.colour) throws -> WorkbenchState {
        var state = World.state(columns, rows, capabilities)
        _ = state.press("3")
        #expect(state.reduce(.subjectsListed(try World.Library().subjects())) == [.loadSubject("s01")])
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        return state
    }

    @Test func masksShowWhatMustAlwaysBeSeen() throws {
        for size in [Size(columns: 80, rows: 24), Size(columns: 200, rows: 60), Size(columns: 40, rows: 12)] {
            let shown = try masks(size.columns, size.rows).shown
            for text in ["s01", "step-00000040", "4 mm", "research use only"] {
                #expect(shown.contains(text), "\(size): \(text)")
            }
        }
        let large = try masks().shown
        for text in ["lung -1350…150 HU", "axial", "coronal", "sagittal", "CLE", "paraseptal", "either"] {
            #expect(large.contains(text), "\(text)")
        }
    }

    @Test func staleAndPartialMasksAreMarked() throws {
        var volumes = World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
        volumes.centrilobular.staleReason = "made by step-00000010"
        volumes.paraseptal.isPartial = true
        for size in [Size(columns: 80, rows: 24), Size(columns: 40, rows: 12)] {
            var state = try masks(size.columns, size.rows)
            _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s01", volumes)))
            #expect(state.shown.contains("STALE"))
            #expect(state.shown.contains("PARTIAL"))
        }
    }

    @Test func keysMoveThroughSlicesAndWindows() throws {
        var state = try masks()
        let loaded = state.masks.loaded!
        let start = state.view.cursor!
        func height() -> Int { loaded.axes.position(state.view.cursor!, .superior) }
        let before = height()
        _ = state.press("Up")
        #expect(height() == before + 1)
        _ = state.press("Home")
        #expect(height() == 0)
        _ = state.press("n")
        #expect(loaded.diseasePerSlice[2][height()] > 0)
        #expect(loaded.diseasePerSlice[2][height() - 1] == 0)
        // h moves to the screen's left: the patient's right in radiological display.
        let side = loaded.axes.position(state.view.cursor!, .right)
        _ = state.press("h")
        #expect(loaded.axes.position(state.view.cursor!, .right) == side + 1)
        _ = state.press("f", "h")
        #expect(loaded.axes.position(state.view.cursor!, .right) == side)
        _ = state.press("w")
        #expect(state.view.window == .mediastinum)
        _ = state.press("W", ".")
        #expect(state.view.window == DisplayWindow.lung.shifted(by: 25))
        _ = state.press("r")
        #expect(state.view.window == .lung && state.view.cursor == loaded.firstCursor && start == loaded.firstCursor)
    }

    @Test func readoutAndTableTellTheNumbers() throws {
        var state = try masks()
        let loaded = state.masks.loaded!
        state.view.cursor = VoxelIndex(x: 10, y: 15, z: 8)
        let sample = CrosshairSample(loaded, state.view.cursor!)
        let shown = state.shown
        #expect(shown.contains("HU    \(sample.hounsfield)"))
        #expect(shown.contains("voxel 10 15 8"))
        #expect(shown.contains(String(format: "mm    %+.0f %+.0f %+.0f", sample.position.x, sample.position.y, sample.position.z)))
        let both = loaded.statistics.both
        #expect(shown.contains(String(format: "%.1f%%", 100 * Double(both.eitherVoxels) / Double(both.lungVoxels))))
    }

    @Test func overlaysDifferInHueAndHatch() throws {
        var state = try masks(120, 50)
        func tints() -> Set<Cell> {
            Set(ScreenFrame.render(state).cells.filter { $0.style.foreground.red != $0.style.foreground.blue && $0.glyph == "▀" })
        }
        state.view.crosshair = false
        let both = tints()
        _ = state.press("g")
        #expect(tints().isEmpty)
        #expect(!both.isEmpty)
        // Without colours the hatch is written as letters.
        var mono = try masks(120, 50, Capabilities(colours: .mono, unicode: false))
        mono.view.crosshair = false
        let text = mono.shown
        #expect(text.contains("//") && text.contains("\\\\") && text.contains("XX"))
        #expect(text.unicodeScalars.allSatisfy { $0.isASCII })
        _ = mono.press("g")
        #expect(!mono.shown.contains("XX"))
    }

    /// A question mark would stand for what nobody thought of.
    @Test func everySignHasALetterInItsPlace() {
        for sign in "─━│┊┆├┤╭╮╰╯▀▄█▞▚●○■‖✓✗▸▼▲→·•…–×±°²βραΣ≤≥".unicodeScalars {
            var grid = CellGrid(Size(columns: 1, rows: 1))
            grid[0, 0] = Cell(sign)
            grid.reduceToASCII()
            #expect(grid[0, 0].glyph.isASCII && grid[0, 0].glyph != "?", "\(sign)")
        }
    }

    /// At every width the session's name can be read beside the tabs, and a tab is where the mouse finds it.
    @Test(arguments: [40, 56, 60, 70, 80, 84, 90, 120]) func theSessionsNameHasRoom(columns: Int) {
        var state = World.state(columns, 24, World.colour)
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "lung-second-try", ownership: .thisProcess), ViewSettings()))
        let line = state.shown.split(separator: "\n", omittingEmptySubsequences: false)[0]
        let name = state.session!.name
        #expect(line.contains(name.prefix(9)), "\(line)")
        let tab = line.distance(from: line.startIndex, to: line.range(of: " 2 ")!.lowerBound)
        #expect(Chrome.tab(column: tab + 1, row: 0, state) == .showAtlas)
    }

    @Test func clickMovesTheCrosshairAndChoosesThePlane() throws {
        var state = try masks()
        let pane = MasksLayout(Chrome.content(state.size), state).panes[1]
        let at = Mouse(.press, column: pane.picture.column + pane.picture.columns / 2, row: pane.picture.row + pane.picture.rows / 2)
        _ = state.reduce(.mouse(at))
        #expect(state.view.plane == pane.plane)
        let loaded = state.masks.loaded!
        #expect(abs(loaded.axes.position(state.view.cursor!, .superior) - loaded.axes.count(.superior) / 2) <= 1)
        _ = state.reduce(.mouse(Mouse(.press, column: 14, row: 0)))
        #expect(state.screen == .training)
    }

    @Test func aNewMaskIsReadAgain() throws {
        var state = try masks()
        let entry = JournalEntry(t: 1, step: 0, event: .mask(MaskWritten(subject: "s01", subtype: "cle", file: "masks/s01.cle.nii.gz")))
        #expect(state.reduce(.journal([entry])) == [.listSubjects, .loadSubject("s01")])
        let cursor = state.view.cursor
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        #expect(state.view.cursor == cursor)
        #expect(state.masks.loading == nil)
    }

    @Test func unreadableSubjectSaysWhy() throws {
        var state = try masks()
        #expect(state.press("]", "]") == [.loadSubject("s02"), .loadSubject("s03")])
        _ = state.reduce(.subjectFailed(id: "s03", "s03: the file is cut off"))
        #expect(state.shown.contains("the file is cut off"))
    }

    @Test func atlasColoursLandmarksByLossAndShowsTheirCurves() throws {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 40)))
        #expect(state.press("2") == [.loadAtlas, .saveView(state.view)])
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        _ = state.press("w")
        // The highest last loss is that of the landmark of step 37: number 0.
        #expect(state.view.landmark == 0)
        #expect(state.view.atlasCursor == VoxelIndex(x: 16, y: 16, z: 16))
        let shown = state.shown
        for text in ["Landmark 0", "Loss at landmark 0", "4.63", "4.60", "1: 4.62"] { #expect(shown.contains(text), "\(text)") }
        let yellow = ColourMap.viridis(1)
        #expect(ScreenFrame.render(state).cells.contains { $0.style.foreground == yellow || $0.style.background == yellow })
        _ = state.press("n")
        #expect(state.view.landmark == 1)
    }

    @Test func tabGoesRoundAndDigitsGoStraight() {
        var state = World.state()
        var seen: [ScreenID] = []
        for _ in 0..<5 {
            _ = state.press("Tab")
            seen.append(state.screen)
        }
        #expect(seen == [.atlas, .masks, .cohort, .evaluation, .training])
        _ = state.press("3")
        #expect(state.screen == .masks)
        #expect(state.press("0").contains(.listSessions))
        #expect(state.screen == .sessions)
    }

    @Test func listOfSessionsOpensAndOffersTheDemo() {
        var state = WorkbenchState(size: Size(columns: 80, rows: 24), capabilities: World.colour)
        _ = state.reduce(.sessionsListed([], demoOffered: true))
        #expect(state.shown.contains("There is no session here yet"))
        #expect(state.press("d") == [.startDemo])
        let entries = ["a", "b"].map { SessionSummary(name: $0, condition: .running, step: 5, totalSteps: 10, loss: 1.5) }
        _ = state.reduce(.sessionsListed(entries, demoOffered: true))
        #expect(state.press("Down", "Enter") == [.openSession("b")])
        #expect(state.shown.contains("1.500"))
    }

    @Test func aSmallWindowSaysSo() {
        var state = World.state(30, 8)
        _ = state.reduce(.journal(World.journal(steps: 4)))
        #expect(state.shown.contains("needs 40x12"))
        #expect(state.shown.contains("step 4/100"))
    }

    // MARK: goldens

    private func compare(_ state: WorkbenchState, golden name: String) throws { try Golden.compare(state.shown, name) }

    @Test func trainingAt80x24EqualsItsGolden() throws {
        var state = World.state()
        let steered = JournalEntry(t: 4, step: 40, event: .command(CommandApplied(command: .set(.learningRate, 0.02), controlLine: 0)))
        _ = state.reduce(.journal(World.journal(steps: 40) + [steered] + (41...60).map { World.step($0) }))
        try compare(state, golden: "training-80x24")
    }

    @Test(arguments: [Size(columns: 80, rows: 24), Size(columns: 40, rows: 12)]) func sessionsEqualTheirGoldens(size: Size) throws {
        var state = WorkbenchState(size: size, capabilities: World.colour)
        let entries = [
            SessionSummary(name: "alpha", condition: .running, ownership: .thisProcess, step: 5, totalSteps: 10, loss: 1.5),
            SessionSummary(name: "beta", condition: .finished, step: 10, totalSteps: 10, loss: 1.25, remark: "half the rate"),
            SessionSummary(name: "gamma", condition: .faulty, step: 3, totalSteps: 10, note: "the loss is not finite"),
            SessionSummary(name: "delta", condition: .running, ownership: .otherProcess, step: 7, totalSteps: 10, loss: 2),
        ]
        _ = state.reduce(.sessionsListed(entries, demoOffered: true))
        _ = state.press("Space", "Down")
        try compare(state, golden: "sessions-\(size)")
    }

    @Test func trainingAt40x12EqualsItsGolden() throws {
        var state = World.state(40, 12)
        _ = state.reduce(.journal(World.journal(steps: 60)))
        _ = state.press(",")
        try compare(state, golden: "training-40x12")
    }

    @Test(arguments: [Size(columns: 80, rows: 24), Size(columns: 40, rows: 12)]) func atlasEqualsItsGoldens(size: Size) throws {
        var state = World.state(size.columns, size.rows, Capabilities(colours: .mono, unicode: false))
        _ = state.reduce(.journal(World.journal(steps: 40)))
        _ = state.press("2")
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        _ = state.press("m", "w")
        try compare(state, golden: "atlas-\(size)-ascii")
    }

    @Test func theAtlasShowsEachQuantityAndWhatTheNetworkSaw() throws {
        var state = World.state(160, 50)
        _ = state.reduce(.journal(World.journal(steps: 40)))
        _ = state.press("2")
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        // The engine tells each step's numbers: of landmark 0 the last visit is that of step 37, the one before that of step 33.
        let told: [(LandmarkQuantity, title: String, value: String)] = [
            (.loss, "Loss", "loss       4.630"), (.change, "Change of loss", "change     -0.040"),
            (.accuracy, "Accuracy", "accuracy   0.50"),
            (.bankFill, "Bank filled", "bank       50 %"), (.gradientNorm, "Gradient norm", "gradient   1.5"),
        ]
        state.view.landmark = 0
        for (quantity, title, value) in told {
            #expect(state.view.quantity == quantity)
            for text in ["\(quantity.title) at each landmark", "\(title) at landmark 0", "Highest and lowest \(quantity.title)", value] {
                #expect(state.shown.contains(text), "\(text)")
            }
            let record = try #require(state.training.landmarks[0])
            let last = try #require(quantity.history(record).last)
            let present = try #require(quantity.value(record))
            #expect(abs(Double(last.value) - present) < 1e-6 && last.step == 37)
            _ = state.press("m")
        }
        #expect(state.shown.contains("rank       1 of 4 visited"))
        _ = state.press("w")
        #expect(state.press("v") == [.loadViews(landmark: 0)])
        #expect(state.shown.contains("making the views again"))
        let pictures = ["patch", "query", "key"].map { SeenViews.Picture(name: $0, pixels: Array(repeating: 99, count: 32 * 32)) }
        _ = state.reduce(.viewsLoaded(SeenViews(key: .init(landmark: 0, step: 37), subject: "s01", pictures: pictures)))
        for text in ["Seen by the network", "step 37, s01", "query"] { #expect(state.shown.contains(text), "\(text)") }
        // Another landmark's are made when it is chosen; a new step of the same one changes nothing.
        #expect(state.reduce(.journal([World.step(41)])) == [])
        #expect(state.press("n").contains(.loadViews(landmark: 1)))
    }

    @Test func masksAt40x12InASCIIEqualTheirGolden() throws {
        try compare(try masks(40, 12, Capabilities(colours: .mono, unicode: false)), golden: "masks-40x12-ascii")
    }
}
