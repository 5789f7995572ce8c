import Cohorts
import Foundation
import Foundations
import Imaging
import Screens
import TerminalKit
import Testing

@Suite("The cohort screen") struct CohortTests {
    /// Subjects of every kind.
    private static let snapshot: CohortSnapshot = {
        func outcome(_ id: String, _ quality: SubjectQuality) -> SubjectOutcome {
            var times = StageTimes()
            (times.reading, times.lungs, times.registration) = (0.5, 2, 1)
            return SubjectOutcome(
                subject: id, quality: quality, acquisition: CTAcquisition(kernel: "B70f", sliceThicknessMillimetres: 1), times: times)
        }
        var ok = SubjectQuality(verdict: .ok, reasons: [])
        (ok.rightMillilitres, ok.leftMillilitres, ok.diceBefore, ok.diceAfter, ok.determinant) = (2500, 2100, 0.41, 0.912, 0.87)
        var warned = ok
        (warned.verdict, warned.reasons) = (.warning, ["the right lung reaches the scan's lowest slice"])
        var refused = SubjectQuality(verdict: .refused, reasons: ["no lungs were found"])
        refused.rightMillilitres = 12
        return CohortSnapshot(subjects: [
            CohortSubject(id: "s01", outcome: outcome("s01", ok)), CohortSubject(id: "s02", outcome: outcome("s02", warned)),
            CohortSubject(id: "s03", outcome: outcome("s03", refused)), CohortSubject(id: "s04", isAtWork: true), CohortSubject(id: "s05"),
        ])
    }()

    /// The synthetic thorax, its lungs, an atlas that lies 6 mm to the left, and a patch in the middle of the right lung.
    private static func volumes(_ grid: Int) throws -> CohortVolumes {
        let (_, affine, extent) = World.grids[grid]
        let subject = World.subject(affine, extent)
        let lungs = try #require(subject.lungs)
        let atlas = try Resampler.nearest(
            lungs, onto: extent, voxelToWorld: affine, through: Affine3(scale: [1, 1, 1], translation: [6, 0, 0]), fill: 0,
            parallel: .allProcessors)
        let worldToVoxel = try #require(affine.inverse)
        return CohortVolumes(ct: subject.ct, lungs: lungs, atlasLungs: atlas, landmarks: [worldToVoxel([20, 0, 0])])
    }

    private func state(_ columns: Int = 80, _ rows: Int = 24, _ capabilities: Capabilities = World.colour, grid: Int = 1) throws
        -> WorkbenchState
    {
        var state = World.state(columns, rows, capabilities)
        #expect(state.press("4") == [.listCohort, .saveView(state.view)])
        #expect(state.reduce(.cohortListed(Self.snapshot)) == [.loadCohortSubject("s01")])
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s01", Self.volumes(grid))))
        return state
    }

    @Test("subjects, quality and reasons are told at every size")
    func told() throws {
        for size in [Size(columns: 80, rows: 24), Size(columns: 200, rows: 60), Size(columns: 40, rows: 12)] {
            var state = try state(size.columns, size.rows)
            #expect(state.shown.contains("s01") && state.shown.contains("ok"), "\(size)")
            #expect(state.press("n") == [.loadCohortSubject("s02")])
            #expect(state.shown.contains("s02") && state.shown.contains("warning"), "\(size)")
        }
        var state = try state(120, 40)
        _ = state.press("n")
        for text in [
            "right 2500 mL, left 2100 mL", "Dice 0.410 → 0.912", "determinant 0.87", "3.5 s", "kernel B70f", "lowest slice", "is sharp",
        ] {
            #expect(state.shown.contains(text), "\(text)")
        }
        for text in ["5 subjects", "1 ok", "1 with warnings", "1 refused", "2 not prepared"] {
            #expect(state.shown.contains(text), "\(text)")
        }
    }

