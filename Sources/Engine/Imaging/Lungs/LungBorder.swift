import Foundations

/// Takes the lungs from the working grid to the CT's own voxels.
///
/// Where lung meets tissue the border follows the HU; where vessels, nodules or dents were closed it follows the closing, interpolated.
struct LungBorder {
    private let grid: WorkingGrid
    /// For each block the lung that its aerated voxels belong to: a lung's own blocks and those that touch it. 0 none.
    private let nearby: [UInt8]
    /// 1 where a voxel is lung whatever its HU: a lung's inner blocks and closed ones.
    private let solid: [UInt8]

    /// 1 in blocks beside padding, which may hold some.
    private let edge: [UInt8]

    /// - Parameters:
    ///   - aerated: 1 right lung, 2 left, 0 elsewhere; blocks of the grid.
    ///   - airless: 1 and 2 where the lungs go on without air.
    ///   - air: all enclosed air, so that other air is not taken for a lung's border.
    init(aerated: [UInt8], airless: [UInt8], air: EnclosedAir, grid: WorkingGrid, closingMillimetres: Double, parallel: Parallel) {
        self.grid = grid
        let extent = grid.extent
        var closed = aerated
        for side in [UInt8(1), 2] {
            var whole = Self.filled(
                Self.closing(of: side, in: aerated, grid: grid, radius: closingMillimetres, parallel: parallel), extent: extent)
            Self.fillCoronalHoles(&whole, grid)
            // A block that both lungs' closings claim lies between them and is neither's.
            for index in whole.indices where whole[index] && aerated[index] == 0 {
                closed[index] = closed[index] == 0 ? side : .max
            }
        }
        for index in closed.indices {
            if closed[index] == .max || air.padding[index] != 0 { closed[index] = 0 }
            if closed[index] == 0, airless[index] != 0 { closed[index] = airless[index] }
        }

        var nearby = aerated
        var solid = [UInt8](repeating: 0, count: extent.count)
        for index in closed.indices {
            if closed[index] != 0 && aerated[index] == 0 {
                solid[index] = 1
            } else if closed[index] != 0 {
                var isInner = true
                extent.forEachNeighbour(of: index) { if closed[$0] != closed[index] { isInner = false } }
                solid[index] = isInner ? 1 : 0
            }
            if nearby[index] == 0 {
                // Other enclosed air is another organ's.
                guard air.mask[index] == 0, air.padding[index] == 0 else { continue }
                var label = closed[index]
                extent.forEachNeighbour(of: index) { if label == 0 { label = aerated[$0] } }
                nearby[index] = label
            }
        }
        self.nearby = nearby
        self.solid = solid
        var edge = [UInt8](repeating: 0, count: extent.count)
        for index in edge.indices where air.padding[index] != 0 { extent.forEachNeighbour(of: index) { edge[$0] = 1 } }
        self.edge = edge
    }

