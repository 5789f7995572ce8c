import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

/// What the words of a file stand for, by its own pixel fields.
@Suite("Pixels of DICOM series", .enabled(if: ExternalTool.headerReader.place != nil))
struct DicomPixelTests {
    private func read(_ series: SyntheticSeries) throws -> CTImage {
        let scratch = try ScratchFolder()
        try series.write(to: scratch.file("in"))
        return try DicomImport(scratch.file("in"), parallel: Parallel(threads: 2)).read()
    }

    /// Padding to the left, at the mark of -2000 HU; the rest fits twelve bits.
    private func series(_ change: (inout SyntheticSeries.Header) -> Void) -> SyntheticSeries {
        var series = SyntheticSeries()
        series.hounsfield = { $0.x < -6 ? -2000 : Int($0.x) * 3 + Int($0.y) * 2 - Int($0.z) - (Int($0.x) % 3 == 0 ? 900 : 100) }
        series.header.bitsStored = 12
        series.header.highBit = { _ in 11 }
        change(&series.header)
        return series
    }

    private func refusal(_ series: SyntheticSeries, location: SourceLocation = #_sourceLocation) -> String {
        (#expect(throws: Failure.self, sourceLocation: location) { _ = try read(series) })?.description ?? ""
    }

    @Test("padding of every kind becomes -1024, bits are read by their places, and signs are carried on", arguments: 0..<7)
    func formats(kind: Int) throws {
        let series = series { header in
            switch kind {
            case 0:
                header.padding = ("US", 4095)
                header.word = { $0 == -2000 ? 4095 : UInt16($0 + 1024) }
            case 1:
                // A range, given from its upper end.
                (header.padding, header.paddingLimit) = (("US", 4095), ("US", 4000))
                header.word = { $0 == -2000 ? 4040 : UInt16($0 + 1024) }
            case 2:
                // Twelve bits with a sign that is not carried on to the word's end, and padding by the value.
                header.representation = { _ in 1 }
                header.intercept = { _ in "0" }
                header.word = { UInt16(truncatingIfNeeded: $0) & 0xFFF }
            case 3:
                header.representation = { _ in 1 }
                header.intercept = { _ in "0" }
                header.word = { UInt16(truncatingIfNeeded: $0) }
            case 4:
                // Stored in the upper twelve bits.
                header.highBit = { _ in 15 }
                header.padding = ("US", 0)
                header.word = { $0 == -2000 ? 0 : UInt16($0 + 1024) << 4 }
            case 5:
                // Padding that lies beyond the stored bits.
                header.padding = ("US", 63_536)
                header.word = { $0 == -2000 ? 63_536 : UInt16($0 + 1024) }
            default:
                // A slope that is no whole number's: values in steps of 2 HU.
                header.bitsStored = 16
                header.highBit = { _ in 15 }
                header.representation = { _ in 1 }
                header.padding = ("SS", -32_768)
                (header.slope, header.intercept) = ({ _ in "0.5" }, { _ in "-1024" })
                header.word = { $0 == -2000 ? 0x8000 : UInt16(truncatingIfNeeded: 2 * ($0 + 1024)) }
            }
        }
        let volume = try read(series).volume
        #expect(series.deviation(volume) == 0)
        // 5 of 24 columns are padding.
        #expect(volume.voxels.count { $0 == -1024 } == 5 * 20 * 6)
    }

    @Test("a slice whose fields say something else than the others' is refused by its name")
    func oddSlice() throws {
        let cases: [(String, (inout SyntheticSeries.Header) -> Void)] = [
            ("has no rescale intercept", { $0.intercept = { $0 == 4 ? nil : "-1024" } }),
            ("has no rescale slope", { $0.slope = { $0 == 4 ? nil : "1" } }),
            ("has the PixelRepresentation 1 where most slices have 0", { $0.representation = { $0 == 4 ? 1 : 0 } }),
            ("has the HighBit 15 where most slices have 11", { $0.highBit = { $0 == 4 ? 15 : 11 } }),
        ]
        for (words, change) in cases {
            let text = refusal(
                series {
                    $0.word = { UInt16(max(0, $0 + 1024)) }
                    change(&$0)
                })
            #expect(text.contains(words) && text.contains("image number 5 (at 20 mm)"), "\(words): \(text)")
        }
    }

    @Test("pixels that are no HU are refused by what they are")
    func noHounsfield() {
        let cases: [(String, (inout SyntheticSeries.Header) -> Void)] = [
            ("rescale slope 0", { $0.slope = { _ in "0" } }), ("holds OD (RescaleType)", { $0.rescaleType = "OD" }),
            ("colour picture (RGB, 3 values", { $0.samples = 3 }), ("(BitsStored)", { $0.bitsStored = 17 }),
            ("(HighBit)", { $0.highBit = { _ in 4 } }), ("(PixelRepresentation)", { $0.representation = { _ in 7 } }),
            ("bits set beyond the 12 that are stored", { $0.word = { UInt16(max(0, $0 + 1024)) | 0x4000 } }),
        ]
        for (words, change) in cases {
            let text = refusal(
                series {
                    $0.word = { UInt16(max(0, $0 + 1024)) }
                    change(&$0)
                })
            #expect(text.contains(words), "\(words): \(text)")
        }
    }

    @Test("a padding value that pixels within the patient have, too, is not taken for padding")
    func paddingInside() {
        var series = series { $0.padding = ("US", 1024) }
        series.hounsfield = { Int($0.x) % 2 == 0 ? 0 : -900 }
        let text = refusal(series)
        #expect(text.contains("PixelPaddingValue 1024 stands for 0 HU"), "\(text)")
    }

    // MARK: Files

    @Test("files without a preamble, and without fields that describe the file, are read", arguments: [true, false])
    func preamble(hasMeta: Bool) throws {
        var series = SyntheticSeries()
        (series.header.hasPreamble, series.header.hasMeta) = (false, hasMeta)
        // Without that description fields are read without their kinds' names, too.
        #expect(series.deviation(try read(series).volume) == 0)
    }

    @Test("deflated files and other orders of bytes are read", arguments: ["+td", "+tb", "+ti"])
    func syntaxes(option: String) throws {
        let scratch = try ScratchFolder()
        let series = SyntheticSeries()
        try FileManager.default.createDirectory(at: scratch.file("other"), withIntermediateDirectories: true)
        for file in try series.write(to: scratch.file("plain")) {
            #expect(try run("dcmconv", [option, file.path, scratch.file("other/\(file.lastPathComponent)").path]) == 0)
        }
        #expect(series.deviation(try DicomImport(scratch.file("other"), parallel: Parallel(threads: 2)).read().volume) == 0)
    }

    @Test("JPEG with loss in 12 bits is decoded, and its loss is said")
    func lossy() throws {
        let scratch = try ScratchFolder()
        var series = series { $0.word = { UInt16(max(-1024, $0) + 1024) } }
        series.hounsfield = { $0.x < 0 ? -1000 : 40 }
        try FileManager.default.createDirectory(at: scratch.file("other"), withIntermediateDirectories: true)
        for file in try series.write(to: scratch.file("plain")) {
            let target = scratch.file("other/\(file.lastPathComponent)")
            #expect(try run("dcmcjpeg", ["+ee", "+q", "98", file.path, target.path]) == 0)
        }
        let image = try DicomImport(scratch.file("other"), parallel: Parallel(threads: 2)).read()
        #expect(series.deviation(image.volume) < 30)
        #expect(image.acquisition?.notes?.contains { $0.contains("compressed with loss") } == true)
    }

    @Test(
        "what cannot be decoded here is named with what can",
        arguments: [
            ("1.2.840.10008.1.2.4.201", "high-throughput JPEG 2000", "dcm4che"), ("1.2.840.10008.1.2.4.92", "JPEG 2000 part 2", "gdcmconv"),
            ("1.2.840.10008.1.2.4.102", "a film", "one image a slice"), ("1.2.840.10008.1.2.4.777", "1.2.840.10008.1.2.4.777", "gdcmconv"),
            ("1.2.840.10008.1.2.4.80", "dcmdjpls ended with status", "export the series again"),
        ])
    func unknown(syntax: String, name: String, remedy: String) {
        var series = SyntheticSeries()
        series.header.transferSyntax = syntax
        let text = refusal(series)
        #expect(text.contains(name) && text.contains(remedy), "\(text)")
    }

    @Test("tags cannot steer a terminal, nor pass for other fields")
    func steering() throws {
        var series = SyntheticSeries()
        series.kernel = "\u{1B}[31mB31f"
        series.contrast = "no]\n(0028,1052) DS [0]"
        let image = try read(series)
        #expect(series.deviation(image.volume) == 0)
        #expect(image.acquisition?.kernel == "\\u{1B}[31mB31f")
        let summary = image.acquisition?.summary ?? ""
        #expect(summary.contains("\\u{A}(0028,1052)") && summary.unicodeScalars.allSatisfy { $0.value >= 32 }, "\(summary)")
        series.modality = "\u{1B}]0;x\u{7}"
        #expect(refusal(series).unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    @Test("a disk without room is named before anything is decoded")
    func fullDisk() throws {
        let scratch = try ScratchFolder()
        let failure = #expect(throws: Failure.self) {
            try TemporaryFolder.requireRoom(for: Int.max / 2, in: scratch.url, to: "decode the images of x")
        }
        let text = failure?.description ?? ""
        #expect(text.contains("cannot decode the images of x: the disk of the temporary folder") && text.contains("TMPDIR"), "\(text)")
        try TemporaryFolder.requireRoom(for: 1, in: scratch.url, to: "decode the images of x")
    }

    private func run(_ tool: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
