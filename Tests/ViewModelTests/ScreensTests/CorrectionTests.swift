import Cohorts
import Foundation
import Foundations
import Imaging
import Interface
import Masks
import Screens
import SessionFormat
import Synchronization
import TerminalKit
import Testing

/// Predictions that go on, and a reader's boxes.
@Suite struct CorrectionTests {
    private func masks(_ columns: Int = 80, _ rows: Int = 24, _ capabilities: Capabilities = World.colour, _ volumes: SubjectVolumes? = nil)
        throws -> WorkbenchState
    {
        var state = World.state(columns, rows, capabilities, ownership: .nobody)
        #expect(state.ask("3") == [.readBoxes])
        _ = state.reduce(.subjectsListed(try World.Library().subjects()))
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s01", volumes ?? Self.volumes())))
        return state
    }

    private static func volumes(masks: Bool = true) -> SubjectVolumes {
        var volumes = World.subject(World.grids[1].voxelToWorld, World.grids[1].extent)
        volumes.imageChecksum = "the CT of s01"
        if !masks { (volumes.centrilobular, volumes.paraseptal) = (SubtypeVolumes(), SubtypeVolumes()) }
        return volumes
    }

    private func tell(_ state: inout WorkbenchState, _ report: MaskReport) -> [Effect] { state.reduce(.masks(report, session: "")) }

    // MARK: predictions

    @Test func aPredictionBeginsWithTheSliceAndFollowsTheEye() throws {
        var state = try masks()
        let cursor = try #require(state.view.cursor)
        #expect(state.ask("P") == [.predict(subject: "s01", MaskSlice(axis: 2, index: cursor.z))])
        #expect(state.shown.contains("reading s01 to predict"))
        #expect(state.press("P").isEmpty && state.shown.contains("s01 is being predicted; Esc stops it"))
        #expect(state.ask("Up") == [.look(MaskSlice(axis: 2, index: cursor.z + 1))])
        // Another plane; its axis runs against the patient's.
        #expect(state.ask("s") == [.look(MaskSlice(axis: 0, index: cursor.x))])
        #expect(state.ask("Esc") == [.stop])
        _ = tell(&state, .stopped)
        #expect(state.masks.prediction == nil && state.shown.contains("nothing was written"))
        // Leaving the session stops it as well.
        #expect(state.ask("P").count == 1)
        #expect(state.ask("0") == [.stop])
    }

    @Test func whatIsNotPredictedYetIsToldApart() throws {
        var state = try masks()
        let (begin, parts) = Prediction.halves(subject: "s01")
        _ = state.press("P")
        _ = tell(&state, .predictionBegan(begin))
        #expect(state.shown.contains("PARTIAL") && state.shown.contains("0 % of 4 mm, this slice not whole yet"))
        #expect(state.shown.contains("mask  not yet"))
        _ = tell(&state, .part(parts[0]))
        let loaded = try #require(state.masks.loaded)
        let right = VoxelIndex(x: 14, y: 15, z: 8)
        state.view.cursor = right
        let known = CrosshairSample(loaded, right, partial: state.masks.partial)
        #expect(!known.isUnknown && known.kinds == ["CLE"] && known.centrilobularProbability == 0.75)
        let left = CrosshairSample(loaded, VoxelIndex(x: 35, y: 15, z: 8), partial: state.masks.partial)
        #expect(left.isUnknown && left.kinds.isEmpty)
        #expect(state.shown.contains("this slice not whole yet") && state.shown.contains("not predicted yet"))
        // Volumes of a part would be taken for those of the whole.
        #expect(try masksTable(of: state).contains("partial"))
        _ = state.press("n")
        #expect(state.shown.contains("the prediction is not complete"))
        _ = tell(&state, .part(parts[1]))
        #expect(state.shown.contains("100 % of 4 mm, this slice at 4 mm"))
        _ = tell(&state, .writing)
        #expect(state.shown.contains("at 4 mm, writing"))
        // It stays until the finished masks are read.
        _ = tell(&state, .predicted(subject: "s01"))
        #expect(state.shown.contains("PARTIAL"))
        let written = JournalEntry(t: 1, step: 1, event: .mask(MaskWritten(subject: "s01", subtype: "cle", file: "")))
        #expect(state.reduce(.journal([written])) == [.listSubjects, .loadSubject("s01")])
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s01", Self.volumes())))
        #expect(!state.shown.contains("PARTIAL") && state.masks.prediction == nil)
    }

