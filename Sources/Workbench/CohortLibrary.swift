import Cohorts
import Foundation
import Foundations
import Imaging
import Inference
import Masks
import Screens
import SessionFormat
import Synchronization

/// A session's subjects and volumes for the viewer: the prepared cohort's CTs and lungs, and the session's masks.
final class CohortLibrary: SubjectLibrary {
    private let session: SessionFolder
    // Opened once it is complete; a prepared cohort does not change while a session uses it.
    private let cohort = Mutex<CohortCatalogue?>(nil)

    private let folder: URL?

    /// - Parameter folder: a prepared cohort to show instead of the session's own; it must be of the session's atlas.
    init(_ session: SessionFolder, cohort folder: URL? = nil) {
        self.session = session
        self.folder = folder
    }

    func subjects() throws -> [SubjectEntry] {
        guard let cohort = try prepared() else { return [] }
        return cohort.subjects.map {
            SubjectEntry(id: $0.id, image: $0.image, lungs: $0.lungs, masks: condition(of: $0.id))
        }
    }

    /// As far as it can be told without reading volumes: whether the CT is still the same is known when the subject is shown.
    private func condition(of subject: String) -> MaskCondition? {
        let files = EmphysemaSubtype.allCases.map { session.mask(subject: subject, subtype: $0.rawValue) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
        if files.isEmpty { return nil }
        do {
            let isCurrent = try files.allSatisfy { try SessionSegmentation.staleReason(session, MaskProvenance.read(beside: $0)) == nil }
            return isCurrent ? .current : .stale
        } catch {
            return .damaged
        }
    }

    func files(_ subject: SubjectEntry) -> [URL] {
        let masks = EmphysemaSubtype.allCases.flatMap { subtype in
            let mask = session.mask(subject: subject.id, subtype: subtype.rawValue)
            return [mask, session.probability(subject: subject.id, subtype: subtype.rawValue), MaskProvenance.file(beside: mask)]
        }
        return [subject.image, subject.lungs].compactMap { $0 } + masks
    }

    func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool) throws -> SubjectVolumes {
        guard let cohort = try prepared() else { throw Failure("\(subject.id): the session has no cohort yet") }
        let found = try cohort.subject(subject.id)
        func check() throws { guard isWanted() else { throw CancellationError() } }
        try check()
        let ct = try NiftiFile.readCT(found.image)
        try check()
        let lungs = try found.readLungs()
        try check()
        let centrilobular = volumes(.centrilobular, found, ct, cohort.atlas)
        try check()
        return SubjectVolumes(
            ct: ct, lungs: lungs, centrilobular: centrilobular,
            paraseptal: volumes(.paraseptal, found, ct, cohort.atlas), acquisition: found.acquisition,
            imageChecksum: found.imageChecksum,
            registration: AtlasRegistration(atlasToSubject: found.atlasToSubject, voxelToWorld: cohort.atlas.lungs.voxelToWorld))
    }

    /// A mask with what is known of it; none where there is no mask. One whose files are damaged, or not of this CT, is told and never shown.
    private func volumes(_ subtype: EmphysemaSubtype, _ subject: PreparedSubject, _ ct: Volume<Int16>, _ atlas: Atlas) -> SubtypeVolumes {
        do {
            guard let found = try StoredMask.read(session, subject: subject.id, subtype, on: ct) else { return SubtypeVolumes() }
            return SubtypeVolumes(
                mask: found.mask, probability: found.probability, model: found.provenance.model,
                strideMillimetres: found.provenance.stride,
                staleReason: try SessionSegmentation.staleReason(session, found.provenance, subject: subject, atlas: atlas),
                provenance: found.provenance, written: found.written)
        } catch {
            return SubtypeVolumes(damage: "\(error)")
        }
    }

    private func prepared() throws -> CohortCatalogue? {
        try cohort.withLock { cohort in
            if let cohort { return cohort }
            guard FileManager.default.fileExists(atPath: session.description.path) else { return nil }
            let opened = try session.catalogue(at: folder)
            cohort = opened
            return opened
        }
    }
}