    @Test("accept, exclude with a note, take back, re-run: each asks for what it says")
    func review() throws {
        var state = try state()
        let accepted = CohortReview.Entry(decision: .accepted)
        #expect(state.press("y").contains(.review("s01", accepted)))
        #expect(state.cohort.snapshot.subjects[0].review == accepted)
        #expect(state.press("X").isEmpty && state.shown.contains("Exclude s01"))
        let effects = state.press("t", "o", "o", "x", "Backspace", "Enter")
        #expect(effects.contains(.review("s01", CohortReview.Entry(decision: .excluded, note: "too"))))
        #expect(state.shown.contains("excluded: too") && state.shown.contains("1 excluded"))
        #expect(state.press("t").contains(.review("s01", nil)))
        #expect(state.press("X", "a", "Esc").isEmpty && state.cohort.snapshot.subjects[0].review == nil)
        #expect(state.press("R").contains(.prepareAgain(["s01"])))
        #expect(state.press("P").contains(.prepareAgain([])))
        // What was refused is accepted with a reason only.
        _ = state.press("n", "n")
        #expect(state.cohort.loading == "s03")
        #expect(state.press("y").isEmpty && state.shown.contains("Accept s03 although it is refused"))
        #expect(state.press("Enter").isEmpty && state.shown.contains("accepted with a reason only"))
        #expect(state.press("o", "k", "Enter").contains(.review("s03", CohortReview.Entry(decision: .accepted, note: "ok"))))
    }

    @Test("what cannot be prepared even if it is accepted is not offered for acceptance")
    func beyondAcceptance() throws {
        var state = try state()
        var snapshot = Self.snapshot
        snapshot.subjects[2].outcome?.quality.acceptanceFault = "it stretches lengths by 0.35"
        _ = state.reduce(.cohortListed(snapshot))
        _ = state.press("n", "n")
        #expect(state.press("y").isEmpty && state.overlay == nil)
        #expect(state.shown.contains("s03 cannot be accepted: it stretches lengths by 0.35"))
    }

    @Test("a running preparation shows live, and a subject that was made again is read again")
    func live() throws {
        var state = try state()
        var snapshot = Self.snapshot
        snapshot.isRunning = true
        snapshot.patches = (3, 40)
        #expect(state.reduce(.cohortListed(snapshot)).isEmpty)
        #expect(state.shown.contains("preparing 3/5, patches 3/40"))
        snapshot.subjects[0].outcome?.quality.diceAfter = 0.95
        #expect(state.reduce(.cohortListed(snapshot)) == [.loadCohortSubject("s01")])
        // It is looked at once a second while it is on the screen, and not otherwise.
        #expect(state.reduce(.tick(state.now + 1.5)) == [.listCohort])
        #expect(state.reduce(.tick(state.now + 0.1)).isEmpty)
        _ = state.press("1")
        #expect(state.reduce(.tick(state.now + 5)).isEmpty)
        snapshot.fault = "the disk is full"
        _ = state.press("4")
        _ = state.reduce(.cohortListed(snapshot))
        #expect(state.shown.contains("the disk is full"))
        _ = state.reduce(.cohortSubjectFailed(id: "s01", "s01: the file is cut off"))
        #expect(state.shown.contains("the file is cut off"))
    }

