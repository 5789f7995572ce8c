import Foundation
import Foundations

/// Takes the pixels out of a series' files, slice by slice, and makes HU of them by each slice's own header.
struct DicomPixels {
    let series: DicomSeries
    /// Where the numbered links are.
    let links: URL
    /// A private folder on the disk for temporary files.
    let place: URL
    /// What messages call the series.
    let folder: String
    let parallel: Parallel

    /// So many slices lie unpacked on the disk at once.
    private static let batch = 64
    /// Padding whose value tissue could have lies along the edge of the slices, but for this part of it.
    private static let straySharePadding = 0.1

    /// A word's HU, rounded, or one of these.
    private static let padding = Int32.min
    private static let stray = Int32.max

    /// HU `[slice][row][column]`, with the rows of each slice turned around, so that they go from the back to the front of a patient on his back.
    /// - Throws: `Failure` where a slice cannot be decoded or its values are no HU.
    func hounsfield() throws -> [Int16] {
        let (columns, rows) = (series.slices[0].columns, series.slices[0].rows)
        let tables = Dictionary(uniqueKeysWithValues: Set(series.slices.map(\.pixels)).map { ($0, Self.table($0)) })
        // Grows with what the files really hold: a damaged header must not claim memory.
        var voxels: [Int16] = []
        var tally = Tally()
        for begin in stride(from: 0, to: series.slices.count, by: Self.batch) {
            let batch = Array(series.slices[begin..<min(begin + Self.batch, series.slices.count)])
            let words = try self.words(of: batch)
            for (index, slice) in batch.enumerated() {
                guard let table = tables[slice.pixels] else { preconditionFailure("DicomPixels: a slice without a table") }
                let start = voxels.count
                voxels.append(contentsOf: repeatElement(NiftiFile.emptyHounsfield, count: columns * rows))
                for row in 0..<rows {
                    let line = words[index][row * columns..<(row + 1) * columns]
                    try fill(&voxels, from: start + (rows - 1 - row) * columns, line, table, slice, &tally)
                }
            }
        }
        try requireOutside(tally)
        try NiftiFile.requireHounsfield(lowest: tally.lowest, highest: tally.highest, path: folder)
        return voxels
    }

    /// Values that tissue has, within the picture: what says padding may be tissue.
    private func requireOutside(_ tally: Tally) throws {
        guard Double(tally.padded - tally.paddedAtEdge) > Self.straySharePadding * Double(tally.padded),
            let slice = series.slices.first(where: { $0.pixels.padding != nil }), let padding = slice.pixels.padding
        else { return }
        let value = (slice.pixels.slope ?? 1) * Double(padding) + (slice.pixels.intercept ?? 0)
        guard (-1000..<2000).contains(value) else { return }
        throw Failure(
            "\(folder): its PixelPaddingValue \(padding) stands for \(CTAcquisition.brief(value)) HU, which pixels within the patient have, "
                + "too: which of them hold no measurement is not known; export the series again without that field")
    }

    /// What was met in all slices.
    private struct Tally {
        var lowest = Double.infinity
        var highest = -Double.infinity
        /// Pixels of padding, and those of them in a run that begins at the left or right edge.
        var padded = 0
        var paddedAtEdge = 0
    }

    private func fill(
        _ voxels: inout [Int16], from start: Int, _ line: ArraySlice<UInt16>, _ table: [Int32], _ slice: DicomSlice, _ tally: inout Tally
    ) throws {
        var run = 0
        var sawTissue = false
        var (lowest, highest) = (Int32.max, Int32.min)
        for (column, word) in line.enumerated() {
            let value = table[Int(word)]
            if value == Self.padding {
                tally.padded += 1
                run += 1
                continue
            }
            guard value != Self.stray else {
                throw Failure(
                    "\(folder): \(slice.name) has pixels with bits set beyond the \(slice.pixels.bitsStored ?? 0) that are stored (BitsStored): "
                        + "their values are not known; export the series again")
            }
            if !sawTissue { tally.paddedAtEdge += run }
            sawTissue = true
            run = 0
            lowest = min(lowest, value)
            highest = max(highest, value)
            voxels[start + column] = Int16(min(max(value, Int32(NiftiFile.emptyHounsfield)), Int32(Int16.max)))
        }
        tally.paddedAtEdge += run
        guard lowest <= highest else { return }
        tally.lowest = min(tally.lowest, Double(lowest))
        tally.highest = max(tally.highest, Double(highest))
    }

    /// What each of all possible words stands for.
    private static func table(_ format: DicomPixelFormat) -> [Int32] {
        (0...UInt16.max).map { word in
            switch format.meaning(of: word) {
            case .padding: padding
            case .strayBits: stray
            case .hounsfield(let value): Int32(min(max(value.rounded(), -1e9), 1e9))
            }
        }
    }

