import Cohorts
import Foundation
import Foundations
import Imaging
import Testing

@Suite("Atlas folder")
struct AtlasFolderTests {
    private let atlas: Atlas = {
        let extent = Extent3(x: 90, y: 62, z: 60)
        let grid = Affine3(columnX: [-1, 0, 0], columnY: [0, 1, 0], columnZ: [0, 0, 1], translation: [44.3, -31.7, 0.1])
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: grid, repeating: 1)
        for offset in lungs.voxels.indices where offset % extent.x > 44 { lungs.voxels[offset] = 2 }
        do { return try Atlas(lungs: lungs) } catch { preconditionFailure("\(error)") }
    }()

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("atlas-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try AtlasFolder.write(atlas, to: folder)
        try body(folder)
    }

    @Test("what was written reads back, with the same checksum")
    func roundTrip() throws {
        try withFolder { folder in
            let found = try AtlasFolder.read(folder)
            #expect(found.checksum == atlas.checksum)
            #expect(found.landmarks == atlas.landmarks && found.neighbours == atlas.neighbours)
            #expect(found.lungs.voxels == atlas.lungs.voxels)
            #expect(try AtlasFolder.readImage(folder) == nil)
        }
    }

    @Test(
        "changed files are refused",
        arguments: [
            ("landmarks.csv", "index,x,y,z\n0,0,0,0\n2,26,0,0\n"), ("landmarks.csv", "index,x,y,z\n0,900,0,0\n"),
            ("neighbours.csv", "index,neighbour1\n0,5\n"), ("mask.nii.gz", "none"),
        ])
    func refusals(_ name: String, _ text: String) throws {
        try withFolder { folder in
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
            #expect(throws: Failure.self) { try AtlasFolder.read(folder) }
        }
        #expect(throws: Failure.self) { try AtlasFolder.read(URL(fileURLWithPath: "/nonexistent")) }
    }
}
