import Cohorts
import Foundation
import Foundations
import Imaging
import Screens
import TerminalKit
import Testing

/// The lungs are corrected on the cohort screen.
@Suite("Correcting lungs on the screen") struct LungCorrectionScreenTests {
    /// The synthetic thorax with some of the left lung that may not be lung.
    private static func volumes(_ grid: Int) throws -> CohortVolumes {
        let (_, affine, extent) = World.grids[grid]
        let subject = World.subject(affine, extent)
        var lungs = try #require(subject.lungs)
        subject.ct.forEachVoxel { voxel, place in
            if lungs.voxels[place] == 2, affine(voxel.point).z < -10 { lungs.voxels[place] = LungCorrection.doubtful }
        }
        return CohortVolumes(ct: subject.ct, lungs: lungs)
    }

    private func state(_ columns: Int = 120, _ rows: Int = 40, grid: Int = 1, _ capabilities: Capabilities = World.colour) throws
        -> WorkbenchState
    {
        var state = World.state(columns, rows, capabilities)
        _ = state.press("4")
        var subjects = [CohortSubject(id: "s01"), CohortSubject(id: "s02")]
        subjects[0].outcome = SubjectOutcome(subject: "s01", quality: SubjectQuality(verdict: .ok, reasons: []))
        _ = state.reduce(.cohortListed(CohortSnapshot(subjects: subjects)))
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s01", Self.volumes(grid))))
        return state
    }

    /// Puts the cross-hair at a point, RAS mm.
    private func go(_ point: Point3, _ state: inout WorkbenchState) throws {
        let ct = try #require(state.cohort.loaded?.volumes.ct)
        let inverse = try #require(ct.voxelToWorld.inverse)
        state.view.cohortCursor = VoxelIndex(nearestTo: inverse(point))
    }

    private static let rightLung: Point3 = [20, 0, 0]
    private static let doubtful: Point3 = [-20, 0, -16]

