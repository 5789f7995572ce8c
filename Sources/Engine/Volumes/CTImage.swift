import Foundation

/// A thorax CT, and how it was acquired where that is known.
public struct CTImage: Sendable {
    /// HU.
    public let volume: Volume<Int16>
    public let acquisition: CTAcquisition?
    /// What was done where the file's header says two things, one sentence each.
    public var headerNotes: [String] = []

    /// Reads an image file, or the one DICOM series of a folder.
    public static func read(_ source: URL, parallel: Parallel) throws -> CTImage {
        if isFolder(source) { return try DicomImport(source, parallel: parallel).read() }
        return CTImage(
            volume: try NiftiFile.readCT(source), acquisition: CTAcquisition.read(beside: source),
            headerNotes: try NiftiFile.readHeader(source).notes)
    }

    /// Writes the image, and what is known of its acquisition beside it as `<image>.json`: both or none.
    public func write(to file: URL) throws {
        guard let acquisition else { return try NiftiFile.write(volume, to: file) }
        try AtomicFile.replace([file, CTAcquisition.file(beside: file)]) { temporaries in
            try NiftiFile.writeNew(volume, to: temporaries[0], called: file)
            try AtomicFile.writeNew(try acquisition.json(), to: temporaries[1], called: CTAcquisition.file(beside: file))
        }
    }

    static func isFolder(_ place: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
