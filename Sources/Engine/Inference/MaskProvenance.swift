import Foundation

/// What made a mask: `<mask>.json` beside it. A mask whose provenance does not fit is refused, or shown as stale.
public struct MaskProvenance: Codable, Equatable, Sendable {
    public var subject: String
    public var subtype: EmphysemaSubtype
    /// SHA-256 of the CT's file, or of a DICOM folder's files.
    public var image: String
    /// SHA-256 of the lung mask's voxels, in the CT's grid.
    public var lungs: String
    /// The encoder, in words and by checksum.
    public var model: String
    public var modelChecksum: String
    public var classifier: String
    public var scheme: Classifier.Scheme
    public var atlas: String
    public var stride: Int
    public var threshold: Double
    public var locationBlock: Int
    public var version: String
    public var volumes: EmphysemaVolumes
    /// SHA-256 of the files of mask and probabilities; nil where an older version wrote them.
    public var maskChecksum: String?
    public var probabilityChecksum: String?
    /// In an exported copy: why the mask was not current when it was exported.
    public var stale: String?

    public init(subject: String, image: URL, lungs: Volume<UInt8>, classifier: Classifier, atlas: Atlas, stride: Int, mask: EmphysemaMask)
        throws
    {
        self.subject = subject
        subtype = mask.subtype
        self.image = try FileStamp(image).checksum
        self.lungs = Checksum.sha256(lungs.voxels.withUnsafeBytes { Data($0) })
        model = classifier.encoder.name
        modelChecksum = classifier.encoder.checksum
        self.classifier = classifier.checksum
        scheme = classifier.scheme
        self.atlas = atlas.checksum
        self.stride = stride
        threshold = Double(EmphysemaMask.threshold)
        locationBlock = DenseLattice.blockSide
        version = WorkbenchVersion.text
        volumes = mask.volumes
    }

    /// The file beside a mask.
    public static func file(beside mask: URL) -> URL { mask.appendingPathExtension("json") }

    /// Reads what lies beside a mask.
    public static func read(beside mask: URL) throws -> MaskProvenance {
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

    /// Writes a mask with its provenance, and its probabilities where a place is given for them: all of them, or none.
    /// - Parameter image: the CT's file, whose forms the files take over.
    public func write(_ found: EmphysemaMask, to mask: URL, probability: URL? = nil, like image: URL) throws {
        try write(found.mask, to: mask, probability: probability.map { (found.probability, $0) }, like: image)
    }

    /// Writes any mask that this is the provenance of, and probabilities where they are given: all of them, or none.
    public func write(
        _ voxels: Volume<UInt8>, to mask: URL, probability: (voxels: Volume<Float>, file: URL)? = nil, like image: URL
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let provenance = Self.file(beside: mask)
        // The provenance is renamed first: a mask without one that fits is never shown as fresh.
        try AtomicFile.replace([provenance] + (probability.map { [$0.file] } ?? []) + [mask]) { places in
            var written = self
            try NiftiFile.writeNew(voxels, to: places[places.count - 1], called: mask, like: image)
            written.maskChecksum = try Checksum.sha256(of: places[places.count - 1])
            written.probabilityChecksum = nil
            if let probability {
                try NiftiFile.writeNew(probability.voxels, to: places[1], called: probability.file, like: image)
                written.probabilityChecksum = try Checksum.sha256(of: places[1])
            }
            try AtomicFile.writeNew(Seal.sealed(json: encoder.encode(written)), to: places[0], called: provenance)
        }
    }
}
