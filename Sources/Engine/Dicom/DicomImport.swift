import Foundation

/// A folder with the DICOM files of one CT series, read through Debian's `dcmdump` (headers) and `dcm2niix` (voxels).
///
/// The files are linked under numbers into a private folder first, so that no name of theirs reaches a message, and only technical fields of
/// their headers are asked for. The voxels' places are those of the headers: what the converter says is compared with them.
public struct DicomImport: Sendable {
    private let folder: URL
    private let number: Int?
    private let parallel: Parallel

    /// - Parameters:
    ///   - folder: is searched with the folders below it.
    ///   - series: the number of the series to take; nil where there is only one.
    public init(_ folder: URL, series: Int? = nil, parallel: Parallel) {
        self.folder = folder
        number = series
        self.parallel = parallel
    }

    /// HU on the slices' own grid, upright where the gantry was tilted; and how it was acquired.
    /// - Throws: `Failure` where the folder is not one complete CT series, its compression cannot be decoded, its values are no HU, or a tool is
    ///   missing.
    public func read() throws -> CTImage {
        for tool in [ExternalTool.headerReader, .converter] where tool.place == nil {
            throw Failure(
                "\(folder.path) is a folder, as of a DICOM series, and \(tool.name), which \(tool.purpose), is not installed; "
                    + "run: apt-get install \(tool.package)")
        }
        return try TemporaryFolder.with { place in
            let series = try self.series(place)
            let image = try convert(series, in: place)
            return CTImage(volume: image, acquisition: series.acquisition)
        }
    }

    // MARK: Headers

    /// Links the folder's DICOM files into `place/all` and finds the series among them.
    private func series(_ place: URL) throws -> DicomSeries {
        let (files, others) = try dicomFiles()
        guard !files.isEmpty else {
            throw Failure(
                "\(folder.path) is a folder that holds no DICOM file (\(others) other files); expected one for each slice of a CT series")
        }
        let links = place.appendingPathComponent("all", isDirectory: true)
        try AtomicFile.makeFolder(links)
        for (index, file) in files.enumerated() {
            let link = links.appendingPathComponent(String(format: "%06d.dcm", index))
            guard symlink(file.path, link.path) == 0 else { throw Failure.system("link the files of \(folder.path)") }
        }
        let fields = DicomSlice.tags.flatMap { ["+P", $0] }
        let dump = try ExternalTool.headerReader.run(
            ["-q", "-M", "+L", "+F", "+p", "-Un", "+fo"] + fields + ["+sd", links.path], in: place)
        let slices = DicomSlice.slices(inDump: dump.output)
        // Of a file that is cut off nothing is listed.
        let whole = slices.count { !$0.kind.isEmpty }
        guard whole == files.count else {
            throw Failure(
                "\(folder.path): \(files.count - whole) of \(files.count) DICOM files are damaged or cut off; export the series again")
        }
        return try DicomSeries(of: slices, number: number, folder: folder.path)
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

    /// A preamble of 128 bytes, then `DICM`.
    private func isDicom(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        guard let head = try? handle.read(upToCount: 132), head.count == 132 else { return false }
        return head.suffix(4) == Data("DICM".utf8)
    }

    // MARK: Voxels

    private func convert(_ series: DicomSeries, in place: URL) throws -> Volume<Int16> {
        let chosen = place.appendingPathComponent("series", isDirectory: true)
        let converted = place.appendingPathComponent("converted", isDirectory: true)
        for folder in [chosen, converted] { try AtomicFile.makeFolder(folder) }
        for slice in series.slices {
            let (from, to) = (place.appendingPathComponent("all/\(slice.file)"), chosen.appendingPathComponent(slice.file))
            guard rename(from.path, to.path) == 0 else { throw Failure.system("link the files of \(folder.path)") }
        }
        // No sidecar, no names from the headers, no cropping, no compression.
        let run = try ExternalTool.converter.run(
            ["-b", "n", "-z", "n", "-x", "i", "-m", "y", "-f", "image", "-o", converted.path, chosen.path], in: place)
        let image = converted.appendingPathComponent("image.nii")
        guard FileManager.default.fileExists(atPath: image.path) else {
            if run.output.contains("Unsupported transfer syntax") || run.errors.contains("Unsupported transfer syntax") {
                throw Failure(
                    "\(folder.path): its images are compressed in a way (transfer syntax \(series.slices[0].transferSyntax)) that dcm2niix does not "
                        + "decode; decompress them first, for example with dcmdjpls or gdcmconv --raw")
            }
            throw Failure("\(folder.path): dcm2niix made no image of its \(series.slices.count) slices (status \(run.status))")
        }
        let found: Volume<Int16>
        do { found = try NiftiFile.readCT(image) } catch let failure as Failure {
            throw Failure(failure.description.replacingOccurrences(of: image.path, with: folder.path))
        }
        return try placed(found, series)
    }

    /// The converter's voxels at the places that the headers give them.
    private func placed(_ found: Volume<Int16>, _ series: DicomSeries) throws -> Volume<Int16> {
        let first = series.slices[0]
        guard found.extent == Extent3(x: first.columns, y: first.rows, z: series.slices.count) else {
            throw Failure(
                "\(folder.path): dcm2niix made \(found.extent) voxels of \(series.slices.count) slices of \(first.columns)×\(first.rows); "
                    + "the series is not one volume")
        }
        // The converter turns rows and slices around as it sees fit; in a tilted series it gives no true map.
        let exact = series.voxelToWorld
        var affine = exact
        for axis in 0..<3 where dot(found.voxelToWorld[column: axis], exact[column: axis]) < 0 {
            affine.translation += exact[column: axis] * Double(found.extent[axis] - 1)
            affine[column: axis] = -exact[column: axis]
        }
        let volume = Volume(extent: found.extent, voxelToWorld: affine, voxels: found.voxels)
        if series.tiltDegrees != nil { return try upright(volume) }
        guard found.extent.corners.allSatisfy({ length(found.voxelToWorld($0) - affine($0)) < 0.05 }) else {
            throw Failure("\(folder.path): dcm2niix places the slices elsewhere than their headers do; please report this series")
        }
        return volume
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