    @Test("outlines lie where labels change, in every axis order; patches at their centres", arguments: World.grids.indices)
    func outlines(grid: Int) throws {
        let loaded = try LoadedCohortSubject(id: "s01", Self.volumes(grid))
        let axes = loaded.axes
        let worldToVoxel = try #require(loaded.volumes.ct.voxelToWorld.inverse)
        let cursor = VoxelIndex(nearestTo: worldToVoxel([20, 0, 0]))
        for plane in SlicePlane.allCases {
            let projection = SliceProjection(
                axes: axes, plane: plane, columns: 90, cellRows: 40, cellRatio: 2, radiological: true)
            func picture(lungs: Bool, atlas: Bool, landmarks: Bool) -> PixelImage {
                CohortSlicePicture(
                    ct: CTSlicePicture(
                        subject: loaded.subject, cursor: cursor, window: .lung, inverted: false, shows: [], opacity: 0.5, crosshair: false),
                    volumes: loaded.volumes, showsLungs: lungs, showsAtlas: atlas, showsLandmarks: landmarks
                ).image(projection)
            }
            func label(_ labels: Volume<UInt8>?, _ x: Int, _ y: Int) -> UInt8 {
                guard x >= 0, y >= 0, let at = projection.position(x: x, y: y), let labels else { return 0 }
                return labels[axes.moving(axes.moving(cursor, plane.horizontal, to: at.horizontal), plane.vertical, to: at.vertical)]
            }
            let lungs = picture(lungs: true, atlas: false, landmarks: false)
            let atlas = picture(lungs: false, atlas: true, landmarks: false)
            var marked = 0
            for y in 0..<projection.rows {
                for x in 0..<projection.columns {
                    func isEdge(_ labels: Volume<UInt8>?) -> Bool {
                        let own = label(labels, x, y)
                        return own != label(labels, x - 1, y) || own != label(labels, x, y - 1)
                    }
                    #expect((lungs[x, y] == CohortSlicePicture.lungs) == isEdge(loaded.volumes.lungs))
                    #expect((atlas[x, y] == CohortSlicePicture.atlas) == isEdge(loaded.volumes.atlasLungs))
                    marked += lungs[x, y] == CohortSlicePicture.lungs ? 1 : 0
                }
            }
            #expect(marked > 20)
            // The patch's centre is under the cross-hair.
            let patches = picture(lungs: false, atlas: false, landmarks: true)
            let centre = projection.pixel(
                horizontal: Double(axes.position(cursor, plane.horizontal)), vertical: Double(axes.position(cursor, plane.vertical)))
            let near = (-1...1).flatMap { dx in (-1...1).map { patches[centre.x + dx, centre.y + $0] } }
            #expect(near.contains(CohortSlicePicture.landmark))
        }
    }

    @Test("a long reason is read in full", arguments: [(80, 24), (120, 40)])
    func longReasons(columns: Int, rows: Int) throws {
        let reason = (1...60).map { "cause\($0)" }.joined(separator: " ")
        var snapshot = Self.snapshot
        snapshot.subjects[0].outcome?.quality.verdict = .refused
        snapshot.subjects[0].outcome?.quality.reasons = [reason]
        var state = try state(columns, rows)
        _ = state.reduce(.cohortListed(snapshot))
        #expect(state.shown.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(reason))
    }

    @Test("why the cohort cannot be listed stays on the screen")
    func unlisted() {
        var state = World.state()
        _ = state.press("4")
        _ = state.reduce(.cohortListed(CohortSnapshot(subjects: [], fault: "prepared.json is damaged")))
        _ = state.press("x", "x")
        #expect(state.shown.contains("prepared.json is damaged") && !state.shown.contains("Nothing is prepared here yet"))
    }

    @Test("keys and mouse choose subjects and move through slices; the masks' place is left alone")
    func moving() throws {
        var state = try state(120, 40)
        let masks = state.view.cursor
        let before = try #require(state.view.cohortCursor)
        _ = state.press("Up", "l", "c", "o")
        #expect(state.view.cohortCursor != before && state.view.cursor == masks && state.view.plane == .coronal)
        #expect(state.press("]") == [.loadCohortSubject("s02")])
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s02", Self.volumes(0))))
        // The list's third line below its heading.
        #expect(state.reduce(.mouse(Mouse(.press, column: 4, row: 5))).contains(.loadCohortSubject("s03")))
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s03", Self.volumes(0))))
        for (key, lungs) in [("g", CohortSlicePicture.lungs), ("e", CohortSlicePicture.atlas), ("p", CohortSlicePicture.landmark)] {
            func pixels() -> Int {
                ScreenFrame.render(state).cells.filter { $0.glyph == "▀" || $0.glyph == " " }
                    .count { $0.style.foreground == lungs || $0.style.background == lungs }
            }
            let subject = try #require(state.cohort.loaded)
            // The patch is seen about its centre only.
            let patch = VoxelIndex(nearestTo: subject.volumes.landmarks[0])
            state.view.cohortCursor = key == "p" ? patch : subject.subject.firstCursor
            let shown = pixels()
            _ = state.press(key)
            #expect(shown > 0 && pixels() < shown, "\(key)")
        }
    }

    @Test("goldens", arguments: [("cohort-80x24", 80, 24, true), ("cohort-40x12-ascii", 40, 12, false)])
    func goldens(name: String, columns: Int, rows: Int, unicode: Bool) throws {
        let capabilities = unicode ? World.colour : Capabilities(colours: .mono, unicode: false)
        try Golden.compare(try state(columns, rows, capabilities).shown, name)
    }
}
