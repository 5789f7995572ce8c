import Engine
import Foundation
import Testing

@Suite("ITK transform files")
struct ItkTransformFileTests {
    private let map = Affine3(
        columnX: [0.9, 0.1, 0.2], columnY: [-0.3, 1.1, 0.4], columnZ: [0.05, -0.06, 1.2], translation: [10, -20, 30])

    @Test("what is written is read back exactly, and is LPS in the file")
    func roundTrip() throws {
        let folder = try ScratchFolder()
        let file = folder.file("t.txt")
        try ItkTransformFile.write(map, to: file)
        let read = try ItkTransformFile.read(file)
        for (a, b) in zip(read.rowMajor, map.rowMajor) { #expect(abs(a - b) < 1e-12) }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains("Transform: AffineTransform_double_3_3\n"))
        // By hand: entries that couple x or y with z change sign, as do the shifts along x and y.
        #expect(text.contains("Parameters: 0.9 -0.3 -0.05 0.1 1.1 0.06 -0.2 -0.4 1.2 -10.0 20.0 30.0\n"))
    }

    @Test("a centre of rotation is honoured")
    func centre() throws {
        let folder = try ScratchFolder()
        let file = folder.file("t.tfm")
        let text = """
            #Insight Transform File V1.0
            #Transform 0
            Transform: MatrixOffsetTransformBase_double_3_3
            Parameters: 2 0 0 0 2 0 0 0 2 1 2 3
            FixedParameters: 10 20 30
            """
        try Data(text.utf8).write(to: file)
        // LPS: the centre moves by the translation alone; in RAS x and y change sign.
        #expect(try ItkTransformFile.read(file)([-10, -20, 30]) == [-11, -22, 33])
    }

    @Test("other files are refused by name")
    func refusals() throws {
        let folder = try ScratchFolder()
        let file = folder.file("bad.txt")
        let header = "#Insight Transform File V1.0\n"
        let cases = [
            ("hello", "not an ITK text transform"), (header, "holds 0 transforms"),
            (header + "Transform: Euler3DTransform_double_3_3\nParameters: 0 0 0 0 0 0", "expected an affine transform"),
            (header + "Transform: AffineTransform_double_3_3\nParameters: 1 0 0", "3 entries, expected 12"),
            (header + "Transform: AffineTransform_double_3_3\nParameters: 1 0 0 0 1 0 0 0 0 0 0 0", "singular"),
        ]
        for (text, reason) in cases {
            try Data(text.utf8).write(to: file)
            let failure = #expect(throws: Failure.self) { try ItkTransformFile.read(file) }
            #expect(failure?.description.contains(reason) == true && failure?.description.contains("bad.txt") == true)
        }
        #expect(throws: Failure.self) { try ItkTransformFile.read(folder.file("missing.txt")) }
    }
}
