import Cohorts
import Foundation
import Imaging
import Masks

extension MaskProvenance {
    /// - Parameters:
    ///   - image: the CT's file or DICOM folder.
    ///   - lungs: labels in the CT's grid.
    ///   - stride: of the lattice of points that were classified, mm.
    package init(subject: String, image: URL, lungs: Volume<UInt8>, classifier: Classifier, atlas: Atlas, stride: Int, mask: EmphysemaMask)
        throws
    {
        try self.init(
            subject: subject, subtype: mask.subtype, image: image, lungs: lungs,
            model: (classifier.encoder.name, classifier.encoder.checksum), classifier: (classifier.scheme, classifier.checksum),
            atlas: atlas.checksum, stride: stride, threshold: Double(EmphysemaMask.threshold), volumes: mask.volumes)
        skill = classifier.skill
        unfit = classifier.skill?.complaint
        lesions = mask.lesions?.volumes
        implausible = mask.lesions?.volumes.implausible(region: mask.volumes)
    }

    /// Writes the lesions of a mask in its place.
    package func writeLesions(_ found: EmphysemaMask, to mask: URL, probability: URL? = nil, like image: URL) throws {
        guard let lesions = found.lesions else { preconditionFailure("MaskProvenance: a mask without lesions") }
        var own = self
        own.kind = "lesion"
        own.volumes = lesions.volumes.lesion
        try own.write(lesions.mask, to: mask, probability: probability.map { (found.probability, $0) }, like: image)
    }

    /// Writes a mask with its provenance, and its probabilities where a place is given for them: all of them, or none.
    /// - Parameter image: the CT's file, whose forms the files take over.
    /// - Parameter withLesions: whether its lesions go beside it, where they are known.
    package func write(_ found: EmphysemaMask, to mask: URL, probability: URL? = nil, withLesions: Bool = true, like image: URL) throws {
        try write(
            found.mask, to: mask, probability: probability.map { (found.probability, $0) },
            lesions: withLesions ? found.lesions.map { ($0.mask, Self.lesionFile(beside: mask)) } : nil, like: image)
    }
}
