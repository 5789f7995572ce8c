import Foundation
import Foundations

/// A folder with the DICOM files of one CT series, read through dcmtk: headers and pixels by `dcmdump`, compressed images by its decoders
/// (JPEG 2000 by `dcm2niix`).
///
/// The files are linked under numbers into a private folder first, so that no name of theirs reaches a message, and only technical fields of
/// their headers are asked for. Positions and directions say where a slice lies; its own header says what its pixels mean.
package struct DicomImport: Sendable {
    private let folder: URL
    private let number: Int?
    private let chosenVolume: Int?
    private let parallel: Parallel

    /// - Parameters:
    ///   - folder: is searched with the folders below it.
    ///   - series: the number of the series to take; nil where there is only one.
    ///   - volume: which of several volumes of the series to take, from 1; nil where there is only one.
    package init(_ folder: URL, series: Int? = nil, volume: Int? = nil, parallel: Parallel) {
        self.folder = folder
        number = series
        chosenVolume = volume
        self.parallel = parallel
    }

    /// HU on the slices' own grid, upright where the gantry was tilted; and how it was acquired.
    /// - Throws: `Failure` where the folder is not one complete CT series, its compression cannot be decoded, its values are no HU, a tool is
    ///   missing, or the disk for temporary files is full.
    package func read() throws -> CTImage {
        let tool = ExternalTool.headerReader
        guard tool.place != nil else {
            throw Failure(
                "\(folder.path) is a folder, as of a DICOM series, and \(tool.name), which \(tool.purpose), is not installed; "
                    + "run: apt-get install \(tool.package)")
        }
        return try TemporaryFolder.with { place in
            let links = place.appendingPathComponent("all", isDirectory: true)
            let series = try self.series(links, place)
            let pixels = DicomPixels(series: series, links: links, place: place, folder: folder.path, parallel: parallel)
            let volume = placed(try pixels.hounsfield(), series.stack)
            let cautions = HounsfieldCheck(volume).cautions
            let image = series.stack.tiltDegrees == nil ? volume : try upright(volume)
            var acquisition = series.acquisition
            acquisition.valueCautions = cautions.isEmpty ? nil : cautions
            return CTImage(volume: image, acquisition: acquisition)
        }
    }

    // MARK: Headers

    /// Links the folder's DICOM files into `links` and finds the series among them.
    private func series(_ links: URL, _ place: URL) throws -> DicomSeries {
        let (files, others) = try dicomFiles()
        guard !files.isEmpty else {
            throw Failure(
                "\(folder.path) is a folder that holds no DICOM file (\(others) other files); expected one for each slice of a CT series")
        }
        try AtomicFile.makeFolder(links)
        for (index, file) in files.enumerated() {
            let link = links.appendingPathComponent(String(format: "%06d.dcm", index))
            guard symlink(file.path, link.path) == 0 else {
                throw Failure.system("link the files of \(folder.path) in \(FileManager.default.temporaryDirectory.path)")
            }
        }
        let fields = DicomSlice.tags.flatMap { ["+P", $0] }
        let dump = try ExternalTool.headerReader.run(
            ["-q", "-M", "+L", "+F", "+p", "+Qn", "-Un"] + fields + ["+sd", links.path], in: place)
        let slices = DicomSlice.slices(inDump: dump.output)
        // Of a file that is cut off nothing is listed.
        let whole = slices.count { $0.fieldCount > 0 }
        guard whole == files.count else {
            if dump.status < 0 {
                throw Failure(
                    "cannot read the headers of \(folder.path): \(ExternalTool.headerReader.name) \(dump.ending) after \(whole) of "
                        + "\(files.count) files")
            }
            throw Failure(
                "\(folder.path): \(files.count - whole) of \(files.count) DICOM files are damaged or cut off; export the series again")
        }
        return try DicomSeries(of: slices, number: number, volume: chosenVolume, folder: folder.path)
    }

    /// Files that begin as DICOM files do, by path, and how many others there are.
    private func dicomFiles() throws -> (files: [URL], others: Int) {
        guard
            let walk = FileManager.default.enumerator(at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: [.isRegularFileKey])
        else {
            throw Failure.system("read the folder \(folder.path)")
        }
        var files: [URL] = []
        var others = 0
        for case let file as URL in walk.allObjects {
            let resolved = file.resolvingSymlinksInPath()
            guard (try? resolved.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else { continue }
            if isDicom(resolved) { files.append(resolved) } else { others += 1 }
        }
        return (files.sorted { $0.path < $1.path }, others)
    }

    /// A preamble of 128 bytes, then `DICM`; or at once, as some programs write them, a first field of the groups 2 or 8.
    private func isDicom(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        guard let head = try? handle.read(upToCount: 132), head.count == 132 else { return false }
        if head.suffix(4) == Data("DICM".utf8) { return true }
        let bytes = Array(head.prefix(8))
        // Group, element, then either the kind in two capital letters or a length of four bytes.
        guard bytes[0] == 2 || bytes[0] == 8, bytes[1] == 0, bytes[3] == 0 else { return false }
        let hasKind = bytes[4...5].allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        return hasKind || (bytes[6] == 0 && bytes[7] == 0)
    }

    // MARK: Places

    /// Voxels at the places that the headers give them; rows come turned around.
    private func placed(_ voxels: [Int16], _ stack: DicomStack) -> Volume<Int16> {
        let extent = Extent3(x: stack.slices[0].columns, y: stack.slices[0].rows, z: stack.slices.count)
        var affine = stack.voxelToWorld
        affine.translation += affine.columnY * Double(extent.y - 1)
        affine.columnY = -affine.columnY
        return Volume(extent: extent, voxelToWorld: affine, voxels: voxels)
    }

    /// Slices that are shifted against each other, on a grid whose axes are square to each other and which holds them all.
    private func upright(_ volume: Volume<Int16>) throws -> Volume<Int16> {
        let affine = volume.voxelToWorld
        let (x, y) = (affine.columnX, affine.columnY)
        let normal = cross(x, y) / length(cross(x, y))
        let spacing = dot(affine.columnZ, normal)
        let drift = affine.columnZ - normal * spacing
        // In pixels from the first slice to the last.
        let shifts = [dot(drift, x) / dot(x, x), dot(drift, y) / dot(y, y)].map { $0 * Double(volume.extent.z - 1) }
        let before = shifts.map { Int(max(0, -$0).rounded(.up)) }
        let after = shifts.map { Int(max(0, $0).rounded(.up)) }
        var target = affine
        target.columnZ = normal * spacing
        target.translation -= x * Double(before[0]) + y * Double(before[1])
        let extent = Extent3(
            x: volume.extent.x + before[0] + after[0], y: volume.extent.y + before[1] + after[1], z: volume.extent.z)
        return try Resampler.linear(volume, onto: extent, voxelToWorld: target, parallel: parallel)
    }
}
