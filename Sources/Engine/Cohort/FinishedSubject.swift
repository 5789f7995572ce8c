import Foundation

/// A subject that went through preparation, as `finished/<id>.json` keeps it; its patches lie beside it as `<id>.patches`
/// ([landmark][z][y][x], Int16) until those of all subjects are brought into landmark order.
struct FinishedSubject: Codable {
    /// What the result depends on besides the inputs.
    let atlas: String
    let settings: PreparationSettings
    let image: FileStamp
    let givenLungs: FileStamp?
    let record: SubjectRecord
    let seconds: Double

    /// Reads a subject's file; nil where there is none or it is of another version or damaged: the subject is then done again.
    static func read(_ id: String, in folder: PreparedFolder) -> FinishedSubject? {
        guard let data = try? Data(contentsOf: file(id, in: folder)) else { return nil }
        return try? JSONDecoder().decode(FinishedSubject.self, from: data)
    }

    func write(in folder: PreparedFolder) throws { try PreparedFolder.writeJSON(self, to: Self.file(record.id, in: folder)) }

    /// Whether atlas, settings and the bytes of the inputs are still those.
    func isCurrent(atlas: Atlas, settings: PreparationSettings, row: CohortManifest.Row) throws -> Bool {
        guard self.atlas == atlas.checksum, self.settings == settings, (givenLungs == nil) == (row.lungs == nil) else { return false }
        guard try FileStamp(row.image, known: image).checksum == image.checksum else { return false }
        guard let lungs = row.lungs, let known = givenLungs else { return true }
        return try FileStamp(lungs, known: known).checksum == known.checksum
    }

    static func file(_ id: String, in folder: PreparedFolder) -> URL { folder.finished.appendingPathComponent("\(id).json") }
    static func patches(_ id: String, in folder: PreparedFolder) -> URL { folder.finished.appendingPathComponent("\(id).patches") }
}
