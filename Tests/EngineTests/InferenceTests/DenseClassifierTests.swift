import Foundations
import Testing

@Suite("Dense classification")
struct DenseClassifierTests {
    @Test("a lattice point's probability is the same at stride 4 and 8, and that of its patch encoded alone")
    func strides() throws {
        let trial = try DenseCase()
        let (fine, coarse) = (try trial.run(stride: 4), try trial.run(stride: 8))
        var shared = 0
        for z in 0..<coarse.extent.z {
            for y in 0..<coarse.extent.y {
                for x in 0..<coarse.extent.x {
                    let value = coarse.values[coarse.extent.offset(VoxelIndex(x: x, y: y, z: z))]
                    let twice = VoxelIndex(x: 2 * x, y: 2 * y, z: 2 * z)
                    guard !value.isNaN, fine.extent.contains(twice) else { continue }
                    let other = fine.values[fine.extent.offset(twice)]
                    if other.isNaN { continue }
                    shared += 1
                    #expect(other == value)
                    // Each lane computes for itself: what else is in the block does not matter.
                    #expect(trial.probability(at: VoxelIndex(x: 8 * x, y: 8 * y, z: 8 * z)) == value)
                }
            }
        }
        #expect(shared >= 27)
        let known = fine.values.filter { !$0.isNaN }
        #expect(Set(known).count > known.count / 2 && known.allSatisfy { $0 > 0 && $0 < 1 })
    }
}
