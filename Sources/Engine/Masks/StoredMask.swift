import Cohorts
import Foundation
import Foundations
import Imaging
import SessionFormat

/// A mask of a session's folder as it is read back: checked against the CT that it belongs to and against what was written, so that whoever uses
/// it need not check again.
package struct StoredMask: Sendable {
    /// 0 or 1, in the CT's grid.
    package let mask: Volume<UInt8>
    /// 0…1, in the CT's grid; nil where there are none.
    package let probability: Volume<Float>?
    package let provenance: MaskProvenance
    /// When the mask's file was written.
    package let written: Date?

    /// - Returns: nil where the session has no such mask.
    /// - Throws: `Failure` that names the file, where its size, type, values or checksum are not those of a mask of this CT.
    package static func read(
        _ session: SessionFolder, subject: String, _ subtype: EmphysemaSubtype, on ct: Volume<Int16>
    ) throws -> StoredMask? {
        let file = session.mask(subject: subject, subtype: subtype.rawValue)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let provenance = try MaskProvenance.read(beside: file)
        guard provenance.subtype == subtype else {
            throw damaged(file, "what made it is said to be of \(provenance.subtype.rawValue)")
        }
        try check(file, on: ct, checksum: provenance.maskChecksum)
        let labels = try NiftiFile.readLabels(file)
        guard labels.voxels.allSatisfy({ $0 == 0 || $0 == 1 }) else { throw damaged(file, "it holds values other than 0 and 1") }
        var probability: Volume<Float>?
        let map = session.probability(subject: subject, subtype: subtype.rawValue)
        if FileManager.default.fileExists(atPath: map.path) {
            try check(map, on: ct, checksum: provenance.probabilityChecksum)
            let values = try NiftiFile.readImage(map)
            guard values.voxels.allSatisfy({ (0...1).contains($0) }) else { throw damaged(map, "it holds values outside 0 to 1") }
            probability = values
        }
        let date = try? FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
        return StoredMask(mask: labels.mapVoxels { UInt8($0) }, probability: probability, provenance: provenance, written: date)
    }

    /// Before its voxels are read: a header may claim any size.
    private static func check(_ file: URL, on ct: Volume<Int16>, checksum: String?) throws {
        if let fault = try NiftiFile.readHeader(file).fault(on: ct.extent, ct.voxelToWorld) { throw damaged(file, fault) }
        if let checksum, try Checksum.sha256(of: file) != checksum { throw damaged(file, "its bytes do not match their checksum") }
    }

    private static func damaged(_ file: URL, _ why: String) -> Failure {
        Failure("\(file.path) is damaged or not of this CT: \(why); segment the subject again")
    }
}
