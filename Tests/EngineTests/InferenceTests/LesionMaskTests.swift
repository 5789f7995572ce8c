import Cohorts
import Foundations
import Imaging
import Inference
import Testing

/// Lesions drawn into a block of lung.
@Suite struct LesionMaskTests {
    private let extent = Extent3(x: 48, y: 40, z: 36)
    private var ct: Volume<Int16>
    private var lungs: Volume<UInt8>

    init() {
        ct = Volume(extent: extent, voxelToWorld: .identity, repeating: -870)
        lungs = Volume(extent: extent, voxelToWorld: .identity, repeating: 0)
        for z in 4..<32 { for y in 4..<36 { for x in 4..<44 { lungs[VoxelIndex(x: x, y: y, z: z)] = 1 } } }
    }

    private func map(_ value: Float) -> Volume<Float> { Volume(extent: extent, voxelToWorld: .identity, repeating: value) }

    private mutating func hollow(_ x: Int, _ y: Int, _ z: Int, radius: Int) {
        for k in -radius...radius {
            for j in -radius...radius {
                for i in -radius...radius where i * i + j * j + k * k <= radius * radius {
                    ct[VoxelIndex(x: x + i, y: y + j, z: z + k)] = -990
                }
            }
        }
    }

    private func found(_ chances: [Volume<Float>], from: [Double] = [0.3, 0.3]) -> [Volume<UInt8>] {
        LesionMask.find(
            in: ct, lungs: lungs, subtypes: EmphysemaSubtype.allCases, chances: chances, from: from, parallel: Parallel(threads: 2))
    }

    private func count(_ mask: Volume<UInt8>) -> Int { mask.voxels.count { $0 != 0 } }

    @Test("a focus is found whole where its subtype is about, and nowhere else")
    mutating func focus() {
        hollow(20, 20, 18, radius: 4)
        let masks = found([map(0.9), map(0)])
        // Between the balls of radius 3 and 5: smoothing blurs the rim.
        #expect((123...515).contains(count(masks[0])) && count(masks[1]) == 0)
        #expect(masks[0][VoxelIndex(x: 23, y: 20, z: 18)] == 1 && masks[0][VoxelIndex(x: 26, y: 20, z: 18)] == 0)
        #expect(count(found([map(0.29), map(0)])[0]) == 0)
        // Outside of the lungs there is air as well.
        #expect(masks[0].voxels.indices.allSatisfy { masks[0].voxels[$0] == 0 || lungs.voxels[$0] != 0 })
    }

    @Test("a cyst is given its wall, a speck is left out, and no voxel is of both subtypes")
    mutating func cyst() {
        hollow(20, 20, 18, radius: 4)
        let focus = count(found([map(0.9), map(0)])[0])
        #expect(count(found([map(0), map(0.9)])[1]) > focus + 100)
        let both = found([map(0.6), map(0.8)])
        #expect(count(both[0]) == 0 && count(both[1]) > 0)
        let even = found([map(0.8), map(0.8)])
        #expect(zip(even[0].voxels, even[1].voxels).allSatisfy { $0 == 0 || $1 == 0 } && count(even[0]) > 0)
        ct = Volume(extent: extent, voxelToWorld: .identity, repeating: -870)
        ct[VoxelIndex(x: 20, y: 20, z: 18)] = -1024
        ct[VoxelIndex(x: 21, y: 20, z: 18)] = -1024
        #expect(count(found([map(0.9), map(0)])[0]) == 0)
    }
}