    private func masksTable(of state: WorkbenchState) throws -> String {
        var wide = state
        _ = wide.reduce(.resize(Size(columns: 160, rows: 50)))
        return wide.shown
    }

    @Test func anotherSubjectsPredictionIsNotShownOnThisOne() throws {
        var state = try masks()
        let (begin, parts) = Prediction.halves(subject: "s01")
        _ = state.press("P")
        _ = tell(&state, .predictionBegan(begin))
        _ = state.press("]")
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s02", Self.volumes())))
        _ = tell(&state, .part(parts[0]))
        let percent = Int(100 * (state.masks.prediction?.partial?.fraction ?? 0))
        #expect((40...60).contains(percent))
        #expect(!state.shown.contains("PARTIAL") && state.shown.contains("predicting s01, \(percent) %"))
        #expect(state.ask("Up").isEmpty)
        _ = tell(&state, .predicted(subject: "s01"))
        #expect(state.masks.prediction == nil)
    }

    @Test func aStaleMaskIsPredictedWhenItIsShownAgain() throws {
        var volumes = Self.volumes()
        volumes.centrilobular.staleReason = "the classifier was trained again"
        var state = try masks(80, 24, World.colour, volumes)
        #expect(state.ask("p", "p", "e").isEmpty)
        guard case .predict("s01", _)? = state.ask("e").first else {
            Issue.record("a stale mask was shown and not predicted")
            return
        }
        #expect(state.view.shows.contains(.centrilobular) && state.shown.contains("is stale and is predicted again; Esc stops it"))
    }

    // MARK: boxes

    @Test func boxesArePlacedRemovedAndTakenBack() throws {
        var state = try masks()
        let cursor = try #require(state.view.cursor)
        let loaded = try #require(state.masks.loaded)
        guard case .change(.place(let box))? = state.ask("C").first else {
            Issue.record("no box")
            return
        }
        #expect(box.subject == "s01" && box.label == .cle && box.image == "the CT of s01")
        #expect(length(box.centre - loaded.volumes.ct.voxelToWorld(cursor.point)) < 0.01)
        #expect(state.masks.shownBoxes == [box] && state.shown.contains("CLE box placed in s01"))
        #expect(state.ask("C").isEmpty && state.shown.contains("there is a CLE box here already"))
        // Five voxels of 2 mm away another one fits, and the nearer of two is removed.
        guard case .change(.place(let other))? = state.ask("h", "h", "h", "h", "h", "S").first else {
            Issue.record("no second box")
            return
        }
        #expect(state.ask("X") == [.change(.remove(other))])
        #expect(state.ask("u") == [.change(.place(other))])
        #expect(state.ask("U") == [.change(.remove(other))])
        #expect(state.masks.shownBoxes == [box])
        // What was written counts, whoever wrote it.
        _ = tell(&state, .boxes([box, other, LesionBox(subject: "s09", label: .healthy, centre: .zero)]))
        #expect(state.masks.shownBoxes == [box, other])
        _ = tell(&state, .boxesFailed("the disk is full"))
        #expect(state.shown.contains("the boxes were not changed: the disk is full"))
    }

