import Cohorts
import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Labels of a cohort")
struct CohortLabelTests {
    private func manifest(_ text: String) throws -> CohortManifest {
        let scratch = try ScratchFolder()
        try Data(text.utf8).write(to: scratch.file("cohort.csv"))
        return try CohortManifest(contentsOf: scratch.file("cohort.csv"))
    }

    private func labels(_ column: String, _ texts: [String]) throws -> [Double?] {
        let rows = texts.enumerated().map { "s\($0),a.nii.gz,\(CSVTable.field($1))\n" }.joined()
        return try manifest("subject,image,\(column)\n\(rows)").rows.map { $0.labels[column] }
    }

    @Test("sex is one of the listed words, whole and in any case, or 1 or 0")
    func sex() throws {
        #expect(try labels("sex", ["M", "male", "MAN", "1", "f", "Female", "woman", "0", "", "NA"]) == [1, 1, 1, 1, 0, 0, 0, 0, nil, nil])
        for word in ["missing", "masked", "maybe", "fluid", "unknown", "mf", "2", "0.5", "\u{1B}[2J"] {
            let failure = #expect(throws: Failure.self, "\(word)") { try labels("sex", ["m", word]) }
            let text = failure?.description ?? ""
            #expect(text.contains("line 3: the label sex is") && text.unicodeScalars.allSatisfy { $0.value >= 32 }, "\(text)")
        }
    }

    @Test(
        "a label that cannot be is refused with its row; the ends of its range are taken",
        arguments: [
            ("gold", ["-1", "4"], ["9", "-2", "1.5"]), ("cle", ["0", "5"], ["6", "-1"]), ("paraseptal", ["0", "2"], ["3"]),
            ("ae_history", ["0", "1"], ["3", "-9", "0.5"]), ("severity", ["0", "4"], ["5"]), ("event", ["0", "1"], ["2"]),
            ("time", ["0", "36500"], ["-1", "1e9"]), ("age", ["0", "104"], ["-3", "999"]), ("bmi", ["14", "61.5"], ["0", "999"]),
            ("fev1pp", ["14", "149.5"], ["0", "-9", "999"]), ("fev1_fvc", ["0.2", "0.95"], ["0", "999"]),
            ("packyears", ["0", "120"], ["-1"]),
        ])
    func ranges(column: String, good: [String], bad: [String]) throws {
        #expect(try labels(column, good) == good.map { Double($0) })
        for text in bad {
            let failure = #expect(throws: Failure.self, "\(column) \(text)") { try labels(column, [good[0], text]) }
            let words = failure?.description ?? ""
            #expect(words.contains("line 3: the label \(column) is \"\(text)\"; expected"), "\(words)")
        }
        // A column that nobody knows takes any number.
        #expect(try labels("dlco", ["-9", "1e9"]) == [-9, 1e9])
    }

    @Test("ratios and percent in one column are refused; either alone is taken")
    func units() throws {
        #expect(try labels("fev1_fvc", ["0.7", "0.45"]) == [0.7, 0.45])
        #expect(try labels("fev1_fvc", ["70", "45"]) == [70, 45])
        let failure = #expect(throws: Failure.self) { try labels("fev1pp", ["80", "0.75"]) }
        #expect(failure?.description.contains("line 3: the label fev1pp is 0.75, but 80 at") == true, "\(failure?.description ?? "")")
    }

    @Test("decimal commas are read where semicolons separate, and named where commas do")
    func commas() throws {
        let rows = try manifest("subject;image;fev1pp;sex\na;a.nii.gz;72,5;F\n").rows
        #expect(rows[0].labels == ["fev1pp": 72.5, "sex": 0])
        let failure = #expect(throws: Failure.self) { try labels("fev1pp", ["72,5"]) }
        #expect(failure?.description.contains("a comma within the number; write a point") == true, "\(failure?.description ?? "")")
    }

    @Test("one scan under two subjects is warned of, by whatever name, link or path it comes")
    func sharedScan() throws {
        let scratch = try ScratchFolder()
        for name in ["a.nii.gz", "b.nii.gz"] { try Data(name.utf8).write(to: scratch.file(name)) }
        try FileManager.default.createSymbolicLink(at: scratch.file("link.nii.gz"), withDestinationURL: scratch.file("a.nii.gz"))
        try FileManager.default.linkItem(at: scratch.file("b.nii.gz"), to: scratch.file("hard.nii.gz"))
        try Data("subject,image\np,a.nii.gz\nq,b.nii.gz\nr,link.nii.gz\ns,hard.nii.gz\nt,gone.nii.gz\nu,gone2.nii.gz\n".utf8)
            .write(to: scratch.file("cohort.csv"))
        let warnings = try CohortManifest(contentsOf: scratch.file("cohort.csv")).warnings
        #expect(warnings.count == 2 && warnings[0].contains("p and r have the same scan") && warnings[1].contains("q and s"), "\(warnings)")
    }

