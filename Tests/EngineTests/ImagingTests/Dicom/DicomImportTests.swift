import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("DICOM series", .enabled(if: ExternalTool.headerReader.place != nil))
struct DicomImportTests {
    private let parallel = Parallel(threads: 2)

    private func read(_ folder: URL, series: Int? = nil) throws -> CTImage {
        try DicomImport(folder, series: series, parallel: parallel).read()
    }

    private func expectRefusal(_ words: String, _ folder: URL, location: SourceLocation = #_sourceLocation) {
        let failure = #expect(throws: Failure.self, sourceLocation: location) { _ = try read(folder) }
        let text = failure?.description ?? ""
        #expect(text.contains(words) && text.contains(folder.path), "\(text)", sourceLocation: location)
        #expect(!text.contains(SyntheticSeries.secret) && !text.contains("workbench-"), "\(text)", sourceLocation: location)
    }

    private func deviation(_ volume: Volume<Int16>, _ series: SyntheticSeries) -> Int { series.deviation(volume) }

    // MARK: Whole series

    @Test("every voxel lies where its file says, whatever the files' order and names; nothing tells who the patient is")
    func complete() throws {
        let scratch = try ScratchFolder()
        var series = SyntheticSeries()
        series.contrast = "Ultravist 300"
        try series.write(to: scratch.file("in/deeper"))
        try Data("\(SyntheticSeries.secret)".utf8).write(to: scratch.file("in/notes.txt"))
        let image = try read(scratch.file("in"))
        #expect(image.volume.extent == Extent3(x: 24, y: 20, z: 6))
        #expect(deviation(image.volume, series) == 0)
        let acquisition = try #require(image.acquisition)
        #expect(acquisition.kernel == "B31f" && acquisition.sliceThicknessMillimetres == 2.5 && acquisition.sliceSpacingMillimetres == 2.5)
        #expect(acquisition.contrastAgent == "Ultravist 300" && acquisition.manufacturer == "SIEMENS" && acquisition.notes == nil)

        let file = scratch.file("out.nii")
        try image.write(to: file)
        #expect(CTAcquisition.read(beside: file) == acquisition)
        for written in [file, CTAcquisition.file(beside: file)] {
            let bytes = try Data(contentsOf: written)
            #expect(bytes.range(of: Data(SyntheticSeries.secret.utf8)) == nil && bytes.range(of: Data("1950".utf8)) == nil)
        }
        #expect(try NiftiFile.readCT(file) == image.volume)
    }

    @Test("a tilted gantry: everything stays where it was, on an upright grid, and it is said")
    func tilted() throws {
        let scratch = try ScratchFolder()
        var series = SyntheticSeries()
        (series.tilt, series.rows, series.places) = (12, 40, (0..<20).map { 2.5 * Double($0) })
        // Linear in space: interpolation along straight lines is exact but for rounding.
        series.hounsfield = { Int((4 * $0.x + 3 * $0.y + 5 * $0.z - 700).rounded()) - ($0.x < -12 ? 300 : 0) }
        try series.write(to: scratch.file("in"))
        let image = try read(scratch.file("in"))
        let affine = image.volume.voxelToWorld
        #expect(abs(dot(affine.columnZ, affine.columnY)) < 1e-6 && abs(dot(affine.columnZ, affine.columnX)) < 1e-6)
        #expect(abs((image.acquisition?.gantryTiltDegrees ?? 0) - 12) < 0.01)
        #expect(image.acquisition?.notes?.contains { $0.contains("tilted by 12°") } == true)
        var inside = 0
        image.volume.forEachVoxel { voxel, index in
            let p = image.volume.voxelToWorld(voxel.point)
            let value = Int(image.volume.voxels[index])
            // What no slice covers is empty.
            guard value > -1024, p.x < 11 else { return }
            inside += 1
            #expect(abs(Double(value) - (4 * -p.x + 3 * -p.y + 5 * p.z - 700)) < 2)
        }
        #expect(inside > 24 * 40 * 15)
    }

    // MARK: What is left out