    @Test("each key asks for what it says, about the voxel under the cross-hair", arguments: World.grids.indices)
    func keys(grid: Int) throws {
        var state = try state(grid: grid)
        try go(Self.doubtful, &state)
        let voxel = try #require(state.view.cohortCursor)
        #expect(state.press("(") == [.correctLungs("s01", .add(.give(voxel, to: .right)))])
        // One after the other.
        #expect(state.press(")").isEmpty && state.message?.text.contains("is being made") == true)
        func done() throws { _ = state.reduce(.lungsCorrected(try LoadedCohortSubject(id: "s01", Self.volumes(grid)))) }
        try done()
        #expect(state.message?.text.contains("given to the right lung; P prepares") == true)
        #expect(state.press(")") == [.correctLungs("s01", .add(.give(voxel, to: .left)))])
        try done()
        #expect(state.press("T") == [.correctLungs("s01", .add(.take(voxel)))])
        try done()
        try go(Self.rightLung, &state)
        let inLung = try #require(state.view.cohortCursor)
        let (affine, axes) = (World.grids[grid].voxelToWorld, try #require(state.cohort.loaded?.axes))
        for (plane, axis) in [("a", 2), ("c", 1), ("s", 0)] {
            for (key, sense) in [("b", -1.0), ("B", 1.0)] {
                _ = state.press(plane)
                let effects = state.press(key)
                guard case .correctLungs("s01", .add(.cut(inLung, let gridAxis, let direction)))? = effects.first else {
                    Issue.record("\(plane) \(key): \(effects)")
                    return
                }
                // Along that axis of the grid, that way, the patient's coordinate goes where the key says.
                #expect(gridAxis == axes.gridAxis[axis])
                #expect(affine[column: gridAxis][axis] * Double(direction.rawValue) * sense > 0)
                try done()
            }
        }
    }

    @Test("what cannot be corrected is said, and nothing is asked for")
    func refusals() throws {
        var state = try state()
        try go([0, 30, 30], &state)
        for key in ["(", ")", "T", "b", "B"] {
            #expect(state.press(key).isEmpty)
            #expect(state.message?.text.contains("on no part of the lung mask") == true && state.message?.isFault == true)
        }
        try go(Self.rightLung, &state)
        #expect(state.press("(").isEmpty && state.message?.text.contains("belongs to the right lung already") == true)
        try go(Self.doubtful, &state)
        #expect(state.press("b").isEmpty && state.message?.text.contains("a cut is made in a lung") == true)
        #expect(state.press("D").isEmpty && state.message?.text.contains("are not corrected") == true)
        // Not while another subject is read, and what was begun before is not shown on it.
        #expect(state.press("(").count == 1)
        _ = state.press("]")
        #expect(state.press("(").isEmpty && state.message?.text.contains("s02 is being read") == true)
        _ = state.reduce(.lungsCorrected(try LoadedCohortSubject(id: "s01", Self.volumes(1))))
        #expect(state.cohort.loaded == nil && state.shown.contains("reading s02 …"))
        // A scan that has changed: the sentence of who corrects.
        var other = try self.state()
        try go(Self.doubtful, &other)
        _ = other.press("(")
        _ = other.reduce(.lungsNotCorrected("the scan of s01 has changed since it was read"))
        #expect(other.shown.contains("has changed since it was read"))
        #expect(other.press("u").isEmpty && other.press("(").count == 1)
    }

    @Test("u takes the last correction back, U makes it again, also one of an earlier visit; D takes all")
    func undo() throws {
        var state = try state()
        try go(Self.doubtful, &state)
        let voxel = try #require(state.view.cohortCursor)
        func done(_ count: Int) throws {
            var volumes = try Self.volumes(1)
            volumes.corrections = count
            _ = state.reduce(.lungsCorrected(try LoadedCohortSubject(id: "s01", volumes)))
        }
        _ = state.press("(")
        try done(1)
        #expect(state.press("u") == [.correctLungs("s01", .removeLast)])
        try done(0)
        #expect(state.press("U") == [.correctLungs("s01", .add(.give(voxel, to: .right)))])
        try done(1)
        #expect(state.press("D") == [.correctLungs("s01", .removeAll)])
        try done(2)
        #expect(state.shown.contains("corrected 2 times: right"))
        // Of an earlier visit: the view's own changes come first.
        #expect(state.press("u") == [.correctLungs("s01", .removeLast)])
        try done(1)
        // Of another subject nothing is changed.
        _ = state.press("(")
        try done(2)
        _ = state.press("]")
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s02", Self.volumes(1))))
        #expect(state.press("u").isEmpty && state.message?.text.contains("lungs of s01") == true)
    }

    @Test("HU, lung, voxel and place under the cross-hair; zoom; what may not be lung has its own sign and name")
    func shown() throws {
        for (columns, rows) in [(120, 40), (80, 24), (40, 12)] {
            var state = try state(columns, rows, grid: 3)
            try go(Self.rightLung, &state)
            let cursor = try #require(state.view.cohortCursor)
            let ct = try #require(state.cohort.loaded?.volumes.ct)
            let at = ct.voxelToWorld(cursor.point)
            let shown = state.shown
            #expect(shown.contains("\(ct[cursor]) HU") && shown.contains("right"), "\(columns)×\(rows)")
            #expect(shown.contains("\(cursor.x) \(cursor.y) \(cursor.z)"), "\(columns)×\(rows)")
            #expect(shown.contains(String(format: columns >= 80 ? "%+.1f" : "%+.0f", at.x)), "\(columns)×\(rows)")
            try go(Self.doubtful, &state)
            #expect(state.shown.contains(columns >= 80 ? "may not be lung" : " ? "), "\(columns)×\(rows)")
            let before = ScreenFrame.render(state)
            _ = state.press("z", "z")
            #expect(state.view.cohortZoom.factor == 2 && state.view.zoom.factor == 1 && ScreenFrame.render(state) != before)
            let zoomed = ScreenFrame.render(state)
            _ = state.press("L")
            #expect(ScreenFrame.render(state) != zoomed)
            _ = state.press("Z", "Z")
            #expect(ScreenFrame.render(state) == before)
        }
        var state = try state()
        try go(Self.doubtful, &state)
        #expect(state.shown.contains("mL may not be lung: ( ) give it"))
        var plain = try self.state(120, 40, Capabilities(colours: .mono, unicode: false))
        try go(Self.doubtful, &plain)
        #expect(plain.shown.contains("???"))
        _ = plain.press("g")
        #expect(!plain.shown.contains("???"))
    }

    @Test("corrections of another scan are left out, said, and can be taken back")
    func otherScan() throws {
        var state = try state()
        var volumes = try Self.volumes(1)
        volumes.correctionFault = "the lungs of s01 were corrected on another scan than it has now"
        _ = state.reduce(.cohortSubjectLoaded(try LoadedCohortSubject(id: "s01", volumes)))
        #expect(state.shown.contains("were corrected on another scan than it has now"))
        try go(Self.doubtful, &state)
        #expect(state.press("(").isEmpty && state.message?.text.contains("D takes them back") == true)
        #expect(state.press("D") == [.correctLungs("s01", .removeAll)])
    }
}
