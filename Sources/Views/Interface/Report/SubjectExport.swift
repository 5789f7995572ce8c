import Cohorts
import Foundation
import Foundations
import Masks
import Screens
import SessionFormat
import TerminalKit

/// Writes what the masks screen shows of a subject: the shown masks with what made them, the volumes, the picture, and a report.
package struct SubjectExport: Sendable {
    private let state: WorkbenchState
    private let session: SessionFolder
    private let written: Date

    /// - Parameters:
    ///   - state: the masks screen as it is shown.
    ///   - session: whose masks they are.
    ///   - written: the report's date.
    package init(_ state: WorkbenchState, session: SessionFolder, written: Date = Date()) {
        self.state = state
        self.session = session
        self.written = written
    }

    /// The folder that a user's words mean: from `/` or `~` on, or below the session's own folder.
    static func place(_ words: String, _ session: SessionFolder) -> URL {
        if words.hasPrefix("~") { return URL(fileURLWithPath: NSString(string: words).expandingTildeInPath, isDirectory: true) }
        return URL(fileURLWithPath: words, isDirectory: true, relativeTo: session.root).absoluteURL.standardizedFileURL
    }

    /// Writes `<subject>.html`, `.csv`, `.png` and, for each shown mask, `<subject>.<subtype>.nii.gz` with its `.json`.
    /// - Returns: the files, the report first.
    /// - Throws: `Failure` where no subject is shown, a prediction has not covered the whole lung, or a file cannot be written.
    @discardableResult
    package func write(to folder: URL) throws -> [URL] {
        guard let loaded = state.masks.loaded else { throw Failure("no subject is shown; choose one first") }
        if state.masks.partial != nil { throw Failure("\(loaded.id) is being predicted; export it when that is done") }
        let report = SubjectReport(loaded, threshold: state.view.threshold, session: session.name)
        for subtype in report.subtypes where loaded.volumes[subtype].isPartial {
            throw Failure(
                "the \(subtype.title) mask of \(loaded.id) does not cover the whole lung yet; export it when its prediction is complete")
        }
        guard SessionFolder(folder).root.pathComponents != session.masks.pathComponents else {
            throw Failure("\(folder.path) holds the session's own masks; choose another folder")
        }
        func file(_ ending: String) -> URL { folder.appendingPathComponent("\(loaded.id).\(ending)") }
        var targets = CommandFiles(kept: KeptFolder.all)
        for ending in ["html", "csv", "png"] + report.subtypes.map({ "\($0.rawValue).nii.gz" }) {
            targets.writes("the report's file", file(ending).path)
        }
        try targets.check()
        var files: [URL] = []
        for subtype in report.subtypes where state.view.shows.contains(subtype) {
            files += try writeMask(subtype, loaded, to: file("\(subtype.rawValue).nii.gz"))
        }
        let picture = try bare.picture().png()
        // The report comes last: where it is, everything that it speaks of is, too.
        let texts = [
            (file("png"), picture), (file("csv"), Data(report.csv.utf8)),
            (file("html"), Data(report.page(picture: picture, written: written).utf8)),
        ]
        for (place, data) in texts { try AtomicFile.write(data, to: place) }
        return texts.map(\.0).reversed() + files
    }

    /// The screen without what lies over it.
    private var bare: WorkbenchState {
        var state = state
        state.overlay = nil
        state.message = nil
        state.held = nil
        return state
    }

    /// A mask at the threshold that is shown, in the CT's grid, with its provenance.
    private func writeMask(_ subtype: EmphysemaSubtype, _ loaded: LoadedSubject, to file: URL) throws -> [URL] {
        let volumes = loaded.volumes[subtype]
        guard var mask = volumes.mask else { return [] }
        let threshold = state.view.threshold
        if !threshold.isTheMask, let probability = volumes.probability {
            mask = probability.mapVoxels { $0 >= threshold.probability ? 1 : 0 }
        }
        guard var provenance = volumes.provenance, let lungs = loaded.volumes.lungs else {
            throw Failure("nothing says what made the \(subtype.title) mask of \(loaded.id); segment the subject again")
        }
        provenance.threshold = Double(threshold.probability)
        provenance.volumes = EmphysemaVolumes(mask: mask, lungs: lungs)
        provenance.stale = volumes.staleReason
        // The session's own mask has the CT's header.
        try provenance.write(mask, to: file, like: session.mask(subject: loaded.id, subtype: subtype.rawValue))
        return [file, MaskProvenance.file(beside: file)]
    }
}
