import Cohorts
import Foundation
import Foundations
import Imaging
import Interface
import Masks
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite("The masks screen")
struct MasksScreenTests {
    private static func entries(_ conditions: [MaskCondition?]) -> [SubjectEntry] {
        conditions.enumerated().map {
            SubjectEntry(id: "phantom-00\($0.offset + 1)", image: URL(fileURLWithPath: "/nowhere"), masks: $0.element)
        }
    }

    private static func volumes(_ change: (inout SubjectVolumes) -> Void = { _ in }) -> SubjectVolumes {
        var volumes = World.subject(World.grids[1].voxelToWorld, World.grids[1].extent)
        change(&volumes)
        return volumes
    }

    private static func withoutMasks(_ volumes: inout SubjectVolumes) {
        (volumes.centrilobular, volumes.paraseptal) = (SubtypeVolumes(), SubtypeVolumes())
    }

    /// Probabilities are 0.76 in the masks and 0.31 elsewhere, and 0.97 in one slice of the centrilobular mask.
    private static func withProbabilities(_ volumes: inout SubjectVolumes) {
        for subtype in EmphysemaSubtype.allCases {
            volumes[subtype].probability = volumes[subtype].mask!.mapVoxels { $0 == 0 ? 0.31 : 0.76 }
        }
        let extent = volumes.ct.extent
        for offset in volumes.centrilobular.mask!.voxels.indices where volumes.centrilobular.mask!.voxels[offset] != 0 {
            if offset / (extent.x * extent.y) == surest { volumes.centrilobular.probability!.voxels[offset] = 0.97 }
        }
    }

    private static let surest = 14

