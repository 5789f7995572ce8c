/// The voxels that count as emphysema of a subtype: those of its mask, or those that reach another threshold.
struct MarkedVoxels {
    private let mask: [UInt8]
    /// Nil where the mask decides.
    private let probability: [Float]?
    private let threshold: Float

    /// Nil where there is no mask.
    init?(_ volumes: SubtypeVolumes, _ threshold: MaskThreshold) {
        guard let mask = volumes.mask?.voxels else { return nil }
        self.mask = mask
        probability = threshold.isTheMask ? nil : volumes.probability?.voxels
        self.threshold = threshold.probability
    }

    /// - Parameter offset: the voxel's place in storage.
    func contains(_ offset: Int) -> Bool {
        var isMarked = false
        withTest { isMarked = $0(offset) }
        return isMarked
    }

    /// Calls `body` once, with the test of a voxel by its place in storage: for loops over many of them.
    @inline(__always)
    func withTest(_ body: ((Int) -> Bool) -> Void) {
        if let probability {
            probability.withUnsafeBufferPointer { voxels in body { voxels[$0] >= threshold } }
        } else {
            mask.withUnsafeBufferPointer { voxels in body { voxels[$0] != 0 } }
        }
    }
}
