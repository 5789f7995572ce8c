import Foundation
import Foundations
import Imaging
import Interface
import Masks
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite("Exporting a subject")
struct SubjectReportTests {
    private static func provenance(_ subtype: String) throws -> MaskProvenance {
        let region = #"{"lung_ml":1,"emphysema_ml":0}"#
        let lung = #"{"whole":\#(region),"upper":\#(region),"middle":\#(region),"lower":\#(region)}"#
        let text = #"""
            {"subject":"s01","subtype":"\#(subtype)","image":"cafe","lungs":"","model":"demo, step 3","modelChecksum":"","classifier":"0123456789abcdef",
            "scheme":"linear","atlas":"","stride":4,"threshold":0.5,"locationBlock":16,"version":"1","volumes":{"total":\#(region),"right":\#(lung),
            "left":\#(lung)}}
            """#
        return try JSONDecoder().decode(MaskProvenance.self, from: Data(text.utf8))
    }

    /// A subject of a grid on the masks screen, with probabilities of centrilobular emphysema.
    private static func state(_ grid: Int = 1, id: String = "s01", change: (inout SubjectVolumes) -> Void = { _ in }) throws
        -> WorkbenchState
    {
        var volumes = World.subject(World.grids[grid].voxelToWorld, World.grids[grid].extent)
        for offset in volumes.lungs!.voxels.indices where volumes.lungs!.voxels[offset] == 0 {
            volumes.centrilobular.probability!.voxels[offset] = 0
        }
        volumes.paraseptal.probability = volumes.paraseptal.mask!.mapVoxels { $0 == 0 ? 0.25 : 0.75 }
        volumes.centrilobular.provenance = try provenance("cle")
        volumes.paraseptal.provenance = try provenance("paraseptal")
        volumes.centrilobular.written = Date(timeIntervalSince1970: 86_400)
        change(&volumes)
        var state = World.state(120, 40)
        _ = state.press("3")
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: id, volumes)))
        return state
    }

    private static func export(_ state: WorkbenchState, to folder: URL) throws -> [URL] {
        try SubjectExport(state, session: SessionFolder(folder.appendingPathComponent("session")), written: Date(timeIntervalSince1970: 0))
            .write(to: folder)
    }

    private static func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("E asks where, and Enter exports there; without a subject nothing is asked")
    func keys() throws {
        var empty = World.state()
        #expect(empty.press("3", "E").contains { if case .exportSubject = $0 { true } else { false } } == false)
        #expect(empty.overlay == nil && empty.shown.contains("no subject to export"))
        var state = try Self.state()
        _ = state.press("E")
        for text in ["Export s01 to a folder", "inside the session's", "Enter exports, Esc leaves"] { #expect(state.shown.contains(text)) }
        var back = state
        #expect(state.press("Enter") == [.exportSubject(folder: "reports")])
        #expect(back.press("C-u", "Enter").isEmpty && back.shown.contains("say where"))
        #expect(back.press("/", "x", "Enter") == [.exportSubject(folder: "/x")])
    }

    @Test("the table counts what the masks hold, overlap once", arguments: World.grids.indices)
    func table(grid: Int) throws {
        let loaded = try #require(try Self.state(grid).masks.loaded)
        let report = SubjectReport(loaded, threshold: .mask, session: "x")
        let (cle, pse) = (loaded.volumes.centrilobular.mask!.voxels, loaded.volumes.paraseptal.mask!.voxels)
        let voxel = loaded.volumes.ct.voxelVolume / 1000
        let csv = try CSVTable(report.csv, name: "csv")
        #expect(csv.rows.count == 9)
        func value(_ row: Int, _ column: String) throws -> Double { try #require(Double(csv.rows[row].fields[csv.column(column)])) }
        for (row, label) in [(0, nil), (1, UInt8(1)), (5, 2)] {
            let inside = loaded.volumes.lungs!.voxels.indices.filter {
                let found = loaded.volumes.lungs!.voxels[$0]
                return label == nil ? found != 0 : found == label
            }
            let counts = [
                "lung_ml": inside.count, "cle_ml": inside.count { cle[$0] != 0 }, "paraseptal_ml": inside.count { pse[$0] != 0 },
                "either_ml": inside.count { cle[$0] != 0 || pse[$0] != 0 }, "overlap_ml": inside.count { cle[$0] != 0 && pse[$0] != 0 },
            ]
            for (column, count) in counts {
                #expect(abs(try value(row, column) - Double(count) * voxel) < 0.006, "\(column) of row \(row)")
            }
            #expect(abs(try value(row, "cle_percent") - 100 * Double(counts["cle_ml"]!) / Double(inside.count)) < 0.001)
        }
        // A lung is the sum of its thirds.
        for (whole, thirds) in [(1, 2...4), (5, 6...8)] {
            for column in ["lung_ml", "cle_ml", "overlap_ml"] {
                #expect(abs(try value(whole, column) - (try thirds.reduce(0) { $0 + (try value($1, column)) })) < 0.02)
            }
        }
        let hounsfield = loaded.volumes.lungs!.voxels.indices.filter { loaded.volumes.lungs!.voxels[$0] != 0 }.map {
            loaded.volumes.ct.voxels[$0]
        }
        #expect(abs(try value(0, "laa950_percent") - 100 * Double(hounsfield.count { $0 < -950 }) / Double(hounsfield.count)) < 0.001)
    }

    @Test("masks are written at the threshold that is shown, in the CT's grid, with what made them; a hidden one is not")
    func masks() throws {
        var state = try Self.state()
        _ = state.press("T", "T", "T", "T", "p")
        #expect(state.view.threshold.step == 6)
        try Self.withFolder { folder in
            let files = try Self.export(state, to: folder)
            let names = Set(files.map(\.lastPathComponent))
            #expect(names == ["s01.html", "s01.csv", "s01.png", "s01.cle.nii.gz", "s01.cle.nii.gz.json"])
            let place = folder.appendingPathComponent("s01.cle.nii.gz")
            let mask = try NiftiFile.readLabels(place)
            let volumes = try #require(state.masks.loaded).volumes
            #expect(mask.sharesGrid(with: volumes.ct))
            #expect(mask.voxels.map { $0 != 0 } == volumes.centrilobular.probability!.voxels.map { $0 >= 0.3 })
            let provenance = try MaskProvenance.read(beside: place)
            #expect(abs(provenance.threshold - 0.3) < 1e-6 && provenance.model == "demo, step 3" && provenance.stale == nil)
            #expect(provenance.volumes.total.emphysema_ml > 0)
            let csv = try String(contentsOf: folder.appendingPathComponent("s01.csv"), encoding: .utf8)
            #expect(csv.contains("p ≥ 0.30") && csv.contains("research use only"))
        }
    }

    @Test("the page holds its picture and everything that made the numbers, and no other file is needed")
    func page() throws {
        try Self.withFolder { folder in
            let state = try Self.state(id: "a<b>&c")
            let files = try Self.export(state, to: folder)
            let page = try String(contentsOf: files[0], encoding: .utf8)
            for text in [
                "a&lt;b&gt;&amp;c", "research use only", "step-00000040", "stride 4 mm", "p ≥ 0.50", "made 1970-01-02",
                "written 1970-01-01", "DrasCLR Workbench \(WorkbenchVersion.text)",
                "49 × 31 × 17 voxels", "right upper third", "classifier linear 0123456789ab", "Perc15",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(!page.contains("a<b>") && !page.contains("http") && !page.contains("STALE"))
            let embedded = try #require(page.components(separatedBy: "base64,").last?.components(separatedBy: "\"").first)
            #expect(Data(base64Encoded: embedded) == (try Data(contentsOf: folder.appendingPathComponent("a<b>&c.png"))))
            // The slices are 4 mm apart.
            #expect(page.contains("densitometry: slices are 4 mm apart"))
        }
    }

    @Test("a stale mask is marked everywhere; a partial one is refused, and so is the folder of the session's own masks")
    func doubtful() throws {
        try Self.withFolder { folder in
            let stale = try Self.state { $0.paraseptal.staleReason = "the classifier was trained again" }
            let page = try String(contentsOf: Self.export(stale, to: folder)[0], encoding: .utf8)
            #expect(page.contains("class=\"alarm\">STALE") && page.contains("STALE mask, paraseptal: the classifier was trained again"))
            #expect(try String(contentsOf: folder.appendingPathComponent("s01.csv"), encoding: .utf8).contains("STALE mask, paraseptal"))
            let provenance = try MaskProvenance.read(beside: folder.appendingPathComponent("s01.paraseptal.nii.gz"))
            #expect(provenance.stale == "the classifier was trained again")
        }
        try Self.withFolder { folder in
            let partial = try Self.state { $0.centrilobular.isPartial = true }
            #expect(throws: Failure.self) { try Self.export(partial, to: folder) }
            let session = SessionFolder(folder.appendingPathComponent("session"))
            let state = try Self.state()
            #expect(throws: Failure.self) { try SubjectExport(state, session: session).write(to: session.masks) }
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    @Test("the live interface writes the report beside its loop and says where")
    func live() throws {
        let folder = try World.session(World.journal(steps: 5))
        defer { World.remove(folder) }
        let script: [RecordingTerminal.Step] = [
            .key(.character("3")), .waitFor("axial"), .key(.character("p")), .key(.character("e")), .key(.character("E")),
            .waitFor("Export s01"), .key(.enter), .waitFor("3 files written"), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 40), capabilities: World.colour, script: script)
        #expect(try EventLoop(World.configuration(World.context(folder)), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        for ending in ["html", "csv", "png"] {
            #expect(FileManager.default.fileExists(atPath: folder.reports.appendingPathComponent("s01.\(ending)").path))
        }
    }
}