    private func state(_ columns: Int = 80, _ rows: Int = 24, _ volumes: SubjectVolumes = volumes()) throws -> WorkbenchState {
        var state = World.state(columns, rows)
        _ = state.press("3")
        _ = state.reduce(.subjectsListed(Self.entries([.current, nil, .stale])))
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "phantom-001", volumes)))
        return state
    }

    /// All words on the screen, wherever lines break.
    private func words(_ state: WorkbenchState) -> String { state.shown.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    // MARK: which subject

    @Test("it begins with current masks, else with any, else with the first subject; where the user was comes before")
    func beginning() {
        let cases: [([MaskCondition?], String)] = [
            ([nil, .stale, .current], "phantom-003"), ([nil, .stale, nil], "phantom-002"), ([nil, nil, nil], "phantom-001"),
        ]
        for (conditions, wanted) in cases {
            var state = World.state()
            _ = state.press("3")
            #expect(state.reduce(.subjectsListed(Self.entries(conditions))) == [.loadSubject(wanted)])
        }
        var state = World.state()
        _ = state.press("3")
        state.view.subject = "phantom-002"
        #expect(state.reduce(.subjectsListed(Self.entries([.current, nil, nil]))) == [.loadSubject("phantom-002")])
    }

    @Test("the list tells current, partial and stale masks apart, by the volumes of the subject that is shown")
    func list() throws {
        var state = try state(200, 60)
        for line in ["▸✓ phantom-001", " · phantom-002", " ! phantom-003", "masks 2/3"] { #expect(state.shown.contains(line), "\(line)") }
        #expect(state.shown.contains("current") && state.shown.contains("stale"))
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "phantom-001", Self.volumes { $0.paraseptal.staleReason = "older" })))
        #expect(state.shown.contains("▸! phantom-001"))
        _ = state.press("P")
        #expect(state.shown.contains("▸● phantom-001") && state.shown.contains("partial"))
    }

    @Test("subjects are listed again when masks appear, when classifiers change, and when the model moves on")
    func listedAgain() throws {
        var state = try state()
        func effects(_ event: TrainingEvent) -> [Effect] { state.reduce(.journal([JournalEntry(t: 1, step: 1, event: event)])) }
        #expect(effects(.mask(MaskWritten(subject: "phantom-002", subtype: "cle", file: ""))) == [.listSubjects])
        #expect(effects(.classifiers(ClassifiersTrained(subtypes: ["cle"], summary: ""))).contains(.listSubjects))
        #expect(!effects(.classifiers(ClassifiersTrained(subtypes: [], summary: "", refusal: "few"))).contains(.listSubjects))
        #expect(effects(.checkpoint(CheckpointWritten(file: "", bytes: 1))) == [.listSubjects])
        _ = state.reduce(.subjectsListed(Self.entries([nil, nil, nil])))
        #expect(effects(.checkpoint(CheckpointWritten(file: "", bytes: 1))) == [])
    }

    private struct Library: SubjectLibrary {
        let conditions: [String: MaskCondition]

        func subjects() throws -> [SubjectEntry] {
            try World.Library().subjects().map { SubjectEntry(id: $0.id, image: $0.image, masks: conditions[$0.id]) }
        }

        func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool) throws -> SubjectVolumes { try World.Library().load(subject) }
    }

    @Test("a tape knows how masks stood when it was recorded")
    func tape() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        var context = World.context(folder)
        context.library = Library(conditions: ["s02": .current])
        let script: [RecordingTerminal.Step] = [.waitFor("6 of 100"), .key(.character("3")), .waitFor("s02  lung"), .key(.character("q"))]
        let terminal = RecordingTerminal(size: Size(columns: 80, rows: 24), capabilities: World.colour, script: script)
        #expect(try EventLoop(World.configuration(context), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        context.library = Library(conditions: ["s01": .current, "s03": .stale])
        var last: TapePlayer.Frame?
        try TapePlayer(tape: folder.tape, context: context).play { last = $0 }
        #expect(last?.checksum == terminal.frames.last?.checksum(.palette))
    }

    @Test("why there are no subjects stays on the screen")
    func unlisted() {
        let reason = "/data/other was prepared with another atlas than the session test"
        var state = World.state()
        _ = state.press("3")
        _ = state.reduce(.subjectsFailed(reason))
        for key in ["1", "3", "x"] { _ = state.press(key) }
        #expect(words(state).contains(reason))
        _ = state.press("4")
        _ = state.reduce(.cohortListed(CohortSnapshot(subjects: [])))
        #expect(words(state).contains(reason))
        _ = state.reduce(.subjectsListed([]))
        #expect(!words(state).contains("another atlas"))
    }

    // MARK: cross-hair

    @Test(
        "the atlas's voxel under the cross-hair, taken forward through both maps, is the cross-hair's place", arguments: World.grids.indices
    )
    func atlasVoxels(grid: Int) throws {
        let atlasToSubject = Affine3(
            columnX: [0.93, 0.08, -0.03], columnY: [-0.07, 1.12, 0.05], columnZ: [0.02, -0.04, 0.88], translation: [4, -7, 11])
        let flipped = Affine3(scale: [-1, -1, 1], translation: [90, 70, -60])
        let oblique = Affine3(
            columnX: [-0.98, 0.17, 0.05], columnY: [-0.17, -0.98, 0.1], columnZ: [0.07, 0.09, 0.99], translation: [88, 61, -57])
        func forward(_ m: [Double], _ p: [Double]) -> [Double] {
            (0..<3).map { m[4 * $0] * p[0] + m[4 * $0 + 1] * p[1] + m[4 * $0 + 2] * p[2] + m[4 * $0 + 3] }
        }
        var generator = SeededGenerator(3, UInt64(grid))
        for voxelToWorld in [flipped, oblique] {
            var volumes = World.subject(World.grids[grid].voxelToWorld, World.grids[grid].extent)
            volumes.registration = AtlasRegistration(atlasToSubject: atlasToSubject, voxelToWorld: voxelToWorld)
            let loaded = try LoadedSubject(id: "s01", volumes)
            let extent = volumes.ct.extent
            for _ in 0..<100 {
                let v = VoxelIndex(x: generator.below(extent.x), y: generator.below(extent.y), z: generator.below(extent.z))
                let found = try #require(CrosshairSample(loaded, v).atlas)
                let back = forward(atlasToSubject.rowMajor, forward(voxelToWorld.rowMajor, [found.x, found.y, found.z]))
                let place = forward(World.grids[grid].voxelToWorld.rowMajor, [Double(v.x), Double(v.y), Double(v.z)])
                // A few roundings of numbers below 300, through two inverses.
                for axis in 0..<3 { #expect(abs(back[axis] - place[axis]) < 1e-9) }
            }
        }
        let singular = Affine3(columnX: [1, 0, 0], columnY: [1, 0, 0], columnZ: [0, 0, 1], translation: .zero)
        #expect(AtlasRegistration(atlasToSubject: singular, voxelToWorld: flipped) == nil)
    }

    @Test("the atlas's voxel is told at every size, with a decimal", arguments: [(80, 24), (120, 40), (200, 60), (40, 12)])
    func atlasLine(columns: Int, rows: Int) throws {
        let registration = AtlasRegistration(
            atlasToSubject: .identity, voxelToWorld: Affine3(scale: [1, 1, 1], translation: [-60, -50, -40]))
        let state = try state(columns, rows, Self.volumes { $0.registration = registration })
        let at = try #require(state.masks.loaded).volumes.ct.voxelToWorld(#require(state.view.cursor).point) + [60, 50, 40]
        #expect(words(state).contains(String(format: "atlas %.1f %.1f %.1f", at.x, at.y, at.z)))
    }

    // MARK: thresholds

    @Test("read-out and jumps to disease follow the threshold that is shown")
    func thresholds() throws {
        var state = try state(120, 40, Self.volumes(Self.withProbabilities))
        let loaded = try #require(state.masks.loaded)
        let marked = VoxelIndex(x: 14, y: 15, z: 11)
        state.view.cursor = marked
        #expect(CrosshairSample(loaded, marked).kinds == ["CLE"])
        #expect(CrosshairSample(loaded, marked, threshold: MaskThreshold(step: 16)).kinds == [])
        #expect(CrosshairSample(loaded, VoxelIndex(x: 14, y: 15, z: 8), threshold: MaskThreshold(step: 6)).kinds == ["CLE", "paraseptal"])
        #expect(words(state).contains("mask CLE"))
        for _ in 0..<9 { _ = state.press("t") }
        #expect(state.view.threshold.probability == 0.95 && words(state).contains("marks –"))
        _ = state.press("n")
        #expect(state.view.cursor?.z == Self.surest)
        _ = state.press("N")
        #expect(state.view.cursor?.z == Self.surest && state.shown.contains("no further slice with emphysema this way"))
        _ = state.reduce(
            .subjectLoaded(
                try LoadedSubject(
                    id: "phantom-001",
                    Self.volumes {
                        Self.withProbabilities(&$0); $0.centrilobular = SubtypeVolumes()
                    })))
        _ = state.press("n")
        #expect(state.shown.contains("nothing in phantom-001 reaches p ≥ 0.95"))
    }

    @Test("a subject without probabilities has its masks at any threshold")
    func masksAlone() throws {
        let loaded = try LoadedSubject(id: "s", Self.volumes { $0.centrilobular.probability = nil })
        for slice in 0..<loaded.axes.count(.superior) {
            #expect(
                loaded.isDiseased(.superior, slice: slice, MaskThreshold(step: 19)) == loaded.isDiseased(.superior, slice: slice, .mask))
        }
    }

    // MARK: what must be read

    @Test("probabilities hide neither model and stride nor the threshold", arguments: [(80, 24), (120, 40), (200, 60)])
    func probabilities(columns: Int, rows: Int) throws {
        var state = try state(columns, rows, Self.volumes(Self.withProbabilities))
        _ = state.press("v", "t")
        for text in ["step-00000040, stride 4 mm", "probability of CLE", "p ≥ 0.55 (mask 0.50)"] {
            #expect(state.shown.contains(text), "\(text)")
        }
        _ = state.press("v")
        #expect(state.shown.contains("probability of paraseptal"))
    }

    @Test("every caution is read in full, with masks and without", arguments: [(80, 24), (120, 40), (200, 60)])
    func cautions(columns: Int, rows: Int) throws {
        let acquisition = CTAcquisition(kernel: "B70f", sliceThicknessMillimetres: 5, contrastAgent: "OMNIPAQUE 350")
        for hasMasks in [true, false] {
            let volumes = Self.volumes {
                $0.acquisition = acquisition
                if !hasMasks { Self.withoutMasks(&$0) }
            }
            let shown = words(try state(columns, rows, volumes))
            #expect(acquisition.densitometryCautions.count == 3)
            for caution in acquisition.densitometryCautions { #expect(shown.contains(caution), "\(caution)") }
            #expect(shown.contains("research use only"))
        }
    }

    @Test("at 80×24 names, probabilities, boxes and what goes on are not cut")
    func narrow() throws {
        var state = try state(80, 24, Self.volumes(Self.withProbabilities))
        for text in ["phantom-001", "phantom-003", "C CLE", "S PS", "G healthy"] { #expect(state.shown.contains(text), "\(text)") }
        state.view.cursor = VoxelIndex(x: 14, y: 15, z: 11)
        #expect(state.shown.contains("CLE 0.76 PS 0.31"))
        _ = state.press("t")
        #expect(state.shown.contains("step-00000040, stride 4 mm") && state.shown.contains("p ≥ 0.55 (mask 0.50)"))
        _ = state.press("P")
        #expect(state.shown.contains("reading phantom-001 to predict …"))
        _ = state.press("]")
        #expect(state.shown.contains("reading phantom-002 …") && state.shown.contains("reading phantom-001 to predict …"))
    }

    @Test("the patient's sides are named on every side of every pane", arguments: [(80, 24), (120, 40), (200, 60), (40, 12)])
    func sides(columns: Int, rows: Int) throws {
        let state = try state(columns, rows)
        let frame = ScreenFrame.render(state)
        for pane in MasksLayout(Chrome.content(state.size), state).panes {
            let letters = pane.projection(try #require(state.sliceLook)).edgeLetters
            let area = pane.picture
            func row(_ row: Int) -> String {
                String(String.UnicodeScalarView((area.column..<area.endColumn).map { frame[row, $0].glyph }))
            }
            #expect(area.rows >= 4)
            #expect(row(area.row).contains(letters.top) && row(area.endRow - 1).contains(letters.bottom), "\(pane.plane)")
            #expect(row(area.row + area.rows / 2).hasPrefix(letters.left) && row(area.row + area.rows / 2).hasSuffix(letters.right))
        }
    }

    @Test("what is not radiological is named so for as long as it is", arguments: [(80, 24), (40, 12)])
    func neurological(columns: Int, rows: Int) throws {
        var state = try state(columns, rows)
        _ = state.press("f", "x")
        #expect(state.shown.contains("neurological"))
        _ = state.press("f", "x")
        #expect(!state.shown.contains("neurological"))
    }

    @Test("the cross-hair is apart from every colour of probabilities")
    func contrast() {
        func distance(_ a: Colour, _ b: Colour) -> Int { abs(a.red - b.red) + abs(a.green - b.green) + abs(a.blue - b.blue) }
        for step in 0...100 { #expect(distance(ColourMap.crosshair, ColourMap.viridis(Double(step) / 100)) > 150) }
    }

    // MARK: what is not there

    @Test("whoever asks for a missing mask is told how to get it", arguments: ["n", "N", "v", "g", "e", "p"])
    func missing(key: String) throws {
        var state = try state(80, 24, Self.volumes(Self.withoutMasks))
        let view = state.view
        #expect(state.press(key).isEmpty && state.masks.prediction == nil && state.view == view)
        #expect(state.shown.contains("no mask yet; P predicts it"))
        _ = state.press("P", key)
        #expect(state.shown.contains("the prediction of phantom-001 begins"))
    }

    @Test("while the next subject is being read nothing is said of its disease")
    func reading() throws {
        var state = try state(80, 24, Self.volumes(Self.withoutMasks))
        _ = state.press("]", "n")
        #expect(state.shown.contains("phantom-002 is being read: wait until it is shown"))
    }

    // MARK: pictures

    @Test("an exported picture holds the session's boxes")
    func boxes() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        var export = ScreenExport(World.context(folder), size: Size(columns: 80, rows: 24)) { _ in .nobody }
        let without = try export.png(screen: "masks")
        _ = try SessionBoxes.apply(.place(LesionBox(subject: "s01", label: .cle, centre: [20, 0, 12], image: nil)), to: folder)
        var again = ScreenExport(World.context(folder), size: Size(columns: 80, rows: 24)) { _ in .nobody }
        #expect(try again.png(screen: "masks") != without)
    }
}