    @Test("localisers, copies, other objects and small other series are left out and named")
    func leftOut() throws {
        let scratch = try ScratchFolder()
        let series = SyntheticSeries()
        let files = try series.write(to: scratch.file("in"))
        try FileManager.default.copyItem(at: files[2], to: scratch.file("in/copy.dcm"))
        var localiser = SyntheticSeries()
        (localiser.imageType, localiser.series, localiser.number, localiser.instance) = (
            "ORIGINAL\\PRIMARY\\LOCALIZER", "1.2.3.5", 1, "1.7"
        )
        localiser.places = [0]
        try localiser.write(to: scratch.file("in"))
        var report = localiser
        (report.kind, report.modality, report.imageType) = ("1.2.840.10008.5.1.4.1.1.7", "OT", "DERIVED\\SECONDARY")
        (report.instance, report.number) = ("1.8", 9)
        try report.write(to: scratch.file("in"))
        var protocolPage = SyntheticSeries()
        (protocolPage.series, protocolPage.number, protocolPage.instance, protocolPage.places) = ("1.2.3.6", 501, "1.9", [500])
        try protocolPage.write(to: scratch.file("in"))
        let image = try read(scratch.file("in"))
        #expect(deviation(image.volume, series) == 0)
        let notes = image.acquisition?.notes?.joined(separator: "; ") ?? ""
        for words in ["1 localiser left out", "1 copy of images left out", "1 DICOM file that hold no CT", "1 image of other series"] {
            #expect(notes.contains(words), "\(words): \(notes)")
        }
    }

    // MARK: Refusals

    @Test("what is not one complete series is refused with the reason")
    func refusals() throws {
        let scratch = try ScratchFolder()
        func folder(_ name: String, _ change: (inout SyntheticSeries) -> Void = { _ in }) throws -> URL {
            var series = SyntheticSeries()
            change(&series)
            let folder = scratch.file(name)
            try series.write(to: folder)
            return folder
        }
        expectRefusal("2 slices missing, the first after 12.5 mm", try folder("missing") { $0.places = [10, 12.5, 20, 22.5, 25, 27.5] })
        expectRefusal("unevenly spaced, 2.5 to 3.1 mm", try folder("uneven") { $0.places = [10, 12.5, 15, 18.1, 20.6, 23.1] })
        expectRefusal("3 different images", try folder("few") { $0.places = [1, 2, 3] })
        expectRefusal("nothing but localisers", try folder("localiser") { $0.imageType = "ORIGINAL\\PRIMARY\\LOCALIZER" })
        expectRefusal("no CT images, but MR", try folder("mr") { ($0.modality, $0.kind) = ("MR", "1.2.840.10008.5.1.4.1.1.4") })
        expectRefusal("enhanced CT", try folder("enhanced") { $0.kind = "1.2.840.10008.5.1.4.1.1.2.1" })
        expectRefusal("does not look like Hounsfield units", try folder("window") { $0.hounsfield = { Int($0.x) + 100 } })

        let mixed = try folder("mixed")
        var other = SyntheticSeries()
        (other.series, other.number, other.kernel, other.instance) = ("1.2.3.8", 4, "B70f", "1.6")
        try other.write(to: mixed)
        expectRefusal("2 CT series: 3 (6 images, 2.5 mm, B31f); 4 (6 images, 2.5 mm, B70f)", mixed)
        #expect(try read(mixed, series: 4).acquisition?.kernel == "B70f")
        #expect(throws: Failure.self) { try read(mixed, series: 5) }

        for (name, words, change) in [
            ("doubled", "6 images lie where another one does", { (_: inout SyntheticSeries) in }),
            ("sizes", "differ in size", { $0.columns = 20 }), ("kernels", "different kernels", { $0.kernel = "B70f" }),
            ("turned", "different directions", { $0.tilt = 20 }),
        ] {
            let place = try folder(name)
            var second = SyntheticSeries()
            second.instance = "1.6"
            change(&second)
            if name != "doubled" { second.places = second.places.map { $0 + 15 } }
            try second.write(to: place)
            expectRefusal(words, place)
        }

        try FileManager.default.createDirectory(at: scratch.file("empty"), withIntermediateDirectories: true)
        try Data("text".utf8).write(to: scratch.file("empty/a.dcm"))
        expectRefusal("holds no DICOM file (1 other files)", scratch.file("empty"))
        let cut = try folder("cut")
        let victim = try #require(try FileManager.default.contentsOfDirectory(at: cut, includingPropertiesForKeys: nil).first)
        try Data(contentsOf: victim).prefix(900).write(to: victim)
        expectRefusal("1 of 6 DICOM files are damaged or cut off", cut)
    }

