/// The reference lungs: one healthy subject's lung mask at 1 mm, and the landmarks at which every subject's patches are cut.
public struct Atlas: Sendable {
    /// Side of a patch, voxels of 1 mm.
    public static let patchSide = 32

    /// 0 outside, 1 patient's right lung, 2 left; 1 mm isotropic.
    public let lungs: Volume<UInt8>
    /// Lower corners of the landmark boxes, atlas voxel indices; x outermost, z innermost.
    public let landmarks: [VoxelIndex]
    /// For each landmark all others' indices in order of rising distance, ties by lower index; the first `neighbours` are used.
    public let neighbours: [[Int]]
    /// SHA-256 of mask and landmarks: data prepared with another atlas are refused.
    public let checksum: String

    package init(lungs: Volume<UInt8>, landmarks: [VoxelIndex], neighbours: [[Int]], checksum: String) {
        self.lungs = lungs
        self.landmarks = landmarks
        self.neighbours = neighbours
        self.checksum = checksum
    }
}