    // MARK: Words

    /// The stored words of some slices, `[slice][row · columns + column]`.
    private func words(of slices: [DicomSlice]) throws -> [[UInt16]] {
        try slices.forEach(requirePixels)
        let work = place.appendingPathComponent("unpacked", isDirectory: true)
        let raw = work.appendingPathComponent("raw", isDirectory: true)
        try AtomicFile.makeFolder(raw)
        defer { try? FileManager.default.removeItem(at: work) }
        let pixels = slices.reduce(0) { $0 + $1.rows * $1.columns * 2 }
        let packed = slices.contains { DicomCompression(transferSyntax: $0.transferSyntax) != .none }
        let bytes = pixels * (packed ? 2 : 1)
        let doing = "decode the images of \(folder)"
        try TemporaryFolder.requireRoom(for: bytes, in: work, to: doing)
        do {
            let files = parallel.map(slices.count) { index in Result { try unpacked(slices[index], in: work) } }
            let sources = try files.map { try $0.get() }
            let plain = sources.filter { $0.pathExtension == "dcm" }
            if !plain.isEmpty {
                // Only what is searched for is written, and printed in short.
                let run = try ExternalTool.headerReader.run(["-q", "+W", raw.path, "+P", "7fe0,0010"] + plain.map(\.path), in: work)
                if run.status < 0 { throw Failure("cannot \(doing): \(ExternalTool.headerReader.name) \(run.ending)") }
            }
            return try zip(slices, sources).map { slice, source in
                source.pathExtension == "dcm"
                    ? try words(of: slice, in: raw) : try ConvertedSlice(source, slice: slice, folder: folder).words
            }
        } catch {
            // A tool that had no room leaves too little, and seldom says why.
            try TemporaryFolder.requireRoom(for: slices[0].rows * slices[0].columns * 2, in: work, to: doing)
            throw error
        }
    }

    /// A file whose pixels are not packed: the link itself, or what a decoder made of it.
    private func unpacked(_ slice: DicomSlice, in work: URL) throws -> URL {
        let link = links.appendingPathComponent(slice.file)
        switch DicomCompression(transferSyntax: slice.transferSyntax) {
        case .none: return link
        case .unpacked(let tool):
            let file = work.appendingPathComponent(slice.file)
            let run = try tool.run(["-q", link.path, file.path], in: work)
            guard run.status == 0, FileManager.default.fileExists(atPath: file.path) else {
                throw Failure(
                    "\(folder): \(slice.name) could not be decoded, \(tool.name) \(run.ending) (transfer syntax \(slice.transferSyntax)); "
                        + "export the series again, or decompress it first, for example with gdcmconv --raw")
            }
            return file
        case .converted: return try ConvertedSlice.convert(link, slice: slice, in: work, folder: folder)
        case .unknown(let name, let remedy):
            throw Failure("\(folder): its images are compressed in a way that cannot be decoded here, \(name); \(remedy)")
        }
    }

    /// Refuses a file that is smaller than the pixels that it claims to hold as they are.
    private func requirePixels(_ slice: DicomSlice) throws {
        let isDeflated = slice.transferSyntax == DicomCompression.deflated
        guard DicomCompression(transferSyntax: slice.transferSyntax) == .none, !isDeflated else { return }
        let bytes = try FileStamp.bytes(of: links.appendingPathComponent(slice.file))
        if bytes < slice.rows * slice.columns * (slice.pixels.bitsAllocated ?? 16) / 8 { throw cutOff(slice) }
    }

    /// - Parameter remedy: what may help beside another export.
    private func cutOff(_ slice: DicomSlice, remedy: String = "") -> Failure {
        Failure(
            "\(folder): the pixels of \(slice.name) are missing or cut off; expected \(slice.columns)×\(slice.rows) of "
                + "\(slice.pixels.bitsAllocated ?? 16) bits; export the series again\(remedy)")
    }

    private func words(of slice: DicomSlice, in raw: URL) throws -> [UInt16] {
        // Pictures of an icon come before the image's own pixels.
        let names = (0..<16).map { raw.appendingPathComponent("\(slice.file).\($0).raw") }
        let count = slice.rows * slice.columns
        let width = (slice.pixels.bitsAllocated ?? 16) / 8
        guard let file = names.last(where: { FileManager.default.fileExists(atPath: $0.path) }), let data = try? Data(contentsOf: file),
            // A byte more makes the length even.
            data.count == count * width || data.count == count * width + 1
        else {
            // The file may be whole, and a limit on what is written keep its pixels from coming out.
            throw cutOff(slice, remedy: ", or set TMPDIR to a folder that takes larger files")
        }
        return data.withUnsafeBytes { bytes in
            width == 1
                ? (0..<count).map { UInt16(bytes[$0]) }
                : (0..<count).map { UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) }
        }
    }
}
