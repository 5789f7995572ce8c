import Foundation
import Foundations
import Imaging

/// A subject that went through preparation, as `finished/<id>.json` keeps it; its patches lie beside it as `<id>.patches`
/// ([landmark][z][y][x], Int16) until those of all subjects are brought into landmark order.
struct FinishedSubject: Codable {
    /// What the result depends on besides the inputs.
    let atlas: String
    let settings: PreparationSettings
    let image: FileStamp
    let givenLungs: FileStamp?
    let record: SubjectRecord
    let times: StageTimes
    /// Of the lung mask that was written: it depends on the inputs alone, so that another atlas need not find the lungs again.
    let lungs: FileStamp
    /// SHA-256 of `<id>.patches`; nil in files of earlier versions.
    var patches: String?
    /// What was said of that mask when it was found; nil in files of earlier versions.
    let lungQuality: LungMaskQuality?

    /// Reads a subject's file; nil where there is none or it is of another version or damaged: the subject is then done again.
    static func read(_ id: String, in folder: PreparedFolder) -> FinishedSubject? {
        guard let data = try? Data(contentsOf: file(id, in: folder)), Seal.holds(data) else { return nil }
        return try? JSONDecoder().decode(FinishedSubject.self, from: data)
    }

    func write(in folder: PreparedFolder) throws { try PreparedFolder.writeJSON(self, to: Self.file(record.id, in: folder)) }

    /// Whether the bytes of the inputs are still those, and the reader's word on them.
    /// - Parameters:
    ///   - corrected: checksum of the reader's corrected lung mask; nil where there is none.
    ///   - acceptsRefused: whether the reader takes the scan although it is refused.
    func hasSameInputs(_ row: CohortManifest.Row, corrected: String?, acceptsRefused: Bool) throws -> Bool {
        guard (givenLungs == nil) == (row.lungs == nil) else { return false }
        guard record.quality.correctedLungs == corrected, record.quality.isAccepted != true || acceptsRefused else { return false }
        guard try FileStamp(row.image, known: image).checksum == image.checksum else { return false }
        guard let mask = row.lungs, let known = givenLungs else { return true }
        return try FileStamp(mask, known: known).checksum == known.checksum
    }

    /// Whether atlas and settings, and what was written of image and lungs, are still those.
    func isCurrent(atlas: Atlas, settings: PreparationSettings, in folder: PreparedFolder) -> Bool {
        self.atlas == atlas.checksum && self.settings == settings && hasLungs(in: folder)
            && FileManager.default.fileExists(atPath: folder.resolved(record.image).path)
    }

    /// Whether the lung mask that was written is still there.
    func hasLungs(in folder: PreparedFolder) -> Bool {
        (try? FileStamp(folder.lungs(record.id), known: lungs))?.checksum == lungs.checksum
    }

    static func file(_ id: String, in folder: PreparedFolder) -> URL { folder.finished.appendingPathComponent("\(id).json") }
    static func patches(_ id: String, in folder: PreparedFolder) -> URL { folder.finished.appendingPathComponent("\(id).patches") }
}
