import Foundation
import Foundations
import Imaging

/// One subject of a prepared cohort.
package struct PreparedSubject: Equatable, Sendable {
    /// The subject's name; its files are `lungs/<id>.nii.gz` and `transforms/<id>.txt`.
    package let id: String
    /// The CT, where it was when the cohort was prepared.
    package let image: URL
    /// Checksum of what the user gave as CT, a file or a DICOM folder; nil where it is not known.
    package let imageChecksum: String?
    /// Lung mask in the CT's grid: 0, 1 right, 2 left.
    package let lungs: URL
    /// Points of the atlas → points of the subject, RAS mm.
    package let atlasToSubject: Affine3
    package let quality: SubjectQuality
    /// Kernel, slice thickness and contrast agent; nil where nothing is known.
    package let acquisition: CTAcquisition?
    /// Label → value; labels that are not known are not there.
    package let labels: [String: Double]

    /// The lungs that preparation found: 0 outside, 1 right, 2 left, on the grid of the CT, and not empty. Whoever uses them need not check again.
    /// - Throws: `Failure` that names the file, where it is not a lung mask of this CT.
    package func readLungs() throws -> Volume<UInt8> {
        let advice = "run `workbench prepare` again"
        let ct = try NiftiFile.readHeader(image)
        if let fault = try NiftiFile.readHeader(lungs).fault(on: ct.extent, ct.voxelToWorld) {
            throw Failure("\(lungs.path) is damaged or not of \(image.path): \(fault); \(advice)")
        }
        let mask = try LungMask.readKept(lungs, advice: advice)
        guard mask.voxels.contains(where: { $0 != 0 }) else { throw Failure("\(lungs.path) holds no lung: \(advice)") }
        return mask
    }
}

/// One subject as `prepared.json` keeps it.
package struct SubjectRecord: Codable, Equatable {
    var id: String
    /// Relative to the prepared folder where that works without leaving its parent, else absolute.
    var image: String
    var imageChecksum: String
    /// The user's mask, where there was one.
    var givenLungs: String?
    var givenLungsChecksum: String?
    /// 4×4 row-major, RAS mm, points of the atlas → points of the subject.
    var atlasToSubject: [Double]
    var quality: SubjectQuality
    var acquisition: CTAcquisition?
    /// Why percentages of low attenuation are to be taken with care; nil in files of earlier versions.
    var cautions: [String]?
    var labels: [String: Double]

    package init(
        id: String, image: String, imageChecksum: String, givenLungs: String? = nil, givenLungsChecksum: String? = nil,
        atlasToSubject: [Double], quality: SubjectQuality, acquisition: CTAcquisition? = nil, cautions: [String]? = nil,
        labels: [String: Double]
    ) {
        self.id = id
        self.image = image
        self.imageChecksum = imageChecksum
        self.givenLungs = givenLungs
        self.givenLungsChecksum = givenLungsChecksum
        self.atlasToSubject = atlasToSubject
        self.quality = quality
        self.acquisition = acquisition
        self.cautions = cautions
        self.labels = labels
    }
}

/// What decides how patches are made; data made with other settings are made again.
package struct PreparationSettings: Codable, Equatable, Sendable {
    /// Voxel sizes at which lungs can be registered, mm.
    package static let registrationRange = 0.5...8.0

    /// Voxel size at which lung masks are registered, mm.
    package var registrationMillimetres: Double

    package init(registrationMillimetres: Double = 2) { self.registrationMillimetres = registrationMillimetres }
}

/// `prepared.json`.
package struct PreparedDescription: Codable, Equatable {
    static let currentFormat = 1
    var format = currentFormat
    /// Checksum of the atlas.
    var atlas: String
    var settings: PreparationSettings
    /// In the order of the patches.
    var subjects: [SubjectRecord]

    package init(atlas: String, settings: PreparationSettings, subjects: [SubjectRecord]) {
        self.atlas = atlas
        self.settings = settings
        self.subjects = subjects
    }
}
