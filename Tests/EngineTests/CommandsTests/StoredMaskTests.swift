import Foundation
import Foundations
import Imaging
import Masks
import SessionFormat
import TestSupport
import Testing

/// Masks of a session that are not what was written, or not of the CT: named, and never shown.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct StoredMaskTests {
    enum Damage: String, CaseIterable {
        case otherExtent = "it has"
        case moved = "mm from the CT"
        case flipped = "do not match their checksum"
        case labels = "values other than 0 and 1"
        case endless = "finite"
        case beyondOne = "values outside 0 to 1"
        case noDescription = "that says what made it"
        case rottenDescription = "the mask's description"
        case otherSubtype = "said to be of paraseptal"
    }

    @Test("Each kind of damage is told with the file; the rest of the subject goes on", arguments: Damage.allCases)
    func damage(_ damage: Damage) throws {
        let world = try SmallWorld()
        #expect(try world.run("segment --session session --cohort prepared --subject a --subtype cle --stride 16").status == 0)
        let session = SessionFolder(URL(fileURLWithPath: world.path("session"), isDirectory: true))
        let ct = try NiftiFile.readCT(world.folder.appendingPathComponent("a.nii.gz"))
        let whole = try #require(try StoredMask.read(session, subject: "a", .centrilobular, on: ct))
        #expect(whole.probability != nil && whole.mask.sharesGrid(with: ct))
        #expect(try StoredMask.read(session, subject: "a", .paraseptal, on: ct) == nil)

        let file = session.mask(subject: "a", subtype: "cle")
        let map = session.probability(subject: "a", subtype: "cle")
        // As an older version left it, so that what follows is found without checksums.
        func rewrite(_ mask: Volume<UInt8>? = nil, _ probability: Volume<Float>? = nil) throws {
            var provenance = whole.provenance
            provenance.maskChecksum = nil
            provenance.probabilityChecksum = nil
            try NiftiFile.write(mask ?? whole.mask, to: file)
            try NiftiFile.write(probability ?? #require(whole.probability), to: map)
            try JSONEncoder().encode(provenance).write(to: MaskProvenance.file(beside: file))
        }
        func grown(_ extent: Extent3) -> Volume<Float> { Volume(extent: extent, voxelToWorld: ct.voxelToWorld, repeating: 0.5) }
        switch damage {
        case .otherExtent: try rewrite(nil, grown(Extent3(x: ct.extent.x, y: ct.extent.y, z: ct.extent.z + 1)))
        case .moved:
            var affine = ct.voxelToWorld
            affine.translation.x += 4
            try rewrite(Volume(extent: ct.extent, voxelToWorld: affine, voxels: whole.mask.voxels))
        case .flipped:
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
        case .labels: try rewrite(whole.mask.mapVoxels { $0 + 3 })
        case .endless, .beyondOne:
            var values = try #require(whole.probability)
            values.voxels[7] = damage == .endless ? .infinity : 1e19
            try rewrite(nil, values)
        case .noDescription: try FileManager.default.removeItem(at: MaskProvenance.file(beside: file))
        case .rottenDescription:
            try world.flip("session/masks/a.cle.nii.gz.json", fromEnd: 40)
        case .otherSubtype:
            var provenance = whole.provenance
            provenance.subtype = .paraseptal
            try JSONEncoder().encode(provenance).write(to: MaskProvenance.file(beside: file))
        }
        let failure = #expect(throws: Failure.self) { try StoredMask.read(session, subject: "a", .centrilobular, on: ct) }
        let words = damage == .endless ? Damage.beyondOne.rawValue : damage.rawValue
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
        #expect(failure?.description.contains("a.cle") == true)

        let report = try world.run("export session --report --subject a --out r --png p.png --screen masks --cohort prepared")
        #expect(report.status == 0, "\(report.errors)")
        let page = String(decoding: try world.read("r/a.html"), as: UTF8.self)
        #expect(page.contains("DAMAGED mask"))
    }
}
