import Foundations

/// The order in which the points of a prediction are classified: those that a wanted slice shows first, coarse before fine, then the rest of
/// the lung outwards from it. Work is handed out in tiles: points of one 16 mm block, which share their kernels.
///
/// The coarsest lattice has a stride of 8 mm: 16 points fill the lanes of one pass, so that the one point a block has at 16 mm would cost as
/// much as its eight at 8 mm. The order follows from the slices that were wanted and from when; results do not depend on it.
package struct PredictionOrder {
    /// Points of a tile at most: a wanted slice never waits for longer than one.
    package static let tileLimit = 64
    private static let lanes = 16

    private let lattice: DenseLattice
    private let blocks: [[Int]]
    private var isDone: [Bool]
    private var plan: [[Int]] = []
    /// Of the next tile in `plan`.
    private var at = 0
    private var slice: Slice?

    /// A slice of the 1 mm grid.
    package struct Slice: Equatable, Sendable {
        /// 0 (x), 1 (y) or 2 (z).
        package var axis: Int
        /// Continuous voxels.
        package var position: Double

        package init(axis: Int, position: Double) {
            self.axis = axis
            self.position = position
        }
    }

    /// - Parameter needed: the points that are to be classified.
    package init(lattice: DenseLattice, needed: [Int]) {
        self.lattice = lattice
        blocks = lattice.blocks(needed)
        isDone = [Bool](repeating: false, count: lattice.extent.count)
        plan = blocks.flatMap { $0.chunks(of: Self.tileLimit) }
    }

    /// The strides that a slice is refined through, coarsest first, mm.
    package static func levels(stride: Int) -> [Int] {
        var levels = [stride]
        while let coarser = levels.last.map({ 2 * $0 }), coarser <= 8 { levels.append(coarser) }
        return levels.reversed()
    }

    /// Changes what is wanted first.
    package mutating func look(at wanted: Slice) {
        guard wanted != slice else { return }
        slice = wanted
        let levels = Self.levels(stride: lattice.stride)
        var byLevel = levels.map { _ in [[Int]]() }
        var rest: [(distance: Double, tiles: [[Int]])] = []
        for block in blocks {
            let open = block.filter { !isDone[$0] }
            guard !open.isEmpty else { continue }
            var ordered: [Int] = []
            var handedOut = 0
            let ranked = Dictionary(grouping: open) { point in levels.firstIndex { shows(point, wanted, level: $0) } ?? levels.count }
            var ends: [Int] = []
            for rank in 0...levels.count {
                ordered += ranked[rank] ?? []
                ends.append(ordered.count)
            }
            for (rank, end) in ends.dropLast().enumerated() where end > handedOut {
                // Lanes that would stay empty are filled with the points that come next.
                let passes = (end - handedOut + Self.lanes - 1) / Self.lanes
                let until = min(ordered.count, handedOut + passes * Self.lanes)
                byLevel[rank] += ordered[handedOut..<until].chunks(of: Self.tileLimit)
                handedOut = until
            }
            if handedOut < ordered.count {
                rest.append((distance(lattice.blockOrigin(of: block[0]), wanted), ordered[handedOut...].chunks(of: Self.tileLimit)))
            }
        }
        // Stable: blocks of the same distance stay in their order.
        let outwards = rest.enumerated().sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
        plan = byLevel.flatMap { $0 } + outwards.flatMap(\.element.tiles)
        at = 0
    }

    /// Up to `count` further tiles; none when all are handed out.
    package mutating func next(_ count: Int) -> [[Int]] {
        let tiles = Array(plan[at..<min(plan.count, at + count)])
        at += tiles.count
        for tile in tiles { for point in tile { isDone[point] = true } }
        return tiles
    }

    /// Whether a slice's picture at one stride needs a point: it lies on that lattice, in one of the two planes about the slice.
    private func shows(_ point: Int, _ slice: Slice, level: Int) -> Bool {
        let v = lattice.voxel(point)
        guard v.x % level == 0, v.y % level == 0, v.z % level == 0 else { return false }
        let below = Int((slice.position / Double(level)).rounded(.down)) * level
        return v[slice.axis] == below || v[slice.axis] == below + level
    }

    /// mm from a slice to a block.
    private func distance(_ origin: VoxelIndex, _ slice: Slice) -> Double {
        let low = Double(origin[slice.axis])
        return max(0, low - slice.position, slice.position - (low + Double(DenseLattice.blockSide)))
    }
}

extension RandomAccessCollection where Index == Int {
    /// Pieces of up to `size` elements, in order.
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: startIndex, to: endIndex, by: size).map { Array(self[$0..<Swift.min(endIndex, $0 + size)]) }
    }
}
