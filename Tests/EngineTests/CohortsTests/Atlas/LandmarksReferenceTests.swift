import Cohorts
import Foundations
import Imaging
import TestSupport
import Testing

/// What the authors' code makes of their 581 landmarks.
@Suite("Landmarks equal NumPy's", .enabled(if: SharedData.hasFixtures("landmarks.safetensors")))
struct LandmarksReferenceTests {
    private let file: Safetensors
    private let landmarks: [VoxelIndex]

    init() throws {
        file = try Safetensors(contentsOf: SharedData.fixture("landmarks.safetensors"))
        let corners = try file.integers("loc")
        landmarks = stride(from: 0, to: corners.count, by: 3).map { VoxelIndex(x: corners[$0], y: corners[$0 + 1], z: corners[$0 + 2]) }
    }

    @Test("two and three nearest neighbours, those at the same distance by their number")
    func neighbours() throws {
        #expect(landmarks.count == 581)
        let found = Landmarks.neighbours(of: landmarks)
        #expect(found.flatMap { $0.prefix(2) } == (try file.integers("k2.stable")))
        #expect(found.flatMap { $0.prefix(3) } == (try file.integers("k3.stable")))
    }

    @Test("location inputs, to the bit")
    func locations() throws {
        let lungs = Volume<UInt8>(extent: Extent3(cube: 1), voxelToWorld: Affine3(scale: [1, 1, 1]), repeating: 1)
        let atlas = Atlas(lungs: lungs, landmarks: landmarks, neighbours: [], checksum: "")
        let found = landmarks.indices.flatMap { index in
            let location = atlas.location(ofLandmark: index)
            return [location.x, location.y, location.z]
        }
        #expect(found == (try file.floats("norm_f32")))
    }
}
