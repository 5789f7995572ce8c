import Foundations

/// Tubes and lesions sorted by the acquisition slices that they touch, and drawn into one slice as distances.
struct SliceObjects {
    private let worldToVoxel: Affine3
    private let geometry: ScannerGeometry
    private let spacing: Point3

    init(_ geometry: ScannerGeometry) {
        guard let inverse = geometry.acquiredToWorld.inverse else { preconditionFailure("SliceObjects: the grid is singular") }
        worldToVoxel = inverse
        self.geometry = geometry
        spacing = geometry.spacing
    }

    /// For each slice the indices of the objects whose box touches it, in rising order.
    func bins<Object>(_ objects: [Object], box: (Object) -> (lower: Point3, upper: Point3)) -> [[Int]] {
        var bins = [[Int]](repeating: [], count: geometry.acquired.z)
        for (index, object) in objects.enumerated() {
            let range = voxels(box(object))
            for k in range.z { bins[k].append(index) }
        }
        return bins
    }

    /// The box of a lesion with a margin, in acquisition voxels (not clamped).
    func box(_ centre: Point3, reach: Double) -> (lower: Point3, upper: Point3) {
        let middle = worldToVoxel(centre)
        let half = Point3(repeating: reach) / spacing
        return (middle - half, middle + half)
    }

    func box(_ capsule: Capsule, reach: Double) -> (lower: Point3, upper: Point3) {
        let start = box(capsule.start, reach: reach)
        let end = box(capsule.end, reach: reach)
        return (pointwiseMin(start.lower, end.lower), pointwiseMax(start.upper, end.upper))
    }

    private func voxels(_ box: (lower: Point3, upper: Point3)) -> (x: Range<Int>, y: Range<Int>, z: Range<Int>) {
        func range(_ axis: Int) -> Range<Int> {
            let lower = min(max(Int(box.lower[axis].rounded(.up)), 0), geometry.acquired[axis])
            let upper = max(lower, min(Int(box.upper[axis].rounded(.down)) + 1, geometry.acquired[axis]))
            return lower..<upper
        }
        return (range(0), range(1), range(2))
    }

    /// Calls `body` with the place in the slice and the position relative to `origin` (mm) for each voxel of the box in slice `k`.
    @inline(__always)
    func forEach(slice k: Int, box: (lower: Point3, upper: Point3), origin: Point3, _ body: (Int, SIMD3<Float>) -> Void) {
        let range = voxels(box)
        let stepX = SIMD3<Float>(geometry.acquiredToWorld.columnX)
        for j in range.y {
            let rowStart = SIMD3<Float>(geometry.acquiredToWorld(Point3(Double(range.x.lowerBound), Double(j), Double(k))) - origin)
            var position = rowStart
            var offset = j * geometry.acquired.x + range.x.lowerBound
            for _ in range.x {
                body(offset, position)
                position += stepX
                offset += 1
            }
        }
    }
}