    @Test("compressed images are decoded", arguments: ["dcmcrle", "dcmcjpeg", "dcmcjpls"])
    func compression(tool: String) throws {
        let scratch = try ScratchFolder()
        let series = SyntheticSeries()
        for file in try series.write(to: scratch.file("plain")) {
            let target = scratch.file("packed/\(file.lastPathComponent)")
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [tool, file.path, target.path]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        #expect(deviation(try read(scratch.file("packed")).volume, series) == 0)
    }

    // MARK: A real series

    @Test("the real series equals an independent reading of its files", .enabled(if: SharedData.hasCT))
    func realSeries() throws {
        let scratch = try ScratchFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "xzf", SharedData.ct("lungdx-A0002_8mm_B40f_dicom.tar.gz").path, "-C", scratch.url.path]
        try process.run()
        process.waitUntilExit()
        let image = try read(scratch.url)
        #expect(image.volume.extent == Extent3(x: 512, y: 512, z: 30))
        #expect(image.acquisition?.kernel == "B40f" && image.acquisition?.sliceThicknessMillimetres == 8)
        #expect(image.acquisition?.densitometryCautions.count == 1 && image.acquisition?.valueCautions == nil)
        let worldToVoxel = try #require(image.volume.voxelToWorld.inverse)
        var slices = 0
        for case let file as URL in try #require(FileManager.default.enumerator(at: scratch.url, includingPropertiesForKeys: nil))
            .allObjects
        where file.pathExtension == "dcm" {
            let bytes = try Data(contentsOf: file)
            // A field by its tag and kind, as text; the pixels are the last 512 · 512 · 2 bytes.
            func numbers(_ tag: [UInt8]) throws -> [Double] {
                let at = try #require(bytes.range(of: Data(tag + Array("DS".utf8)))).upperBound
                let count = Int(bytes[at]) + Int(bytes[at + 1]) << 8
                return String(decoding: bytes[(at + 2)..<(at + 2 + count)], as: UTF8.self).split(separator: "\\")
                    .compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }
            }
            let position = try numbers([0x20, 0, 0x32, 0])
            let spacing = try numbers([0x28, 0, 0x30, 0])
            let intercept = Int(try numbers([0x28, 0, 0x52, 0x10])[0])
            let pixels = bytes.suffix(512 * 512 * 2)
            for (column, row) in [(0, 0), (511, 0), (0, 511), (256, 200), (130, 300), (400, 310)] {
                let world = Point3(-(position[0] + spacing[1] * Double(column)), -(position[1] + spacing[0] * Double(row)), position[2])
                let place = worldToVoxel(world)
                let voxel = VoxelIndex(nearestTo: place)
                #expect(length(place - voxel.point) < 1e-3)
                let at = pixels.startIndex + 2 * (row * 512 + column)
                let stored = Int(Int16(bitPattern: UInt16(pixels[at]) | UInt16(pixels[at + 1]) << 8))
                #expect(Int(image.volume[voxel]) == max(-1024, stored + intercept))
            }
            slices += 1
        }
        #expect(slices == 30)
    }
}

@Suite("How a CT was acquired")
struct CTAcquisitionTests {
    @Test("sharp kernels are known by their makers' names")
    func kernels() {
        let sharp = ["B70f", "B60s", "Br59", "Bl57", "I70f\\3", "FC51", "FC30", "LUNG", "BONEPLUS", "YA", "L"]
        let soft = ["B31f", "B40f", "Br40", "I26f", "FC08", "FC18-H", "STANDARD", "SOFT", "B", "C", ""]
        func cautions(_ kernel: String) -> Int { CTAcquisition(kernel: kernel).densitometryCautions.count }
        for kernel in sharp { #expect(cautions(kernel) == 1, "\(kernel)") }
        for kernel in soft { #expect(cautions(kernel) == 0, "\(kernel)") }
    }

    @Test("thick slices and contrast are cautioned against; a BIDS sidecar is read, others are not missed")
    func sidecars() throws {
        #expect(CTAcquisition(sliceThicknessMillimetres: 2.5).densitometryCautions.isEmpty)
        let thick = CTAcquisition(sliceThicknessMillimetres: 5, contrastAgent: "yes").densitometryCautions
        #expect(thick.count == 2 && thick[0].contains("5 mm") && thick[1].contains("contrast"))
        let scratch = try ScratchFolder()
        let image = scratch.file("a.nii.gz")
        #expect(CTAcquisition.read(beside: image) == nil)
        try Data(#"{"ConvolutionKernel": "B70f", "SliceThickness": 1, "PatientName": "x"}"#.utf8).write(to: scratch.file("a.json"))
        #expect(CTAcquisition.read(beside: image) == CTAcquisition(kernel: "B70f", sliceThicknessMillimetres: 1))
    }
}
