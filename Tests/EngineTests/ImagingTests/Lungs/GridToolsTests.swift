import Foundations
import Imaging
import Testing

@Suite("Distances and connected parts on grids")
struct GridToolsTests {
    private let extent = Extent3(x: 13, y: 9, z: 7)

    private func randomMask(_ name: String, oneIn: Int) -> [UInt8] {
        var generator = SeededGenerator(name: name)
        return (0..<extent.count).map { _ in generator.below(oneIn) == 0 ? 1 : 0 }
    }

    private func place(_ index: Int) -> Point3 {
        Point3(Double(index % extent.x), Double(index / extent.x % extent.y), Double(index / (extent.x * extent.y)))
    }

    @Test("distances equal a search over all voxels, in unequal spacings", arguments: [8, 60, 400])
    func distances(oneIn: Int) {
        let spacing = Point3(0.7, 1.1, 2.3)
        var mask = randomMask("distances", oneIn: oneIn)
        mask[100] = 1
        let fast = DistanceMap.squared(
            to: { $0 == 1 }, in: mask, extent: extent, spacingMillimetres: spacing, parallel: Parallel(threads: 2))
        let marked = mask.indices.filter { mask[$0] == 1 }.map { place($0) * spacing }
        for index in mask.indices {
            let point = place(index) * spacing
            let nearest = marked.map { dot(point - $0, point - $0) }.min() ?? .infinity
            // Single precision on distances up to 20 mm.
            #expect(abs(Double(fast[index]) - nearest) < 1e-3)
        }
        let none = DistanceMap.squared(
            to: { $0 == 9 }, in: mask, extent: extent, spacingMillimetres: spacing, parallel: Parallel(threads: 2))
        #expect(none.allSatisfy { $0 == DistanceMap.unreachable })
    }

    @Test("parts hang together through faces, the largest first")
    func components() {
        let mask = randomMask("components", oneIn: 3)
        let parts = ConnectedComponents(of: mask, extent: extent) { $0 != 0 }
        #expect(parts.count > 5)
        #expect(parts.sizes.dropFirst().reduce(0, +) == mask.count { $0 != 0 })
        #expect(zip(parts.sizes.dropFirst(), parts.sizes.dropFirst(2)).allSatisfy { $0 >= $1 })
        for index in mask.indices {
            #expect((parts.labels[index] == 0) == (mask[index] == 0))
            for other in mask.indices where mask[index] != 0 && mask[other] != 0 {
                let step = place(index) - place(other)
                if dot(step, step) == 1 { #expect(parts.labels[index] == parts.labels[other]) }
            }
        }
        // Each part is one piece: flooding from any of its voxels through its label reaches as many as it counts.
        for label in 1...parts.count {
            let own = parts.labels.map { UInt8($0 == label ? 1 : 0) }
            #expect(ConnectedComponents(of: own, extent: extent) { $0 != 0 }.count == 1)
        }
    }
}
