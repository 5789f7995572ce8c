import Foundation
import Foundations

/// A prepared cohort without its patches: what the viewer, fine-tuning and evaluation need to know of the subjects.
package struct CohortCatalogue: Sendable {
    package let folder: URL
    package let atlas: Atlas
    /// In the order of the patches.
    package let subjects: [PreparedSubject]
    package let settings: PreparationSettings

    /// Opens a prepared folder.
    /// - Throws: `Failure` where it is none, is unfinished, or was made with another atlas than the one it holds.
    package init(_ folder: URL) throws {
        let place = PreparedFolder(folder)
        guard let description = try place.readDescription() else {
            throw Failure(
                "\(place.root.path) is not a prepared cohort: it has no prepared.json; run `workbench prepare` (again, if it was interrupted)"
            )
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
            let numbers = record.atlasToSubject
            guard numbers.count == 16, numbers.allSatisfy({ abs($0) < 1e6 }), abs(Affine3(rowMajor: numbers).determinant) > 1e-3 else {
                throw Failure("\(place.description.path) is damaged at subject \(record.id); delete it and run `workbench prepare` again")
            }
            return PreparedSubject(
                id: record.id, image: place.resolved(record.image),
                imageChecksum: record.imageChecksum.isEmpty ? nil : record.imageChecksum, lungs: place.lungs(record.id),
                atlasToSubject: Affine3(rowMajor: record.atlasToSubject), quality: record.quality, acquisition: record.acquisition,
                labels: record.labels)
        }
    }

    /// Boxes of subjects that preparation left out (`quality.csv` says why): subject and count, by name.
    /// - Parameter file: what messages call the list of boxes.
    /// - Throws: `Failure` where a box names a subject that was never among those prepared.
    package func leftOut(_ boxes: [LesionBox], of file: String) throws -> [(subject: String, boxes: Int)] {
        let known = Set(subjects.map(\.id))
        let others = Dictionary(grouping: boxes.map(\.subject).filter { !known.contains($0) }) { $0 }.mapValues(\.count)
        guard !others.isEmpty else { return [] }
        let table = try CSVTable(contentsOf: PreparedFolder(folder).quality)
        let column = try table.column("subject")
        let listed = Set(table.rows.map { $0.fields[column] })
        if let stranger = others.keys.filter({ !listed.contains($0) }).min() {
            do { _ = try subject(stranger) } catch let failure as Failure { throw Failure("\(file): \(failure.description)") }
        }
        return others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Boxes with the checksums of the CTs that they lie in here.
    package func identified(_ boxes: [LesionBox]) -> [LesionBox] {
        let images = Dictionary(uniqueKeysWithValues: subjects.map { ($0.id, $0.imageChecksum) })
        return boxes.map {
            LesionBox(subject: $0.subject, label: $0.label, centre: $0.centre, image: $0.image ?? images[$0.subject] ?? nil)
        }
    }

    /// The subject of that name.
    package func subject(_ id: String) throws -> PreparedSubject {
        if let found = subjects.first(where: { $0.id == id }) { return found }
        throw Failure(
            "\(folder.path) has no subject \"\(id)\"; it has \(subjects.prefix(5).map(\.id).joined(separator: ", "))\(subjects.count > 5 ? ", …" : "")"
        )
    }
}

/// A cohort whose patches are cut: what training and feature extraction read.
///
/// The folder holds `prepared.json`, `quality.csv`, `atlas/`, `lungs/`, `transforms/` and `patches/`; `Preparation` writes it.
package struct PreparedCohort: Sendable {
    package let catalogue: CohortCatalogue
    package let patches: PatchStore

    package var folder: URL { catalogue.folder }
    package var atlas: Atlas { catalogue.atlas }
    /// In the order of the patches.
    package var subjects: [PreparedSubject] { catalogue.subjects }

    /// Opens a prepared folder.
    /// - Throws: `Failure` where it is none, is unfinished, was made with another atlas than the one it holds, or its patches are damaged.
    package init(_ folder: URL) throws {
        catalogue = try CohortCatalogue(folder)
        patches = try PatchStore(
            folder: PreparedFolder(folder).patches, landmarks: catalogue.atlas.landmarks.count, count: catalogue.subjects.count)
    }

    /// The subject of that name.
    package func subject(_ id: String) throws -> PreparedSubject { try catalogue.subject(id) }
}