    @Test func onePlaceMarkedBothDiseasedAndHealthyIsWarnedOf() throws {
        var state = try masks(120, 40)
        let cursor = try #require(state.view.cursor)
        let at = try #require(state.masks.loaded).volumes.ct.voxelToWorld(cursor.point)
        func box(_ subject: String, _ label: LesionBox.Label, _ x: Double, image: String? = nil) -> LesionBox {
            LesionBox(subject: subject, label: label, centre: at + [x, 0, 0], image: image)
        }
        let words = "is marked both cle and healthy"
        _ = state.press("C")
        #expect(!state.shown.contains(words))
        // One voxel of 2 mm on is the same place; what is said stays until one of both is gone.
        _ = state.press("h", "G")
        #expect(state.shown.contains("boxes: the place") && state.shown.contains(words))
        #expect(try FineTuningPlan(boxes: state.masks.boxes, unused: 0, present: [:]).lines.contains { $0.contains(words) })
        _ = state.press("X")
        #expect(!state.shown.contains(words))
        // Another subject's box, and one of another CT of the same name, contradict nothing here.
        _ = tell(&state, .boxes([box("s01", .cle, 0), box("s02", .healthy, 0), box("s01", .healthy, 1, image: "another CT")]))
        #expect(!state.shown.contains(words))
    }

    @Test func aBoxIsNeverPlacedOnAnotherPatientOrOutsideTheLung() throws {
        var state = try masks()
        state.view.cursor = VoxelIndex(x: 0, y: 0, z: 8)
        #expect(state.press("G").isEmpty && state.shown.contains("is not in the lung"))
        _ = state.press("r")
        // While the next subject is being read the one before is still on the screen.
        _ = state.press("]")
        #expect(state.press("C").isEmpty && state.press("X").isEmpty && state.press("P").isEmpty)
        #expect(state.shown.contains("s02 is being read: wait until it is shown") && state.masks.boxes.isEmpty)
        // A box of another CT of the same name is neither drawn nor removed.
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s02", Self.volumes())))
        let at = state.masks.loaded!.volumes.ct.voxelToWorld(state.view.cursor!.point)
        _ = tell(&state, .boxes([LesionBox(subject: "s02", label: .cle, centre: at, image: "an earlier CT")]))
        #expect(state.masks.shownBoxes.isEmpty)
        #expect(state.press("X").isEmpty && state.shown.contains("no box of s02 holds the cross-hair"))
        var volumes = Self.volumes()
        volumes.lungs = nil
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s02", volumes)))
        #expect(state.press("C").isEmpty && state.shown.contains("has no lung mask"))
    }

    @Test func outlinesShowInAllPlanesAndHide() throws {
        var state = try masks(120, 50)
        let colour = BoxOutlines.healthy
        /// Cells in the box's colour, in each plane's picture.
        func outlined() -> [Int] {
            let frame = ScreenFrame.render(state)
            return MasksLayout(Chrome.content(state.size), state).panes.map { pane in
                (pane.picture.row..<pane.picture.endRow).flatMap { row in
                    (pane.picture.column..<pane.picture.endColumn).map { frame[row, $0] }
                }.count { $0.style.foreground == colour || $0.style.background == colour }
            }
        }
        #expect(outlined() == [0, 0, 0])
        _ = state.press("G")
        #expect(outlined().count == 3 && outlined().allSatisfy { $0 > 10 })
        // More than 16 mm away the axial slice does not cut it.
        _ = state.press("Down", "Down", "Down", "Down", "Down", "Down")
        #expect(outlined()[0] == 0 && outlined()[1...].allSatisfy { $0 > 10 })
        _ = state.press("B")
        #expect(outlined() == [0, 0, 0])
    }

    // MARK: fine-tuning

