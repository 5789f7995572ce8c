import Cohorts
import Foundation
import Foundations
import Imaging

/// A prepared cohort of a few subjects and four landmarks with seeded, textured patches, written without images.
package struct TinyCohort {
    package let cohort: PreparedCohort

    package static let atlas: Atlas = {
        let extent = Extent3(x: 60, y: 60, z: 54)
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: Affine3(scale: Point3(-1, 1, 1)), repeating: 1)
        for index in lungs.voxels.indices where index % extent.x >= 30 { lungs.voxels[index] = 2 }
        let corners = [(0, 0, 0), (0, 26, 0), (26, 0, 20), (26, 26, 22)].map { VoxelIndex(x: $0.0, y: $0.1, z: $0.2) }
        do { return try Atlas(lungs: lungs, landmarks: corners) } catch { preconditionFailure("TinyCohort: \(error)") }
    }()

    /// - Parameters:
    ///   - folder: is made; its parent may hold a session.
    ///   - labels: of a subject, by its number.
    ///   - lift: HU that a subject's patches are raised by.
    package init(
        _ folder: URL, subjects: Int, landmarks: Int = 4, labels: (Int) -> [String: Double] = { _ in [:] },
        lift: @Sendable (Int) -> Int16 = { _ in 0 }
    ) throws {
        let place = PreparedFolder(folder)
        let atlas = try Atlas(lungs: Self.atlas.lungs, landmarks: Array(Self.atlas.landmarks.prefix(landmarks)))
        try AtlasFolder.write(atlas, to: place.atlas)
        for landmark in atlas.landmarks.indices {
            try PatchStore.write(landmark: landmark, count: subjects, to: place.patches) { subject, store in
                let lift = lift(subject)
                try Self.patch(landmark: landmark, subject: subject).map { $0 + lift }.withUnsafeBytes { try store($0) }
            }
        }
        let records = (0..<subjects).map { index in
            SubjectRecord(
                id: "s\(index)", image: "/none", imageChecksum: "", atlasToSubject: Affine3.identity.rowMajor,
                quality: SubjectQuality(verdict: .ok, reasons: []), labels: labels(index))
        }
        try place.writeDescription(PreparedDescription(atlas: atlas.checksum, settings: PreparationSettings(), subjects: records))
        cohort = try PreparedCohort(folder)
    }

    /// Waves of the subject and the landmark, and noise.
    package static func patch(landmark: Int, subject: Int) -> [Int16] {
        var generator = SeededGenerator(77, UInt64(landmark), UInt64(subject))
        let (a, b, c) = (generator.uniform(0.1, 0.6), generator.uniform(0.1, 0.6), generator.uniform(0.1, 0.6))
        let level = generator.uniform(-900, -600)
        return (0..<PatchStore.patchVoxels).map { index in
            let wave = sin(a * Double(index % 32)) + sin(b * Double(index / 32 % 32)) + sin(c * Double(index / 1024))
            return Int16(level + 60 * wave + generator.uniform(-30, 30))
        }
    }
}
