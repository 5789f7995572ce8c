import Foundation
import Foundations

/// A thorax CT, and how it was acquired where that is known.
package struct CTImage: Sendable {
    /// HU.
    package let volume: Volume<Int16>
    package let acquisition: CTAcquisition?
    /// What was done where the file's header says two things, one sentence each.
    package var headerNotes: [String] = []

    /// Reads an image file, or the one DICOM series of a folder.
    package static func read(_ source: URL, parallel: Parallel) throws -> CTImage {
        if FileStamp.isFolder(source) { return try DicomImport(source, parallel: parallel).read() }
        return CTImage(
            volume: try NiftiFile.readCT(source), acquisition: CTAcquisition.read(beside: source),
            headerNotes: try NiftiFile.readHeader(source).notes)
    }

    /// Writes the image, and what is known of its acquisition beside it as `<image>.json`: both or none.
    package func write(to file: URL) throws {
        guard let acquisition else { return try NiftiFile.write(volume, to: file) }
        try AtomicFile.replace([file, CTAcquisition.file(beside: file)]) { temporaries in
            try NiftiFile.writeNew(volume, to: temporaries[0], called: file)
            try AtomicFile.writeNew(try acquisition.json(), to: temporaries[1], called: CTAcquisition.file(beside: file))
        }
    }
}