    @Test func fineTuningAsksTellsAndPredictsAgain() throws {
        var state = try masks()
        #expect(state.ask("F") == [.planFineTuning])
        let plan = try FineTuningPlan(
            boxes: [.cle, .healthy].map { LesionBox(subject: "s01", label: $0, centre: .zero) }, unused: 0, present: [:])
        _ = tell(&state, .planned(plan))
        #expect(state.shown.contains("Fine-tune with these boxes?") && state.shown.contains("CLE: 1 box against 1 healthy."))
        #expect(state.press("x").isEmpty && state.overlay == nil)
        _ = tell(&state, .planned(plan))
        #expect(state.ask("y") == [.fineTune])
        _ = tell(&state, .fineTuning(StageProgress(stage: "fine-tune", done: 1, total: 2)))
        #expect(state.shown.contains("fine-tuning, box 1 of 2"))
        #expect(state.press("P").isEmpty)
        let trained = JournalEntry(t: 1, step: 1, event: .classifiers(ClassifiersTrained(subtypes: ["cle"], summary: "CLE: 1 box")))
        #expect(state.reduce(.journal([trained])) == [.listSubjects, .loadSubject("s01")])
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "s01", Self.volumes())))
        guard case .masks(.predict("s01", _))? = tell(&state, .fineTuned("fine-tuned CLE: 1 box against 1")).first else {
            Issue.record("not predicted again")
            return
        }
        #expect(state.shown.contains("fine-tuned CLE: 1 box against 1"))
        _ = tell(&state, .failed("the CT cannot be read"))
        #expect(state.masks.fineTuning == nil && state.masks.prediction == nil)
        let refused = JournalEntry(
            t: 2, step: 1, event: .classifiers(ClassifiersTrained(subtypes: [], summary: "", refusal: "too few boxes")))
        _ = state.reduce(.journal([refused]))
        #expect(state.training.logEntries.last?.text == "fine-tuning failed: too few boxes")
    }

    // MARK: goldens

    @Test func masksAt80x24EqualTheirGolden() throws { try Golden.compare(try masks().shown, "masks-80x24") }

    @Test func boxesEqualTheirGolden() throws {
        var state = try masks(80, 24, Capabilities(colours: .mono, unicode: false))
        _ = state.press("g", "C", "j", "j", "j", "j", "j", "j", "G", "r", "g")
        try Golden.compare(state.shown, "masks-boxes-80x24-ascii")
    }

    @Test(arguments: [Size(columns: 80, rows: 24), Size(columns: 40, rows: 12)]) func aPartialMaskEqualsItsGolden(size: Size) throws {
        var state = try masks(size.columns, size.rows, Capabilities(colours: .mono, unicode: false))
        let (begin, parts) = Prediction.halves(subject: "s01")
        _ = state.press("P")
        _ = tell(&state, .predictionBegan(begin))
        _ = tell(&state, .part(parts[0]))
        try Golden.compare(state.shown, "masks-partial-\(size)-ascii")
    }

    // MARK: tapes

    /// Predicts in halves, and keeps boxes in the session's file.
    private final class Work: MaskWork {
        let folder: SessionFolder
        let hasFinished = Mutex(false)

        init(_ folder: SessionFolder) { self.folder = folder }

        func perform(_ request: MaskRequest, report: @escaping @Sendable (MaskReport) -> Void) {
            switch request {
            case .predict(let subject, _):
                let (begin, parts) = Prediction.halves(subject: subject)
                report(.predictionBegan(begin))
                report(.part(parts[0]))
            case .change(let change):
                do { report(.boxes(try SessionBoxes.apply(change, to: folder))) } catch { report(.boxesFailed("\(error)")) }
            case .readBoxes: report(.boxes((try? SessionBoxes.read(folder)) ?? []))
            case .stop: report(.stopped)
            case .look, .planFineTuning, .fineTune: break
            }
        }

        func finish() { hasFinished.withLock { $0 = true } }
    }

    @Test func aTapeReplaysTilesAndBoxes() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        var context = World.context(folder)
        let work = Work(folder)
        context.masks = work
        let script: [RecordingTerminal.Step] = [
            .waitFor("6 of 100"), .key(.character("3")), .waitFor("research"), .key(.character("C")), .waitFor("CLE box placed"),
            .key(.character("P")), .waitFor("PARTIAL"), .key(.up), .key(.character("G")), .waitFor("healthy box placed"),
            .key(.character("X")), .waitFor("box removed"), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 80, rows: 24), capabilities: World.colour, script: script)
        let loop = try EventLoop(World.configuration(context), terminal)
        #expect(try loop.run() == .quit)
        #expect(!terminal.gaveUp)
        loop.finishMaskWork()
        #expect(work.hasFinished.withLock { $0 })
        #expect(try LesionBox.read(folder.boxes).map(\.label) == [.cle])
        // A replay needs neither the boxes as they are now nor the model.
        try FileManager.default.removeItem(at: folder.boxes)
        var frames: [TapePlayer.Frame] = []
        try TapePlayer(tape: folder.tape, context: World.context(folder)).play { frames.append($0) }
        #expect(frames.last?.checksum == terminal.frames.last?.checksum(.palette))
        #expect(frames.contains { $0.text.contains("PARTIAL") && !$0.text.contains(" 0 % of") })
        let seen = Set(frames.map(\.checksum))
        let live = terminal.frames.filter { $0.text.contains("PARTIAL") && $0.text.contains("box") }
        #expect(!live.isEmpty)
        for frame in live { #expect(seen.contains(frame.checksum(.palette))) }
    }

    /// A mask that was made after a tape was recorded is not on its replay.
    @Test func aTapeShowsTheMasksOfItsTime() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let tape = [
            #"{"tape":1,"size":"80x24","colours":256,"unicode":true}"#, #"{"t":1,"journal":0,"key":"3"}"#,
            #"{"t":1,"journal":0,"subjects":true}"#, #"{"t":1,"journal":0,"loaded":"s01","masks":[]}"#,
            #"{"expect":"no mask yet"}"#, #"{"t":2,"journal":0,"loaded":"s01","masks":["cle"]}"#, #"{"expect":"step-00000040"}"#,
        ]
        try Data(tape.joined(separator: "\n").utf8 + [0x0A]).write(to: folder.tape)
        var count = 0
        try TapePlayer(tape: folder.tape, context: World.context(folder)).play { _ in count += 1 }
        #expect(count == 5)
    }
}

