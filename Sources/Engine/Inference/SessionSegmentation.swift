import Cohorts
import Foundation
import Foundations
import Imaging
import Masks
import SessionFormat

/// Writes masks of subjects into a session, with what made them, and tells whether those that are there still fit.
package struct SessionSegmentation {
    private let session: SessionFolder
    private let atlas: Atlas
    private let classifiers: [Classifier]
    private let stride: Int
    private let parallel: Parallel

    package init(_ session: SessionFolder, atlas: Atlas, classifiers: [Classifier], stride: Int, parallel: Parallel) {
        self.session = session
        self.atlas = atlas
        self.classifiers = classifiers
        self.stride = stride
        self.parallel = parallel
    }

    /// Segments one subject of a cohort and writes mask, probability and provenance of every classifier.
    package func segment(
        _ subject: PreparedSubject, cohort: CohortCatalogue, journal: Journal?, progress: @escaping @Sendable (Int, Int) -> Void
    ) throws -> [EmphysemaMask] {
        let image = try cohort.image(of: subject, parallel: parallel)
        guard
            let found = try EmphysemaMask.segment(
                image, atlas: atlas, classifiers: classifiers, stride: stride, parallel: parallel, progress: progress)
        else { return [] }
        return try write(found.masks, of: subject, image, journal: journal)
    }

    /// Finds the lesions of masks, in the order of the classifiers, writes both with what made them, and tells the journal.
    @discardableResult
    func write(_ found: [EmphysemaMask], of subject: PreparedSubject, _ image: PreparedImage, journal: Journal?) throws -> [EmphysemaMask] {
        let masks = EmphysemaMask.withLesions(
            found, classifiers: classifiers, ct: try NiftiFile.readCT(subject.image), lungs: image.lungs, parallel: parallel)
        var written: [MaskWritten] = []
        for (classifier, mask) in zip(classifiers, masks) {
            let subtype = classifier.subtype.rawValue
            let target = session.mask(subject: subject.id, subtype: subtype)
            let provenance = try MaskProvenance(
                subject: subject.id, image: subject.image, lungs: image.lungs, classifier: classifier, atlas: atlas, stride: stride,
                mask: mask)
            try provenance.write(
                mask, to: target, probability: session.probability(subject: subject.id, subtype: subtype),
                like: subject.image)
            written.append(MaskWritten(subject: subject.id, subtype: subtype, file: "masks/\(target.lastPathComponent)"))
        }
        // Once all are there, so that a viewer reads them together.
        for mask in written { try journal?.append(.mask(mask)) }
        return masks
    }

    /// Why a mask must not be taken for current: another CT, atlas, model or classifier; nil where all fit.
    package static func staleReason(_ session: SessionFolder, _ provenance: MaskProvenance, subject: PreparedSubject, atlas: Atlas) throws
        -> String?
    {
        if provenance.subject != subject.id { return "the mask belongs to subject \(provenance.subject)" }
        if provenance.atlas != atlas.checksum { return "the mask was made with another atlas" }
        if provenance.image != (try Checksum.sha256(of: subject.image)) { return "the CT has changed since the mask was made" }
        return try staleReason(session, provenance)
    }

    /// Why a mask is not of the session's classifier and model as they are now; nil where it is. Reads no volume.
    package static func staleReason(_ session: SessionFolder, _ provenance: MaskProvenance) throws -> String? {
        guard let current = try Classifier.checksum(session, provenance.subtype) else { return "the classifier that made the mask is gone" }
        if current != provenance.classifier { return "the classifier was trained again since the mask was made" }
        // The step alone: a session that was renamed is the same one, and its classifiers are compared above.
        if let step = session.checkpointSteps.last, provenance.scheme == .linear, !provenance.model.hasSuffix(", step \(step)") {
            return "the mask was made with \"\(provenance.model)\", the session is at step \(step)"
        }
        return nil
    }
}

/// How well a mask meets a known truth.
package struct MaskAgreement: Sendable, Equatable {
    package let intersection, predicted, truth: Int
    /// Of predicted and true volume, mL.
    package let volumeErrorMillilitres: Double

    package init(mask: Volume<UInt8>, truth: Volume<UInt8>) {
        precondition(mask.sharesGrid(with: truth), "MaskAgreement: mask \(mask.extent) and truth \(truth.extent) are on different grids")
        var counts = (both: 0, mask: 0, truth: 0)
        for i in mask.voxels.indices {
            let a = mask.voxels[i] != 0
            let b = truth.voxels[i] != 0
            if a { counts.mask += 1 }
            if b { counts.truth += 1 }
            if a && b { counts.both += 1 }
        }
        intersection = counts.both
        predicted = counts.mask
        self.truth = counts.truth
        volumeErrorMillilitres = Double(counts.mask - counts.truth) * mask.voxelVolume / 1000
    }

    /// 2 Σ|A ∩ B| / (Σ|A| + Σ|B|) over several subjects; nil where both are empty everywhere.
    package static func dice(_ subjects: [MaskAgreement]) -> Double? {
        let sum = subjects.reduce(0) { $0 + $1.predicted + $1.truth }
        return sum == 0 ? nil : 2 * Double(subjects.reduce(0) { $0 + $1.intersection }) / Double(sum)
    }
}
