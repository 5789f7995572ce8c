import Foundations

/// Where a mask's lungs are, how large, and how they lie: what a registration starts from.
struct LungMoments {
    /// RAS+ mm; of both lungs.
    let centroid: Point3
    /// Standard deviations along the patient's axes, mm.
    let spread: Point3
    /// The lungs' own axes: towards the right lung, forwards, and up along the lungs; unit columns, right-handed.
    let frame: [Point3]
    /// Standard deviations along the frame's axes, mm.
    let frameSpread: Point3
    let voxelCount: Int

    /// - Parameter mask: 0, 1 right, 2 left.
    /// - Returns: nil if the mask is empty.
    init?(_ mask: Volume<UInt8>) {
        var sums = [Sums(), Sums(), Sums()]
        let extent = mask.extent
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = (z * extent.y + y) * extent.x
                // Per row only x varies: count, Σx and Σx² are enough.
                var counts = SIMD3<Int>.zero
                var first = SIMD3<Int>.zero
                var second = SIMD3<Int>.zero
                for x in 0..<extent.x {
                    let label = Int(mask.voxels[row + x])
                    guard label != 0 else { continue }
                    counts[label] += 1
                    first[label] += x
                    second[label] += x * x
                }
                for label in 1...2 where counts[label] > 0 { sums[label].add(counts[label], first[label], second[label], y, z) }
            }
        }
        let both = sums[1] + sums[2]
        guard both.count > 0 else { return nil }
        voxelCount = Int(both.count)
        centroid = mask.voxelToWorld(both.mean)
        let covariance = both.covariance(mask.voxelToWorld)
        spread = Point3(covariance[0].x, covariance[1].y, covariance[2].z).squareRoot()

        // Towards the right lung; with one lung alone, the patient's right.
        var across: Point3 = [1, 0, 0]
        var within = covariance
        if sums[1].count > 0, sums[2].count > 0 {
            let apart = mask.voxelToWorld(sums[1].mean) - mask.voxelToWorld(sums[2].mean)
            if length(apart) > 1 { across = apart / length(apart) }
            let (right, left) = (sums[1].covariance(mask.voxelToWorld), sums[2].covariance(mask.voxelToWorld))
            within = (0..<3).map { right[$0] + left[$0] }
        }
        // Upwards: the lungs' longest axis, made perpendicular to across, pointing to the head.
        var up = SymmetricEigen3(within).vectors[0]
        up -= across * dot(across, up)
        if length(up) < 0.3 { up = [0, 0, 1] - across * across.z }
        up /= length(up)
        if up.z < 0 { up = -up }
        let forward = cross(up, across)
        let axes = [across, forward, up]
        frame = axes
        func variance(_ axis: Point3) -> Double {
            dot(axis, Point3(dot(covariance[0], axis), dot(covariance[1], axis), dot(covariance[2], axis)))
        }
        frameSpread = Point3(variance(axes[0]), variance(axes[1]), variance(axes[2])).squareRoot()
    }

    /// Sums over voxel indices.
    private struct Sums {
        var count = 0.0
        var first = Point3.zero
        /// xx, yy, zz and xy, xz, yz.
        var squares = Point3.zero
        var products = Point3.zero

        mutating func add(_ n: Int, _ sumX: Int, _ sumXX: Int, _ y: Int, _ z: Int) {
            let (n, x, y, z) = (Double(n), Double(sumX), Double(y), Double(z))
            count += n
            first += [x, n * y, n * z]
            squares += [Double(sumXX), n * y * y, n * z * z]
            products += [x * y, x * z, n * y * z]
        }

        var mean: Point3 { first / count }

        /// In mm².
        func covariance(_ affine: Affine3) -> [Point3] {
            let m = mean
            let s = squares / count - m * m
            let p = products / count - Point3(m.x * m.y, m.x * m.z, m.y * m.z)
            let rows: [Point3] = [[s.x, p.x, p.y], [p.x, s.y, p.z], [p.y, p.z, s.z]]
            // affine · rows · affineᵀ
            let linear = (0..<3).map { Point3(affine.columnX[$0], affine.columnY[$0], affine.columnZ[$0]) }
            return linear.map { a in
                let row = Point3(dot(a, rows[0]), dot(a, rows[1]), dot(a, rows[2]))
                return Point3(dot(row, linear[0]), dot(row, linear[1]), dot(row, linear[2]))
            }
        }

        static func + (a: Sums, b: Sums) -> Sums {
            Sums(count: a.count + b.count, first: a.first + b.first, squares: a.squares + b.squares, products: a.products + b.products)
        }
    }
}
