import Foundation
import Foundations
import Imaging

/// The reference lungs: one healthy subject's lung mask at 1 mm, and the landmarks at which every subject's patches are cut.
package struct Atlas: Sendable {
    /// Side of a patch, voxels of 1 mm.
    package static let patchSide = 32

    /// 0 outside, 1 patient's right lung, 2 left; 1 mm isotropic.
    package let lungs: Volume<UInt8>
    /// Lower corners of the landmark boxes, atlas voxel indices; x outermost, z innermost.
    package let landmarks: [VoxelIndex]
    /// For each landmark all others' indices in order of rising distance, ties by lower index; the first `neighbours` are used.
    package let neighbours: [[Int]]
    /// SHA-256 of mask and landmarks: data prepared with another atlas are refused.
    package let checksum: String
    /// The largest corner along each axis, at least 1: what location inputs are divided by.
    private let largestCorner: Point3

    /// An atlas with given landmarks.
    /// - Parameters:
    ///   - lungs: 0 outside, 1 right, 2 left; 1 mm isotropic.
    ///   - landmarks: lower corners; nil sweeps the mask (`Landmarks.sweep`).
    /// - Throws: `Failure` where the mask is empty or not of 1 mm, no landmark is found, or a given one is out of the mask's grid or repeated.
    package init(lungs: Volume<UInt8>, landmarks given: [VoxelIndex]? = nil) throws {
        let spacing = lungs.spacingMillimetres
        guard (0..<3).allSatisfy({ abs(spacing[$0] - 1) < 1e-3 }) else {
            let found = (0..<3).map { String(format: "%.3f", spacing[$0]) }.joined(separator: " × ")
            throw Failure("the atlas mask has voxels of \(found) mm, expected 1 × 1 × 1 mm; make the atlas with `workbench atlas`")
        }
        let landmarks = try given ?? Landmarks.sweep(lungs)
        try Landmarks.check(landmarks, in: lungs.extent)
        self.init(
            lungs: lungs, landmarks: landmarks, neighbours: Landmarks.neighbours(of: landmarks), checksum: Self.checksum(lungs, landmarks))
    }

    /// An atlas from its parts, unchecked.
    package init(lungs: Volume<UInt8>, landmarks: [VoxelIndex], neighbours: [[Int]], checksum: String) {
        self.lungs = lungs
        self.landmarks = landmarks
        self.neighbours = neighbours
        self.checksum = checksum
        largestCorner = landmarks.reduce(Point3(1, 1, 1)) { pointwiseMax($0, $1.point) }
    }

    /// The location input of a landmark: corner / largest corner of all landmarks · 2 - 1 along each axis, computed in double precision.
    package func location(ofLandmark index: Int) -> SIMD3<Float> { location(ofCorner: landmarks[index].point) }

    /// The location input of any patch corner, in continuous atlas voxel coordinates; outside the landmarks' range it leaves [-1, 1].
    package func location(ofCorner corner: Point3) -> SIMD3<Float> { SIMD3<Float>(corner / largestCorner * 2 - 1) }

    /// A length along each axis in the units of location inputs.
    package func normalised(millimetres: Double) -> SIMD3<Float> {
        SIMD3<Float>(Point3(millimetres, millimetres, millimetres) / largestCorner * 2)
    }

    /// Covers extent, geometry (as the single-precision numbers that a NIfTI header keeps), voxels and landmarks.
    private static func checksum(_ lungs: Volume<UInt8>, _ landmarks: [VoxelIndex]) -> String {
        var bytes = Data("atlas-1".utf8)
        func append(_ value: Int) { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
        for axis in 0..<3 { append(lungs.extent[axis]) }
        // Adding zero turns -0 into +0, which a header may or may not keep.
        for value in lungs.voxelToWorld.rowMajor { append(Int((Float(value) + 0).bitPattern)) }
        for landmark in landmarks { for axis in 0..<3 { append(landmark[axis]) } }
        lungs.voxels.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return Checksum.sha256(bytes)
    }
}
