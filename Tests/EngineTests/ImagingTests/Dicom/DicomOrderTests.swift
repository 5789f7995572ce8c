import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

/// Positions and directions decide where slices lie; what else is mixed in a folder is named.
@Suite("Order and kinds of DICOM series", .enabled(if: ExternalTool.headerReader.place != nil))
struct DicomOrderTests {
    private func read(_ folder: URL, volume: Int? = nil) throws -> CTImage {
        try DicomImport(folder, volume: volume, parallel: Parallel(threads: 2)).read()
    }

    private func series(_ change: (inout SyntheticSeries.Header) -> Void) -> SyntheticSeries {
        var series = SyntheticSeries()
        change(&series.header)
        return series
    }

    /// The sentence with which a folder is refused.
    private func refusal(_ folder: URL, volume: Int? = nil, location: SourceLocation = #_sourceLocation) -> String {
        let failure = #expect(throws: Failure.self, sourceLocation: location) { _ = try read(folder, volume: volume) }
        let text = failure?.description ?? ""
        #expect(text.contains(folder.path) && !text.contains(SyntheticSeries.secret), "\(text)", sourceLocation: location)
        return text
    }

    private func refusal(_ series: SyntheticSeries, location: SourceLocation = #_sourceLocation) throws -> String {
        let scratch = try ScratchFolder()
        try series.write(to: scratch.file("in"))
        return refusal(scratch.file("in"), location: location)
    }

    // MARK: Numbers and digits

    @Test("the images' numbers say nothing of their places: missing, alike, shuffled or turned around", arguments: 0..<4)
    func numbers(kind: Int) throws {
        let scratch = try ScratchFolder()
        let series = series { $0.number = [{ _ in nil }, { _ in 1 }, { ($0 * 5 + 2) % 7 }, { 9 - $0 }][kind] }
        try series.write(to: scratch.file("in"))
        #expect(series.deviation(try read(scratch.file("in")).volume) == 0)
    }

    @Test("positions with few digits: every slice within a tenth of a voxel of its place", arguments: 1...3, [0.5, 0.7031, 1.25])
    func rounded(decimals: Int, spacing: Double) throws {
        let scratch = try ScratchFolder()
        var series = series { $0.decimals = decimals }
        (series.columns, series.rows) = (4, 3)
        series.places = (0..<60).map { -300.12345 + spacing * Double($0) }
        // Which slice it is, in its values.
        series.hounsfield = { Int((($0.z + 300.12345) / spacing).rounded()) * 10 - 1000 }
        try series.write(to: scratch.file("in"))
        let volume = try read(scratch.file("in")).volume
        #expect(volume.extent == Extent3(x: 4, y: 3, z: 60))
        for z in 0..<60 {
            #expect(Int(volume[VoxelIndex(x: 1, y: 1, z: z)]) == 10 * z - 1000)
            #expect(abs(volume.voxelToWorld([0, 0, Double(z)]).z - series.places[z]) < 0.1 * spacing)
        }
    }

    @Test("one slice that lies beside the others is refused by its name, along the patient and across")
    func beside() throws {
        let across = try refusal(series { $0.offset = { $0 == 3 ? [4, 0, 0] : .zero } })
        #expect(across.contains("shifted sideways") && across.contains("image number"), "\(across)")
        let along = try refusal(series { $0.offset = { $0 == 3 ? [0, 0, 0.4] : .zero } })
        #expect(along.contains("unevenly spaced"), "\(along)")
    }

    @Test("headers that claim what no file holds are refused, without a trap", arguments: 0..<5)
    func claims(kind: Int) throws {
        var series = SyntheticSeries()
        switch kind {
        case 0: series.header.claimedRows = 65_535
        case 1: series.pixelSpacing = (1e-30, 1e-30)
        case 2: series.pixelSpacing = (99, 99)
        case 3: series.header.offset = { $0 == 5 ? [0, 0, 1e300] : .zero }
        default: series.header.offset = { [0, 900 * Double($0), 0] }
        }
        if kind == 2 {
            // Such pixels could be: it is read.
            let scratch = try ScratchFolder()
            series.hounsfield = { Int($0.z) * 10 - 1000 }
            try series.write(to: scratch.file("in"))
            #expect(try read(scratch.file("in")).volume.spacingMillimetres.x == 99)
        } else {
            let words = ["missing or cut off", "how large their pixels are", "missing, the first after", "which no gantry does"]
            let text = try refusal(series)
            #expect(text.contains(words[kind > 2 ? kind - 1 : kind]), "\(text)")
        }
    }