    /// Labels on the CT's voxels: 0, 1 right, 2 left.
    /// - Parameter airway: not 0 where windpipe and bronchi were removed.
    func labels(on ct: Volume<Int16>, airway: [UInt8]?, parallel: Parallel) -> [UInt8] {
        let threshold = Int16(EnclosedAir.thresholdHounsfield)
        let size = ct.extent
        return ct.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: size.count, pieces: size.z) { (z, labels: UnsafeMutableBufferPointer<UInt8>) in
                for y in 0..<size.y {
                    let row = (z * size.y + y) * size.x
                    let blocks = ((z / grid.factors.z) * grid.extent.y + y / grid.factors.y) * grid.extent.x
                    for x in 0..<size.x {
                        let label = nearby[blocks + x / grid.factors.x]
                        guard label != 0, airway.map({ $0[row + x] == 0 }) ?? true else {
                            labels[row + x] = 0
                            continue
                        }
                        let value = voxels[row + x]
                        let isPadding = value <= NiftiFile.emptyHounsfield && edge[blocks + x / grid.factors.x] != 0
                        let isLung = value < threshold || solidity(x, y, z) >= 0.5
                        labels[row + x] = isLung && !isPadding ? label : 0
                    }
                }
            }
        }
    }

    /// Labels the air of the blocks that hold `label`, where nothing else is labelled.
    func mark(_ blocks: [UInt8], as label: UInt8, in labels: inout [UInt8], on ct: Volume<Int16>) {
        let threshold = Int16(EnclosedAir.thresholdHounsfield)
        let size = ct.extent
        for z in 0..<size.z {
            for y in 0..<size.y {
                let row = (z * size.y + y) * size.x
                let start = ((z / grid.factors.z) * grid.extent.y + y / grid.factors.y) * grid.extent.x
                for x in 0..<size.x where blocks[start + x / grid.factors.x] == label {
                    if labels[row + x] == 0, ct.voxels[row + x] < threshold { labels[row + x] = label }
                }
            }
        }
    }

    /// `solid`, trilinear between block centres, at a voxel of the CT.
    private func solidity(_ x: Int, _ y: Int, _ z: Int) -> Float {
        let factors = grid.factors
        let (x0, x1, fx) = Self.between(x, factors.x, grid.extent.x)
        let (y0, y1, fy) = Self.between(y, factors.y, grid.extent.y)
        let (z0, z1, fz) = Self.between(z, factors.z, grid.extent.z)
        func row(_ y: Int, _ z: Int) -> Float {
            let start = (z * grid.extent.y + y) * grid.extent.x
            return Float(solid[start + x0]) * (1 - fx) + Float(solid[start + x1]) * fx
        }
        return (row(y0, z0) * (1 - fy) + row(y1, z0) * fy) * (1 - fz) + (row(y0, z1) * (1 - fy) + row(y1, z1) * fy) * fz
    }

    /// The two blocks whose centres a voxel lies between, and how far it is from the first to the second.
    private static func between(_ voxel: Int, _ factor: Int, _ blocks: Int) -> (Int, Int, Float) {
        let place = (Float(voxel) + 0.5) / Float(factor) - 0.5
        let lower = Int(place.rounded(.down))
        return (max(lower, 0), min(lower + 1, blocks - 1), place - Float(lower))
    }

    // MARK: Closing

    /// Dilation, then erosion, by a ball.
    private static func closing(of side: UInt8, in labels: [UInt8], grid: WorkingGrid, radius: Double, parallel: Parallel) -> [Bool] {
        let limit = Float(radius * radius)
        let outward = DistanceMap.squared(
            to: { $0 == side }, in: labels, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres, within: radius,
            parallel: parallel)
        let dilated = outward.map { $0 <= limit ? UInt8(1) : 0 }
        let inward = DistanceMap.squared(
            to: { $0 == 0 }, in: dilated, extent: grid.extent, spacingMillimetres: grid.spacingMillimetres, within: radius,
            parallel: parallel)
        return inward.map { $0 > limit }
    }

    /// Largest area of consolidated lung that is taken for such, mm².
    private static let largestHole = 1000.0

    /// Consolidated lung that opens to the pleura or the hilum in space is still ringed by lung in coronal slices; the heart, the diaphragm
    /// and the hilum never are.
    private static func fillCoronalHoles(_ mask: inout [Bool], _ grid: WorkingGrid) {
        let extent = grid.extent
        let flat = Extent3(x: extent.x, y: extent.z, z: 1)
        let most = Int(largestHole / (grid.spacingMillimetres.x * grid.spacingMillimetres.z))
        for y in 0..<extent.y {
            func place(_ index: Int) -> Int { (index / extent.x * extent.y + y) * extent.x + index % extent.x }
            let outside = (0..<flat.count).map { mask[place($0)] ? UInt8(0) : 1 }
            guard outside.contains(0) else { continue }
            let parts = ConnectedComponents(of: outside, extent: flat) { $0 != 0 }
            guard parts.count > 1 else { continue }
            var isOpen = [Bool](repeating: false, count: parts.count + 1)
            for index in 0..<flat.count {
                let (x, z) = (index % extent.x, index / extent.x)
                if x == 0 || z == 0 || x == extent.x - 1 || z == extent.z - 1 { isOpen[Int(parts.labels[index])] = true }
            }
            for index in 0..<flat.count where outside[index] != 0 {
                let part = Int(parts.labels[index])
                if !isOpen[part], parts.sizes[part] <= most { mask[place(index)] = true }
            }
        }
    }

    /// Holes that do not open to the grid's border are filled.
    private static func filled(_ mask: [Bool], extent: Extent3) -> [Bool] {
        let border = (0..<extent.count).lazy.filter { index in
            let (x, y, z) = (index % extent.x, index / extent.x % extent.y, index / (extent.x * extent.y))
            return x == 0 || y == 0 || z == 0 || x == extent.x - 1 || y == extent.y - 1 || z == extent.z - 1
        }
        return extent.flood(from: border) { !mask[$0] }.map { !$0 }
    }
}

extension Extent3 {
    /// Calls `body` with the storage place of each of the up to 26 voxels around the one at `place`.
    @inline(__always)
    func forEachNeighbour(of place: Int, _ body: (Int) -> Void) {
        let (column, row, slice) = (place % x, place / x % y, place / (x * y))
        for dz in max(-1, -slice)...min(1, z - 1 - slice) {
            for dy in max(-1, -row)...min(1, y - 1 - row) {
                for dx in max(-1, -column)...min(1, x - 1 - column) where dx != 0 || dy != 0 || dz != 0 {
                    body(place + (dz * y + dy) * x + dx)
                }
            }
        }
    }
}