extension WorkbenchState {
    /// Presses keys and returns what the background is asked for.
    fileprivate mutating func ask(_ names: String...) -> [MaskRequest] {
        names.flatMap { name in reduce(.key(Key(name: name)!)) }.compactMap { if case .masks(let request) = $0 { request } else { nil } }
    }
}

/// Predictions of `World.subject` on its second grid.
enum Prediction {
    /// What is predicted of the patient's right lung, and then of the left: centrilobular 0.75 and 0.25, paraseptal the other way round.
    static func halves(subject: String) -> (begin: PartialPrediction, parts: [PartialPrediction.Part]) {
        let (map, extent) = (World.grids[1].voxelToWorld, World.grids[1].extent)
        let scale = Point3(2, 2.5, 4)
        let size = Extent3(x: (extent.x - 1) * 2 + 1, y: Int(Double(extent.y - 1) * 2.5) + 1, z: (extent.z - 1) * 4 + 1)
        let labels = World.subject(map, extent).lungs!
        var lungs = Volume<UInt8>(extent: size, voxelToWorld: .identity, repeating: 0)
        for z in 0..<size.z {
            for y in 0..<size.y {
                for x in 0..<size.x {
                    let voxel = VoxelIndex(nearestTo: VoxelIndex(x: x, y: y, z: z).point / scale)
                    lungs[VoxelIndex(x: x, y: y, z: z)] = labels.extent.contains(voxel) ? labels[voxel] : 0
                }
            }
        }
        let lattice = DenseLattice(size: size, stride: 4)
        let needed = lattice.needed(by: lungs)
        let begin = PartialPrediction(
            subject: subject, subtypes: [.centrilobular, .paraseptal], model: "step-00000041", lattice: lattice, needed: needed,
            toMillimetres: Affine3(scale: scale))
        // x falls to the patient's left on this grid.
        let right = needed.filter { lattice.voxel($0).x < size.x / 2 }
        let left = needed.filter { lattice.voxel($0).x >= size.x / 2 }
        func part(_ points: [Int], _ cle: Float) -> PartialPrediction.Part {
            PartialPrediction.Part(points: points, values: [points.map { _ in cle }, points.map { _ in 1 - cle }])
        }
        return (begin, [part(right, 0.75), part(left, 0.25)])
    }
}
