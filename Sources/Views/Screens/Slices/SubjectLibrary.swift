import Cohorts
import Foundation
import Foundations
import Imaging
import Masks

/// A subject that the viewer can show.
package struct SubjectEntry: Equatable, Sendable {
    package var id: String
    /// The CT.
    package var image: URL
    /// The lung label map, 1 right, 2 left, in the CT's grid.
    package var lungs: URL?
    /// How its masks stand; nil where there are none.
    package var masks: MaskCondition?

    package init(id: String, image: URL, lungs: URL? = nil, masks: MaskCondition? = nil) {
        self.id = id
        self.image = image
        self.lungs = lungs
        self.masks = masks
    }
}

/// What is known of one subtype in one subject.
package struct SubtypeVolumes: Sendable {
    /// Not 0: emphysema of this subtype. In the CT's grid.
    package var mask: Volume<UInt8>?
    /// Probability 0…1 in the CT's grid.
    package var probability: Volume<Float>?
    /// What made the mask, for example `step-00001200`, and its stride in mm.
    package var model: String?
    package var strideMillimetres: Int?
    /// Why the mask must not be trusted, for example that its model is not the session's newest; nil when it is fresh.
    package var staleReason: String?
    /// Why its files cannot be used, naming them; there is then no mask.
    package var damage: String?
    /// True while the prediction has not covered the whole lung.
    package var isPartial: Bool
    /// All that is known of what made the mask; nil where it is not from a file.
    package var provenance: MaskProvenance?
    /// When the mask's file was written.
    package var written: Date?

    package init(
        mask: Volume<UInt8>? = nil, probability: Volume<Float>? = nil, model: String? = nil, strideMillimetres: Int? = nil,
        staleReason: String? = nil, damage: String? = nil, isPartial: Bool = false, provenance: MaskProvenance? = nil, written: Date? = nil
    ) {
        self.damage = damage
        self.provenance = provenance
        self.written = written
        self.mask = mask
        self.probability = probability
        self.model = model
        self.strideMillimetres = strideMillimetres
        self.staleReason = staleReason
        self.isPartial = isPartial
    }
}

/// The volumes of one subject, all in the CT's grid.
package struct SubjectVolumes: Sendable {
    /// HU.
    package var ct: Volume<Int16>
    /// 1 patient's right lung, 2 left.
    package var lungs: Volume<UInt8>?
    package var centrilobular: SubtypeVolumes
    package var paraseptal: SubtypeVolumes
    /// How the CT was taken, where that is known.
    package var acquisition: CTAcquisition?
    /// Of the CT that was given, where that is known: boxes are tied to it.
    package var imageChecksum: String?
    /// Where it lies in the atlas; nil where it was not registered.
    package var registration: AtlasRegistration?

    package init(
        ct: Volume<Int16>, lungs: Volume<UInt8>? = nil, centrilobular: SubtypeVolumes = SubtypeVolumes(),
        paraseptal: SubtypeVolumes = SubtypeVolumes(), acquisition: CTAcquisition? = nil, imageChecksum: String? = nil,
        registration: AtlasRegistration? = nil
    ) {
        self.imageChecksum = imageChecksum
        self.registration = registration
        self.acquisition = acquisition
        self.ct = ct
        self.lungs = lungs
        self.centrilobular = centrilobular
        self.paraseptal = paraseptal
    }

    /// What they take of memory.
    package var bytes: Int {
        let subtypes = EmphysemaSubtype.allCases.map { self[$0] }
        let floats = subtypes.count { $0.probability != nil }
        let labels = subtypes.count { $0.mask != nil } + (lungs == nil ? 0 : 1)
        return ct.extent.count * (MemoryLayout<Int16>.size + labels + floats * MemoryLayout<Float>.size)
    }

    package subscript(subtype: EmphysemaSubtype) -> SubtypeVolumes {
        get { subtype == .centrilobular ? centrilobular : paraseptal }
        set { if subtype == .centrilobular { centrilobular = newValue } else { paraseptal = newValue } }
    }
}

/// Where the viewer gets subjects from.
package protocol SubjectLibrary: Sendable {
    /// The subjects of the session, in the order of the cohort. Cheap: called again whenever the session moves on.
    func subjects() throws -> [SubjectEntry]
    /// Reads a subject's volumes; takes seconds for an adult CT, so it is called off the interface's thread.
    /// - Parameter isWanted: asked between files; where it says no, the reading ends with `CancellationError`.
    func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool) throws -> SubjectVolumes
    /// The files that a subject is read from.
    func files(_ subject: SubjectEntry) -> [URL]
}

extension SubjectLibrary {
    package func files(_ subject: SubjectEntry) -> [URL] { [subject.image, subject.lungs].compactMap { $0 } }
}

/// A library without subjects: for a session whose cohort is not at hand.
package struct EmptyLibrary: SubjectLibrary {
    package init() {}
    package func subjects() throws -> [SubjectEntry] { [] }
    package func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool) throws -> SubjectVolumes {
        throw Failure("\(subject.id): this session's cohort is not at hand")
    }
}

/// The atlas as the viewer shows it.
package struct AtlasMap: Sendable {
    /// Not 0: lung.
    package var lungs: Volume<UInt8>
    /// Lower corners of the landmark boxes, voxel indices.
    package var landmarks: [VoxelIndex]
    /// For each landmark the others in order of rising distance.
    package var neighbours: [[Int]]
    /// A CT on the lungs' grid, HU, to see where one is; nil where there is none.
    package var ct: Volume<Int16>?

    package init(lungs: Volume<UInt8>, landmarks: [VoxelIndex], neighbours: [[Int]], ct: Volume<Int16>? = nil) {
        self.ct = ct
        self.lungs = lungs
        self.landmarks = landmarks
        self.neighbours = neighbours
    }

    package init(_ atlas: Atlas, ct: Volume<Int16>? = nil) {
        self.init(lungs: atlas.lungs, landmarks: atlas.landmarks, neighbours: atlas.neighbours, ct: ct)
    }
}

/// Reads the session's atlas; nil when there is none yet.
package typealias AtlasSource = @Sendable () throws -> AtlasMap?
