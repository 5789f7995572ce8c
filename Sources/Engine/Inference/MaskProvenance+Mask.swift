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
    }

    /// Writes a mask with its provenance, and its probabilities where a place is given for them: all of them, or none.
    /// - Parameter image: the CT's file, whose forms the files take over.
    package func write(_ found: EmphysemaMask, to mask: URL, probability: URL? = nil, like image: URL) throws {
        try write(found.mask, to: mask, probability: probability.map { (found.probability, $0) }, like: image)
    }
}
