import Foundations
import Imaging
import Masks
import Testing

@Suite("The order of a prediction")
struct PredictionOrderTests {
    private static let size = Extent3(x: 70, y: 55, z: 90)
    private let lattice = DenseLattice(size: size, stride: 4)
    private let needed: [Int]

    init() {
        var lungs = Volume<UInt8>(extent: Self.size, voxelToWorld: .identity, repeating: 0)
        for z in 6..<84 { for y in 9..<47 { for x in 5..<66 where abs(x - 35) > 5 { lungs[VoxelIndex(x: x, y: y, z: z)] = 1 } } }
        needed = lattice.needed(by: lungs)
    }

    private func all(_ order: inout PredictionOrder, _ count: Int = 3) -> [[Int]] {
        var tiles: [[Int]] = []
        while case let next = order.next(count), !next.isEmpty { tiles += next }
        return tiles
    }

    /// Needed points that a slice at `position` of axis 2 shows at one stride.
    private func shown(at position: Double, level: Int) -> Set<Int> {
        let below = Int(position) / level * level
        return Set(
            needed.filter { point in
                let v = lattice.voxel(point)
                return (0..<3).allSatisfy { v[$0] % level == 0 } && (v.z == below || v.z == below + level)
            })
    }

    @Test(
        "every needed point is handed out once, in tiles of one block, whatever is looked at",
        arguments: [[], [30.5], [30.5, 71, 2, 30.5]])
    func complete(slices: [Double]) {
        var order = PredictionOrder(lattice: lattice, needed: needed)
        var tiles: [[Int]] = []
        for slice in slices {
            order.look(at: .init(axis: 2, position: slice))
            tiles += order.next(7)
        }
        tiles += all(&order)
        #expect(tiles.flatMap { $0 }.sorted() == needed)
        for tile in tiles {
            #expect(tile.count <= PredictionOrder.tileLimit && Set(tile.map(lattice.blockOrigin)).count == 1)
        }
    }

    @Test("first what the slice shows at 8 mm, then what it shows at 4 mm, then blocks outwards")
    func sliceFirst() throws {
        let position = 41.0
        var order = PredictionOrder(lattice: lattice, needed: needed)
        order.look(at: .init(axis: 2, position: position))
        let tiles = all(&order)
        let (coarse, fine) = (shown(at: position, level: 8), shown(at: position, level: 4))
        let lastCoarse = try #require(tiles.lastIndex { !coarse.isDisjoint(with: $0) })
        let lastFine = try #require(tiles.lastIndex { !fine.isDisjoint(with: $0) })
        #expect(tiles[...lastCoarse].allSatisfy { !coarse.isDisjoint(with: $0) })
        #expect(tiles[(lastCoarse + 1)...lastFine].allSatisfy { !fine.isDisjoint(with: $0) })
        #expect(lastCoarse < lastFine && lastFine < tiles.count / 2)
        // Lanes are filled: but for a block's last points, tiles are whole passes of 16.
        #expect(tiles[...lastFine].count { $0.count % 16 != 0 } < tiles[...lastFine].count / 2)
        let distances = tiles[(lastFine + 1)...].map { tile -> Double in
            let low = Double(lattice.blockOrigin(of: tile[0]).z)
            return max(0, low - position, position - low - 16)
        }
        #expect(distances == distances.sorted())
    }

    @Test("a slice that is looked at while work goes on is next, and nothing is done twice")
    func looksElsewhere() {
        var order = PredictionOrder(lattice: lattice, needed: needed)
        order.look(at: .init(axis: 2, position: 20))
        let before = Set(order.next(10).flatMap { $0 })
        order.look(at: .init(axis: 2, position: 70))
        let coarse = shown(at: 70, level: 8).subtracting(before)
        var found = Set<Int>()
        while !coarse.isSubset(of: found) {
            let tile = order.next(1)[0]
            #expect(!coarse.isDisjoint(with: tile) && before.isDisjoint(with: tile))
            found.formUnion(tile)
        }
        // Looking at the same slice again changes nothing.
        var again = order
        again.look(at: .init(axis: 2, position: 70))
        #expect(all(&again) == all(&order))
    }

    @Test("slices are refined from 8 mm on to the wanted stride")
    func levels() {
        #expect([16, 8, 4, 2, 1].map(PredictionOrder.levels) == [[16], [8], [8, 4], [8, 4, 2], [8, 4, 2, 1]])
    }
}
