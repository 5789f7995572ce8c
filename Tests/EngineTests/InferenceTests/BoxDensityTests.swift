import Cohorts
import Foundations
import Imaging
import Inference
import Testing

/// The density of boxes against counts of their voxels.
@Suite struct BoxDensityTests {
    private let extent = Extent3(x: 50, y: 44, z: 40)
    private let image: Volume<Int16>
    private let lungs: Volume<UInt8>

    init() {
        var generator = SeededGenerator(name: "box density")
        let grid = Affine3.identity
        image = Volume(extent: extent, voxelToWorld: grid, voxels: (0..<extent.count).map { _ in Int16(generator.uniform(-1020, -820)) })
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: grid, repeating: 0)
        for z in 5..<36 { for y in 4..<40 { for x in 6..<45 { lungs[VoxelIndex(x: x, y: y, z: z)] = x < 25 ? 1 : 2 } } }
        self.lungs = lungs
    }

    private func counted(_ centre: VoxelIndex, _ isCounted: (VoxelIndex) -> Bool) -> Float {
        var count = 0
        for z in centre.z - 16..<centre.z + 16 {
            for y in centre.y - 16..<centre.y + 16 {
                for x in centre.x - 16..<centre.x + 16 {
                    let voxel = VoxelIndex(x: x, y: y, z: z)
                    if extent.contains(voxel), isCounted(voxel) { count += 1 }
                }
            }
        }
        return Float(count) / 32768
    }

    /// Places in the lungs, at their border, beside them and far away.
    private let centres = [(25, 20, 20), (6, 4, 5), (44, 39, 35), (2, 20, 20), (25, 43, 39), (49, 0, 0)].map {
        VoxelIndex(x: $0.0, y: $0.1, z: $0.2)
    }

    @Test("parts of lung over the four depths and of lung below -950 HU are the counts of the box's voxels")
    func sums() {
        let values = BoxDensity(image, lungs: lungs, parallel: Parallel(threads: 2)).values(around: centres)
        let parts = BoxDensity.count / 2
        for (index, centre) in centres.enumerated() {
            let row = values[index * BoxDensity.count..<(index + 1) * BoxDensity.count]
            let lung = (0..<4).reduce(Float(0)) { $0 + row[row.startIndex + $1] }
            #expect(abs(lung - counted(centre) { lungs[$0] != 0 }) < 1e-5, "\(centre)")
            let low = counted(centre) { lungs[$0] != 0 && image[$0] < -950 }
            #expect(abs(row[row.startIndex + parts - 1] - low) < 1e-6, "\(centre)")
            #expect(abs(row[row.startIndex + 2 * parts - 1] - low.squareRoot()) < 1e-6)
        }
        // The rim: lung no deeper than 3.5 mm, that is three voxels from the first outside.
        let rim = counted(centres[0]) { voxel in
            lungs[voxel] != 0 && (voxel.x < 9 || voxel.x > 41 || voxel.y < 7 || voxel.y > 36 || voxel.z < 8 || voxel.z > 32)
        }
        #expect(abs(values[0] - rim) < 1e-6)
    }

    @Test("the numbers are the same whatever the number of threads")
    func threads() {
        let one = BoxDensity(image, lungs: lungs, parallel: Parallel(threads: 1)).values(around: centres)
        #expect(BoxDensity(image, lungs: lungs, parallel: Parallel(threads: 3)).values(around: centres) == one)
    }

    @Test("a cyst at the pleura and one deep in the lung are told apart, and speckle is not a cyst")
    func depths() {
        var ct = Volume<Int16>(extent: extent, voxelToWorld: .identity, repeating: -880)
        /// A hollow in a shell of denser tissue.
        func hollow(_ centre: VoxelIndex, radius: Int) {
            let reach = radius + 2
            for z in -reach...reach {
                for y in -reach...reach {
                    for x in -reach...reach where x * x + y * y + z * z <= reach * reach {
                        ct[VoxelIndex(x: centre.x + x, y: centre.y + y, z: centre.z + z)] =
                            x * x + y * y + z * z <= radius * radius ? -1000 : -600
                    }
                }
            }
        }
        hollow(VoxelIndex(x: 25, y: 22, z: 20), radius: 4)
        let deep = BoxDensity(ct, lungs: lungs, parallel: Parallel(threads: 1)).values(around: [centres[0]])
        // Forms in the order lung, low, opened, large, wall; four depths each.
        #expect(deep[4] == 0 && deep[7] > 0 && deep[11] > 0 && deep[15] > 0 && deep[19] > 0)
        ct = Volume<Int16>(extent: extent, voxelToWorld: .identity, repeating: -880)
        hollow(VoxelIndex(x: 25, y: 22, z: 8), radius: 3)
        let shallow = BoxDensity(ct, lungs: lungs, parallel: Parallel(threads: 1)).values(around: [centres[0]])
        #expect(shallow[4] > 0 && shallow[7] == 0)
        ct = Volume<Int16>(extent: extent, voxelToWorld: .identity, repeating: -880)
        ct[VoxelIndex(x: 25, y: 22, z: 20)] = -1024
        let speck = BoxDensity(ct, lungs: lungs, parallel: Parallel(threads: 1)).values(around: [centres[0]])
        #expect(speck[8..<16].allSatisfy { $0 == 0 } && speck[20] > 0)
    }
}
