import Foundation

/// A cohort whose patches are cut: what training, feature extraction and evaluation read.
///
/// The folder holds `prepared.json`, `quality.csv`, `atlas/`, `lungs/`, `transforms/` and `patches/`; `Preparation` writes it.
public struct PreparedCohort: Sendable {
    public let folder: URL
    public let atlas: Atlas
    /// In the order of the patches.
    public let subjects: [PreparedSubject]
    public let patches: PatchStore
    public let settings: PreparationSettings

    /// Opens a prepared folder.
    /// - Throws: `Failure` where it is none, is unfinished, was made with another atlas than the one it holds, or its patches are damaged.
    public init(_ folder: URL) throws {
        let place = PreparedFolder(folder)
        guard let description = try place.readDescription() else {
            throw Failure(
                "\(place.root.path) is no prepared cohort: it has no prepared.json; run `workbench prepare` (again, if it was interrupted)")
        }
        let atlas = try AtlasFolder.read(place.atlas)
        guard atlas.checksum == description.atlas else {
            throw Failure(
                "\(place.root.path) was prepared with another atlas than the one in its atlas folder; run `workbench prepare` again")
        }
        self.folder = place.root
        self.atlas = atlas
        settings = description.settings
        subjects = try description.subjects.map { record in
            guard record.atlasToSubject.count == 16 else { throw Failure("\(place.description.path) is damaged at subject \(record.id)") }
            return PreparedSubject(
                id: record.id, image: place.resolved(record.image), lungs: place.lungs(record.id),
                atlasToSubject: Affine3(rowMajor: record.atlasToSubject), quality: record.quality, labels: record.labels)
        }
        patches = try PatchStore(folder: place.patches, landmarks: atlas.landmarks.count, count: subjects.count)
    }

    /// The subject of that name.
    public func subject(_ id: String) throws -> PreparedSubject {
        if let found = subjects.first(where: { $0.id == id }) { return found }
        throw Failure(
            "\(folder.path) has no subject \"\(id)\"; it has \(subjects.prefix(5).map(\.id).joined(separator: ", "))\(subjects.count > 5 ? ", …" : "")"
        )
    }
}
