import Cohorts
import Foundation
import Foundations
import Imaging

/// What made a mask: `<mask>.json` beside it. A mask whose provenance does not fit is refused, or shown as stale.
package struct MaskProvenance: Codable, Equatable, Sendable {
    package var subject: String
    package var subtype: EmphysemaSubtype
    /// SHA-256 of the CT's file, or of a DICOM folder's files.
    package var image: String
    /// SHA-256 of the lung mask's voxels, in the CT's grid.
    package var lungs: String
    /// The encoder, in words and by checksum.
    package var model: String
    package var modelChecksum: String
    package var classifier: String
    package var scheme: ClassifierScheme
    package var atlas: String
    package var stride: Int
    package var threshold: Double
    package var locationBlock: Int
    package var version: String
    package var volumes: EmphysemaVolumes
    /// SHA-256 of the files of mask and probabilities; nil where an older version wrote them.
    package var maskChecksum: String?
    package var probabilityChecksum: String?
    /// `lesion` where the file holds the lesions in the region mask's place.
    package var kind: String?
    /// How the classifier does on subjects held out.
    package var skill: ClassifierSkill?
    /// Why the classifier is no use, where the mask was asked for all the same.
    package var unfit: String?
    /// Why the mask cannot be right.
    package var implausible: String?
    /// What of the low-density lung is of the subtype.
    package var lesions: LesionVolumes?
    package var lesionChecksum: String?
    /// In an exported copy: why the mask was not current when it was exported.
    package var stale: String?

    /// - Parameters:
    ///   - image: the CT's file or DICOM folder.
    ///   - lungs: labels in the CT's grid.
    ///   - model, classifier: what made the mask, in words and by checksum.
    ///   - stride: of the lattice of points that were classified, mm.
    ///   - threshold: probability from which a voxel counts.
    package init(
        subject: String, subtype: EmphysemaSubtype, image: URL, lungs: Volume<UInt8>, model: (name: String, checksum: String),
        classifier: (scheme: ClassifierScheme, checksum: String), atlas: String, stride: Int, threshold: Double, volumes: EmphysemaVolumes
    ) throws {
        self.subject = subject
        self.subtype = subtype
        self.image = try FileStamp(image).checksum
        self.lungs = Checksum.sha256(lungs.voxels.withUnsafeBytes { Data($0) })
        self.model = model.name
        modelChecksum = model.checksum
        self.classifier = classifier.checksum
        scheme = classifier.scheme
        self.atlas = atlas
        self.stride = stride
        self.threshold = threshold
        locationBlock = DenseLattice.blockSide
        version = WorkbenchVersion.text
        self.volumes = volumes
    }

    /// The file beside a mask.
    package static func file(beside mask: URL) -> URL { mask.appendingPathExtension("json") }

    /// The lesion mask beside a region mask: `NAME.lesion.nii.gz`.
    package static func lesionFile(beside mask: URL) -> URL {
        let name = mask.lastPathComponent
        let ending = name.hasSuffix(".nii.gz") ? ".nii.gz" : ".nii"
        return mask.deletingLastPathComponent().appendingPathComponent("\(name.dropLast(ending.count)).lesion\(ending)")
    }

    /// What a reader must know before the mask is believed.
    package var warnings: [String] {
        (unfit.map { ["UNFIT: \($0)"] } ?? []) + (implausible.map { ["IMPLAUSIBLE: \($0)"] } ?? [])
    }

    /// Reads what lies beside a mask.
    package static func read(beside mask: URL) throws -> MaskProvenance {
        let place = file(beside: mask)
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw Failure("\(mask.path) has no \(place.lastPathComponent) that says what made it")
        }
        let data = try Seal.read(place, kind: "mask's description", advice: "segment \(mask.lastPathComponent) again")
        guard let found = try? JSONDecoder().decode(Self.self, from: data) else {
            throw Failure("\(place.path) is damaged or of another version; segment \(mask.lastPathComponent) again")
        }
        return found
    }

    /// Writes any mask that this is the provenance of, and probabilities and lesions where they are given: all of them, or none.
    package func write(
        _ voxels: Volume<UInt8>, to mask: URL, probability: (voxels: Volume<Float>, file: URL)? = nil,
        lesions: (voxels: Volume<UInt8>, file: URL)? = nil, like image: URL
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let provenance = Self.file(beside: mask)
        // The provenance is renamed first: a mask without one that fits is never shown as fresh.
        let targets = [provenance] + (probability.map { [$0.file] } ?? []) + (lesions.map { [$0.file] } ?? []) + [mask]
        try AtomicFile.replace(targets) { places in
            var written = self
            try NiftiFile.writeNew(voxels, to: places[places.count - 1], called: mask, like: image)
            written.maskChecksum = try Checksum.sha256(of: places[places.count - 1])
            written.probabilityChecksum = nil
            if let probability {
                try NiftiFile.writeNew(probability.voxels, to: places[1], called: probability.file, like: image)
                written.probabilityChecksum = try Checksum.sha256(of: places[1])
            }
            written.lesionChecksum = nil
            if let lesions {
                let place = places[places.count - 2]
                try NiftiFile.writeNew(lesions.voxels, to: place, called: lesions.file, like: image)
                written.lesionChecksum = try Checksum.sha256(of: place)
            }
            try AtomicFile.writeNew(Seal.sealed(json: encoder.encode(written)), to: places[0], called: provenance)
        }
    }
}
