import Foundation
import TestSupport
import Testing

/// Lists of subjects, boxes and landmarks that cannot be used.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct BadTableTests {
    @Test(
        "A cohort file that cannot be used is refused before any work",
        arguments: [
            ("", "is empty; expected a header line"),
            ("subject,image\n", "lists no subjects"),
            ("subject,scan\na,a.nii.gz\n", "has no column \"image\""),
            ("name,image\na,a.nii.gz\n", "has no column \"subject\""),
            ("subject,image\na,gone.nii.gz\n", "does not exist"),
            ("subject,image\na,a.nii.gz\nA,b.nii.gz\n", "is already on line 2"),
            ("subject,image,age\na,a.nii.gz,old\n", "expected a number"),
            ("subject,image,age\na,a.nii.gz\n", "line 2 has 2 fields, expected 3"),
            ("subject,image\n../a,a.nii.gz\n", "cannot name a file"),
        ])
    func cohort(text: String, words: String) throws {
        let world = try SmallWorld()
        try world.write(text, to: "bad.csv")
        expectRefusal(try world.run("prepare bad.csv --atlas atlas --out p --json"), words, "\(text)")
        #expect(!world.exists("p"))
    }

    @Test("A bad subject is left out with its reason, and the others are prepared")
    func oneBadSubject() throws {
        let world = try SmallWorld()
        try world.cut("b.nii.gz")
        let result = try world.run("prepare cohort.csv --atlas atlas --out p --json")
        #expect(result.status == 0)
        let report = try result.json()
        #expect(report["prepared"] as? Int == 1 && report["refused"] as? [String] == ["b"])
        #expect(result.errors.contains("b is left out: \(world.path("b.nii.gz")) is cut off or damaged"))
        // Boxes of a subject that was left out are told of, those of an unknown one are refused.
        let tuned = try world.run("finetune --session session --cohort p --boxes boxes.csv --subtype cle --json")
        #expect(tuned.status == 0 && tuned.errors.contains("2 boxes of b"), "\(tuned.errors)")
        // One subject cannot be trained on, and no session is begun.
        expectRefusal(try world.run("pretrain --cohort p --session new --headless"), "expected at least 2", "pretrain")
        #expect(!world.exists("new"))
    }

    @Test("A scan that is not there, a folder that holds no series and a missing mask are left out, and the others are prepared")
    func missingScans() throws {
        let world = try SmallWorld()
        try world.write(
            "subject,image,lungs\ngone,gone.nii.gz,\nfolder,atlas,\nmask,b.nii.gz,none.nii.gz\na,a.nii.gz,a.lungs.nii.gz\n", to: "some.csv")
        let result = try world.run("prepare some.csv --atlas atlas --out p --json")
        #expect(result.status == 0)
        #expect(try result.json()["refused"] as? [String] == ["gone", "folder", "mask"])
        for words in ["gone.nii.gz: No such file", "holds no DICOM file", "none.nii.gz: No such file"] {
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test(
        "A list of boxes that cannot be used is refused, and the classifier stays",
        arguments: [
            ("", "is empty"), ("subject,x,y,z\n", "has no column \"subtype\""), ("subject,subtype,x,y,z\n", "not one cle box"),
            ("subject,subtype,x,y,z\na,cyst,0,0,0\n", "subtype \"cyst\" is unknown"),
            ("subject,subtype,x,y,z\na,cle,near,0,0\n", "\"near\" is not a coordinate"),
            ("subject,subtype,x,y,z\na,cle,20,0,5\nc,cle,0,0,0\n", "has no subject \"c\""),
            ("subject,subtype,x,y,z\na,cle,500,0,0\na,healthy,20,0,-8\n", "lies outside the image of a"),
            ("subject,subtype,x,y,z\na,cle,1e300,0,0\na,healthy,20,0,-8\n", "\"1e300\" is not a coordinate"),
            ("subject,subtype,x,y,z\na,cle,20,0,5\n", "no healthy box"),
        ])
    func boxes(text: String, words: String) throws {
        let world = try SmallWorld()
        let before = try world.read("session/classifiers/cle.safetensors")
        try world.write(text, to: "bad.csv")
        let result = try world.run("finetune --session session --cohort prepared --boxes bad.csv --subtype cle --json")
        expectRefusal(result, words, "\(text)")
        #expect(result.errors.contains("bad.csv"))
        #expect(try world.read("session/classifiers/cle.safetensors") == before)
    }

    @Test(
        "Landmarks that cannot be used are refused",
        arguments: [
            ("(1, 3)", [0, 0, Int.max], "does not fit"), ("(1, 3)", [-1, 0, 0], "does not fit"), ("(1, 3)", [0], "is cut off"),
            ("(2, 3)", [0, 0, 0, 0, 0, 0], "are both at"), ("(3,)", [0, 0, 0], "expected [n, 3]"), ("(0, 3)", [], "is empty"),
            ("(99999999999, 99999999999)", [], "more than any file holds"), ("(99999999999999999999, 3)", [], "more than any file holds"),
        ])
    func landmarks(shape: String, values: [Int], words: String) throws {
        let world = try SmallWorld()
        let header = "{'descr': '<i8', 'fortran_order': False, 'shape': \(shape), }\n"
        var bytes = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
        for value in values { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
        try bytes.write(to: world.folder.appendingPathComponent("bad.npy"))
        expectRefusal(try world.run("atlas --lungs a.lungs.nii.gz --landmarks bad.npy --out out --json"), words, "\(shape)")
        #expect(!world.exists("out"))
    }

    @Test(
        "A damaged atlas folder is refused",
        arguments: [
            ("landmarks.csv", "index,x,y,z\n0,9223372036854775807,0,0\n", "does not fit"),
            ("landmarks.csv", "index,x,y,z\n0,a,0,0\n", "whole numbers"),
            ("neighbours.csv", "index\n", "lists 0 landmarks"), ("mask.nii.gz", "text", "is not a NIfTI image"),
        ])
    func atlas(file: String, text: String, words: String) throws {
        let world = try SmallWorld()
        try world.write(text, to: "atlas/\(file)")
        expectRefusal(try world.run("prepare cohort.csv --atlas atlas --out p"), words, "\(file)")
        #expect(!world.exists("p"))
    }
}