    @Test("one scan under two subjects stands with both, in the table and on the screen, until one is excluded")
    func sharedScanIsTold() throws {
        let trial = try SmallThoraxTrial()
        try FileManager.default.removeItem(at: trial.scan(2))
        try FileManager.default.copyItem(at: trial.scan(1), to: trial.scan(2))
        try FileManager.default.removeItem(at: trial.folder.appendingPathComponent("2.lungs.nii.gz"))
        try FileManager.default.copyItem(
            at: trial.folder.appendingPathComponent("1.lungs.nii.gz"), to: trial.folder.appendingPathComponent("2.lungs.nii.gz"))
        let browser = CohortBrowser(trial.prepared, parallel: .allProcessors)
        for _ in 0..<2 {
            // The second time nothing is computed again.
            #expect(try trial.prepare().warnings.count == 1)
            for (subject, other) in [("thorax-1", "thorax-2"), ("thorax-2", "thorax-1")] {
                let row = try trial.quality(subject)
                #expect(row["reasons"]?.contains("the same scan as \(other): one patient would count twice") == true, "\(row)")
                #expect(row["verdict"] == "warning")
                let shown = try #require(try browser.snapshot().subjects.first { $0.id == subject }?.outcome?.quality)
                #expect(shown.verdict == .warning && shown.reasons.last?.contains("the same scan as \(other)") == true, "\(shown)")
            }
        }
        try browser.review("thorax-2", CohortReview.Entry(decision: .excluded))
        _ = try trial.prepare()
        #expect(try trial.quality("thorax-1")["reasons"]?.contains("same scan") == false)
        #expect(try browser.snapshot().subjects.allSatisfy { $0.outcome?.quality.reasons.contains { $0.contains("same scan") } == false })
    }

    @Test("lungs of a prepared subject are refused where they are not of its CT, hold other labels, or nothing")
    func readLungs() throws {
        let trial = try SmallThoraxTrial()
        _ = try trial.prepare()
        let subject = try #require(try CohortCatalogue(trial.prepared).subjects.first)
        let whole = try subject.readLungs()
        let ct = try NiftiFile.readCT(subject.image)
        #expect(Set(whole.voxels) == [0, 1, 2] && whole.sharesGrid(with: ct))
        func refusal(_ mask: Volume<UInt8>) throws -> String {
            try NiftiFile.write(mask, to: subject.lungs)
            do { _ = try subject.readLungs() } catch { return "\(error)" }
            return "taken"
        }
        var moved = whole.voxelToWorld
        moved.translation.x += 5
        let smaller = Extent3(x: whole.extent.x, y: whole.extent.y, z: whole.extent.z - 1)
        for (mask, words) in [
            (Volume(extent: whole.extent, voxelToWorld: moved, voxels: whole.voxels), "it lies up to 5 mm from the CT"),
            (Volume(extent: smaller, voxelToWorld: whole.voxelToWorld, repeating: 1), "it has \(smaller) voxels"),
            (whole.mapVoxels { $0 == 1 ? 3 : $0 }, "holds the label 3, expected 0 to 2"), (whole.mapVoxels { _ in 0 }, "holds no lung"),
        ] {
            let found = try refusal(mask)
            #expect(
                found.contains(words) && found.contains(subject.lungs.path) && found.contains("run `workbench prepare` again"), "\(found)")
        }
    }

    @Test("a place marked both diseased and healthy is warned of; both diseases at one place are not")
    func boxes() throws {
        func box(_ subject: String, _ label: LesionBox.Label, _ x: Double) -> LesionBox {
            LesionBox(subject: subject, label: label, centre: [x, 0, -30])
        }
        let fine = [box("a", .cle, 0), box("a", .paraseptal, 0), box("b", .healthy, 0), box("a", .healthy, 20)]
        #expect(LesionBox.contradictions(fine) == [])
        let found = LesionBox.contradictions(fine + [box("a", .healthy, 1)])
        #expect(found.count == 2 && found[0] == "the place 0, 0, -30 mm of a is marked both cle and healthy", "\(found)")
        let many = (0..<9).flatMap { [box("a", .cle, 40 * Double($0)), box("a", .healthy, 40 * Double($0))] }
        #expect(LesionBox.contradictions(many).count == 6 && LesionBox.contradictions(many)[5].hasPrefix("4 more places"))
    }

    @Test("boxes with semicolons and decimal commas are read")
    func semicolons() throws {
        let scratch = try ScratchFolder()
        try Data("subject;subtype;x;y;z\na;cle;1,5;-2;3\n".utf8).write(to: scratch.file("boxes.csv"))
        #expect(try LesionBox.read(scratch.file("boxes.csv")).map(\.centre) == [[1.5, -2, 3]])
    }
}
