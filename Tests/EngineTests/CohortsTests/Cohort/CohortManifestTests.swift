import Cohorts
import Foundation
import Foundations
import TestSupport
import Testing

@Suite("Cohort manifest")
struct CohortManifestTests {
    /// Writes `cohort.csv` beside two files, a.nii and b.nii, and reads it.
    private func read(_ text: String) throws -> CohortManifest {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("manifest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["a.nii", "b.nii"] { try Data("x".utf8).write(to: folder.appendingPathComponent(name)) }
        let file = folder.appendingPathComponent("cohort.csv")
        try Data(text.utf8).write(to: file)
        return try CohortManifest(contentsOf: file)
    }

    @Test("rows, relative paths, optional masks, labels")
    func reading() throws {
        let manifest = try read("subject,image,lungs,gold,sex\ns1,a.nii,b.nii,2,F\ns2,./b.nii,,,M\n")
        #expect(manifest.rows.map(\.subject) == ["s1", "s2"])
        #expect(manifest.rows.map(\.image.lastPathComponent) == ["a.nii", "b.nii"])
        #expect(manifest.rows[0].lungs?.lastPathComponent == "b.nii" && manifest.rows[1].lungs == nil)
        #expect(manifest.rows.map(\.labels) == [["gold": 2, "sex": 0], ["sex": 1]])
        #expect(manifest.labelNames == ["gold", "sex"])
    }

    @Test("a scan that is not there is kept: preparation reports it and goes on")
    func missing() throws {
        #expect(try read("subject,image\ns1,a.nii\ns2,gone.nii\n").rows.map(\.subject) == ["s1", "s2"])
    }

    @Test("a folder of scans: files and series folders by name, masks beside them")
    func folder() throws {
        let scratch = try ScratchFolder()
        for name in ["p2.nii", "p1.nii.gz", "p1.lungs.nii.gz", "notes.txt", ".hidden.nii"] {
            try Data("x".utf8).write(to: scratch.file(name))
        }
        try FileManager.default.createDirectory(at: scratch.file("p3"), withIntermediateDirectories: true)
        let manifest = try CohortManifest(contentsOf: scratch.url)
        #expect(manifest.rows.map(\.subject) == ["p1", "p2", "p3"])
        #expect(manifest.rows.map { $0.lungs?.lastPathComponent } == ["p1.lungs.nii.gz", nil, nil])
        try Data("x".utf8).write(to: scratch.file("P2.nii.gz"))
        #expect(throws: Failure.self) { try CohortManifest(contentsOf: scratch.url) }
        let empty = try ScratchFolder()
        let failure = #expect(throws: Failure.self) { try CohortManifest(contentsOf: empty.url) }
        #expect(failure?.description.contains("holds no scans") == true)
    }

    @Test(
        "faults name their line and what is wrong",
        arguments: [
            ("subject,picture\ns1,a.nii\n", "has no column \"image\""),
            ("subject,image\n", "lists no subjects"),
            ("subject,image\ns1,a.nii\nS1,b.nii\n", "line 3: the subject \"S1\" is already on line 2"),
            ("subject,image\n../s1,a.nii\n", "line 2: the subject \"../s1\" cannot name a file"),
            ("subject,image\n,a.nii\n", "line 2: the subject has no name"),
            ("subject,image\ns1,\n", "line 2: subject s1 has no image"),
            ("subject,image,gold\ns1,a.nii,severe\n", "line 2: the label gold is \"severe\""),
        ])
    func faults(_ text: String, _ part: String) {
        let failure = #expect(throws: Failure.self) { try self.read(text) }
        #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
    }
}
