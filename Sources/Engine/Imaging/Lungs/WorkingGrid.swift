import Foundations

/// A CT at about 2 mm: means over whole blocks of voxels, which also quieten noise.
struct WorkingGrid {
    /// Blocks are as many voxels along an axis as come nearest to this side, mm.
    static let targetMillimetres = 2.0

    /// The blocks; those at the upper ends may cover fewer voxels.
    let extent: Extent3
    /// Voxels of the CT a block along x, y and z.
    let factors: VoxelIndex
    let spacingMillimetres: Point3
    /// Mean HU of each block.
    let hounsfield: [Float]

    /// - Parameter covered: voxels that count as soft tissue (0 HU) where not 0, such as an airway already found; same grid as `ct`.
    init(_ ct: Volume<Int16>, covered: [UInt8]?, parallel: Parallel) {
        let spacing = ct.spacingMillimetres
        func factor(_ axis: Int) -> Int { max(1, Int((Self.targetMillimetres / spacing[axis]).rounded())) }
        let factors = VoxelIndex(x: factor(0), y: factor(1), z: factor(2))
        let source = ct.extent
        let extent = Extent3(
            x: (source.x + factors.x - 1) / factors.x, y: (source.y + factors.y - 1) / factors.y, z: (source.z + factors.z - 1) / factors.z)
        self.factors = factors
        self.extent = extent
        spacingMillimetres = spacing * factors.point
        hounsfield = ct.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z, means: UnsafeMutableBufferPointer<Float>) in
                var sums = [Int32](repeating: 0, count: extent.x)
                for y in 0..<extent.y {
                    for x in sums.indices { sums[x] = 0 }
                    let slices = (z * factors.z)..<min((z + 1) * factors.z, source.z)
                    let rows = (y * factors.y)..<min((y + 1) * factors.y, source.y)
                    for slice in slices {
                        for row in rows {
                            let start = (slice * source.y + row) * source.x
                            for x in 0..<source.x {
                                let isCovered = covered.map { $0[start + x] != 0 } ?? false
                                sums[x / factors.x] += isCovered ? 0 : Int32(voxels[start + x])
                            }
                        }
                    }
                    for x in 0..<extent.x {
                        let columns = min((x + 1) * factors.x, source.x) - x * factors.x
                        means[(z * extent.y + y) * extent.x + x] = Float(sums[x]) / Float(columns * rows.count * slices.count)
                    }
                }
            }
        }
    }

    /// Volume of one block, mL.
    var millilitresABlock: Double { spacingMillimetres.x * spacingMillimetres.y * spacingMillimetres.z / 1000 }
}