    // MARK: Names

    @Test("one SOPInstanceUID for all files, a SeriesInstanceUID for each, are told with what to do")
    func identifiers() throws {
        let one = try refusal(series { $0.instance = { _ in "1.2.3" } })
        #expect(one.contains("6 of its files share one SOPInstanceUID") && one.contains("dcmodify"), "\(one)")
        let each = try refusal(series { $0.series = { "1.2.9.\($0)" } })
        #expect(each.contains("its 6 images have 6 different SeriesInstanceUIDs"), "\(each)")
    }

    @Test(
        "projections, rendered pictures and pictures of a screen are named; other derived slices are read with a note",
        arguments: [
            ("DERIVED\\SECONDARY\\MIP", "intensity projections"), ("DERIVED\\SECONDARY\\PROJECTION IMAGE", "intensity projections"),
            ("DERIVED\\SECONDARY\\VRT", "rendered"), ("DERIVED\\PRIMARY\\AXIAL", nil),
        ])
    func derived(type: String, words: String?) throws {
        var series = SyntheticSeries()
        series.imageType = type
        if let words {
            let text = try refusal(series)
            #expect(text.contains(words) && text.contains("export the original slices"), "\(text)")
            return
        }
        let scratch = try ScratchFolder()
        try series.write(to: scratch.file("in"))
        #expect(try read(scratch.file("in")).acquisition?.notes?.contains { $0.contains("derived") } == true)
    }

    @Test("a projection among the slices is left out and named; a secondary capture has no HU")
    func left() throws {
        let scratch = try ScratchFolder()
        let series = SyntheticSeries()
        try series.write(to: scratch.file("in"))
        var projection = series
        (projection.imageType, projection.instance, projection.places) = ("DERIVED\\SECONDARY\\MIP", "1.7", [15])
        try projection.write(to: scratch.file("in"))
        let image = try read(scratch.file("in"))
        #expect(series.deviation(image.volume) == 0)
        #expect(image.acquisition?.notes?.contains { $0.contains("1 image left out: intensity projections") } == true)
        var screen = series
        screen.kind = "1.2.840.10008.5.1.4.1.1.7"
        #expect(try refusal(screen).contains("secondary capture"))
    }

    // MARK: Several volumes

    @Test("two acquisitions in one series are listed, and each is read when it is asked for", arguments: [0.0, 0.3])
    func acquisitions(shift: Double) throws {
        let scratch = try ScratchFolder()
        let folder = scratch.file("in")
        let both = [1, 2].map { number in
            var series = SyntheticSeries()
            series.instance = "1.5.\(number)"
            series.header.acquisition = { _ in number }
            // Another scan: other values, and perhaps other places.
            let usual = series.hounsfield
            if number == 2 {
                series.hounsfield = { usual($0) + 7 }
                series.places = series.places.map { $0 + shift }
            }
            return series
        }
        for series in both { try series.write(to: folder) }
        let text = refusal(folder)
        #expect(text.contains("2 volumes apart: 1 (6 images, acquisition 1, from 10 to 22.5 mm"), "\(text)")
        #expect(text.contains("--volume 1"), "\(text)")
        for (index, series) in both.enumerated() { #expect(series.deviation(try read(folder, volume: index + 1).volume) == 0) }
        #expect(refusal(folder, volume: 3).contains("there is no volume 3"))
    }

    @Test("scans that only their numbers tell apart are listed by them; what nothing tells apart is not guessed")
    func runs() throws {
        let scratch = try ScratchFolder()
        for run in 0..<2 {
            var series = series { $0.number = { $0 + 1 + 6 * run } }
            series.instance = "1.5.\(run)"
            try series.write(to: scratch.file("in"))
            series.header.number = { _ in nil }
            try series.write(to: scratch.file("without"))
        }
        let text = refusal(scratch.file("in"))
        #expect(text.contains("1 (6 images, numbers 1 to 6") && text.contains("2 (6 images, numbers 7 to 12"), "\(text)")
        #expect(try read(scratch.file("in"), volume: 2).volume.extent.z == 6)
        #expect(refusal(scratch.file("without")).contains("6 images lie where another one does"))
        #expect(refusal(scratch.file("without"), volume: 1).contains("no volume 1"))
    }
}
