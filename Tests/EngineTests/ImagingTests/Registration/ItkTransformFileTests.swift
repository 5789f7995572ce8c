import Foundation
import Foundations
import Imaging
import TestSupport
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

    // MARK: Binary

    /// One column of numbers as ITK writes it: header, name, numbers.
    private func column(_ name: String, _ values: [Double], single: Bool = false, swapped: Bool = false) -> Data {
        func bytes(_ value: some FixedWidthInteger) -> Data {
            withUnsafeBytes(of: swapped ? value.bigEndian : value.littleEndian) { Data($0) }
        }
        let kind = (swapped ? 1000 : 0) + (single ? 10 : 0)
        let header = [kind, values.count, 1, 0, name.utf8.count + 1].map { bytes(Int32($0)) }.reduce(Data(), +)
        let numbers = values.map { single ? bytes(Float($0).bitPattern) : bytes($0.bitPattern) }.reduce(Data(), +)
        return header + Data(name.utf8) + Data([0]) + numbers
    }

    @Test("the binary file of ANTs: written byte for byte as ITK does, read in both precisions and byte orders, with its centre")
    func binary() throws {
        let folder = try ScratchFolder()
        let file = folder.file("t0GenericAffine.mat")
        try ItkTransformFile.write(map, to: file)
        // The same numbers as in the text file above, then a centre at the origin.
        let expected =
            column("AffineTransform_double_3_3", [0.9, -0.3, -0.05, 0.1, 1.1, 0.06, -0.2, -0.4, 1.2, -10, 20, 30])
            + column("fixed", [0, 0, 0])
        #expect(try Data(contentsOf: file) == expected)
        #expect(try ItkTransformFile.read(file) == map)
        for single in [false, true] {
            for swapped in [false, true] {
                let parameters: [Double] = [2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3]
                let name = single ? "MatrixOffsetTransformBase_float_3_3" : "AffineTransform_double_3_3"
                let data =
                    column(name, parameters, single: single, swapped: swapped)
                    + column("fixed", [10, 20, 30], single: single, swapped: swapped)
                try data.write(to: file)
                // As in the text file with a centre.
                #expect(try ItkTransformFile.read(file)([-10, -20, 30]) == [-11, -22, 33])
            }
        }
    }

    @Test("a binary file that ITK itself wrote, with a centre of rotation")
    func binaryOfITK() throws {
        let folder = try ScratchFolder()
        let file = folder.file("itk.mat")
        let text =
            "AAAAAAwAAAABAAAAAAAAABsAAABBZmZpbmVUcmFuc2Zvcm1fZG91YmxlXzNfMwCamZmZmZnxP5qZmZmZmbk/AAAAAAAAAAAAAAAAAAAAAM3MzMzMzOw/mpmZmZmZqT8A"
            + "AAAAAAAAAJqZmZmZmck/AAAAAAAA8D8AAAAAAADwPwAAAAAAAABAAAAAAAAACEAAAAAAAwAAAAEAAAAAAAAABgAAAGZpeGVkAAAAAAAAACRAAAAAAAAANEAAAAAAAAA+"
            + "QA=="
        try #require(Data(base64Encoded: text)).write(to: file)
        // SimpleITK takes (5, 6, 7) to (4.1, 8.25, 7.2), LPS.
        #expect(length(try ItkTransformFile.read(file)([-5, -6, 7]) - [-4.1, -8.25, 7.2]) < 1e-12)
    }

    @Test("damaged and foreign binary files are refused by name")
    func binaryRefusals() throws {
        let folder = try ScratchFolder()
        let file = folder.file("bad.mat")
        let whole = column("AffineTransform_double_3_3", Array(repeating: 1, count: 12)) + column("fixed", [0, 0, 0])
        for (data, reason) in [
            (Data("hello".utf8), "cut off"), (whole.dropLast(3), "cut off"), (Data(repeating: 255, count: 100), "columns of real numbers"),
            (column("Euler3DTransform_double_3_3", [0, 0, 0, 0, 0, 0]), "expected an affine transform"),
            (column("fixed", [0, 0, 0]), "holds 0 transforms"), (column("AffineTransform_double_3_3", [1, 2]), "2 entries, expected 12"),
            (whole, "singular"),
        ] {
            try data.write(to: file)
            let failure = #expect(throws: Failure.self) { try ItkTransformFile.read(file) }
            #expect(
                failure?.description.contains(reason) == true && failure?.description.contains("bad.mat") == true,
                "\(failure?.description ?? "")")
        }
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
