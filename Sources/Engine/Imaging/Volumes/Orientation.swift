import Foundations

/// How to bring a grid's axes into another order and signs without moving any voxel in space: permutation and flips only.
package struct Orientation: Hashable, Sendable {
    /// One axis of the result: the source axis (0 x, 1 y, 2 z) that it runs along, and whether it runs the other way.
    package struct Axis: Hashable, Sendable {
        package let source: Int
        package let isFlipped: Bool
    }

    /// The result's x, y and z axes; their sources are a permutation of 0, 1, 2.
    package let axes: [Axis]

    /// The permutation and flips that bring the axes of `grid` closest to those of `target` (largest sum of |cosine| between paired axes;
    /// of equals the one that moves fewer axes).
    /// - Parameters: both map voxel coordinates to RAS+ mm; only their axis directions count.
    package init(from grid: Affine3, to target: Affine3) {
        let cosines = (0..<3).map { new in
            (0..<3).map { old in
                dot(target[column: new], grid[column: old]) / (length(target[column: new]) * length(grid[column: old]))
            }
        }
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]
        func agreement(_ order: [Int]) -> Double { (0..<3).map { abs(cosines[$0][order[$0]]) }.reduce(0, +) }
        var best = orders[0]
        for order in orders.dropFirst() where agreement(order) > agreement(best) + 1e-9 { best = order }
        axes = (0..<3).map { Axis(source: best[$0], isFlipped: cosines[$0][best[$0]] < 0) }
    }

    /// The same to axes named by where their indices grow to, such as "LAS": Left, Anterior, Superior.
    /// - Returns: nil unless the name has one letter of each pair L/R, P/A, I/S.
    package init?(from grid: Affine3, to name: String) {
        guard let target = Self.affine(named: name) else { return nil }
        self.init(from: grid, to: target)
    }

    /// The named axes of a grid: "LPS" where indices grow to Left, Posterior and Superior (nearest, if oblique).
    package static func name(of grid: Affine3) -> String {
        let toPatient = Orientation(from: .identity, to: grid)
        return String(toPatient.axes.map { ($0.isFlipped ? ["L", "P", "I"] : ["R", "A", "S"])[$0.source] })
    }

    /// Unit steps along named axes.
    private static func affine(named name: String) -> Affine3? {
        let directions: [Character: Point3] = [
            "R": [1, 0, 0], "L": [-1, 0, 0], "A": [0, 1, 0], "P": [0, -1, 0], "S": [0, 0, 1], "I": [0, 0, -1],
        ]
        let columns = name.uppercased().compactMap { directions[$0] }
        guard name.count == 3, columns.count == 3 else { return nil }
        let affine = Affine3(columnX: columns[0], columnY: columns[1], columnZ: columns[2], translation: .zero)
        return affine.determinant == 0 ? nil : affine
    }

    /// True where nothing changes.
    package var isIdentity: Bool { axes.enumerated().allSatisfy { $0.offset == $0.element.source && !$0.element.isFlipped } }

    /// The extent after the change.
    package func apply(to extent: Extent3) -> Extent3 {
        Extent3(x: extent[axes[0].source], y: extent[axes[1].source], z: extent[axes[2].source])
    }

    /// The changed grid's map to millimetres: every voxel keeps its place in space.
    package func apply(to voxelToWorld: Affine3, extent: Extent3) -> Affine3 {
        var result = Affine3(columnX: .zero, columnY: .zero, columnZ: .zero, translation: voxelToWorld.translation)
        for (new, axis) in axes.enumerated() {
            let column = voxelToWorld[column: axis.source]
            result[column: new] = axis.isFlipped ? -column : column
            if axis.isFlipped { result.translation += column * Double(extent[axis.source] - 1) }
        }
        return result
    }
}

extension Volume where Voxel: BitwiseCopyable {
    /// The same voxels at the same places in space, stored in another axis order.
    package func reoriented(_ orientation: Orientation, parallel: Parallel) -> Volume {
        guard !orientation.isIdentity else { return self }
        let size = orientation.apply(to: extent)
        let sourceStrides = [1, extent.x, extent.x * extent.y]
        let strides = orientation.axes.map { $0.isFlipped ? -sourceStrides[$0.source] : sourceStrides[$0.source] }
        let start = orientation.axes.reduce(0) { $0 + ($1.isFlipped ? (extent[$1.source] - 1) * sourceStrides[$1.source] : 0) }
        let reordered = voxels.withUnsafeBufferPointer { source in
            parallel.makeArray(count: extent.count, pieces: size.z) { (z, target: UnsafeMutableBufferPointer<Voxel>) in
                for y in 0..<size.y {
                    let row = (z * size.y + y) * size.x
                    var place = start + z * strides[2] + y * strides[1]
                    for x in 0..<size.x {
                        target[row + x] = source[place]
                        place += strides[0]
                    }
                }
            }
        }
        return Volume(extent: size, voxelToWorld: orientation.apply(to: voxelToWorld, extent: extent), voxels: reordered)
    }

    /// The same voxels with axes as close as possible to those of another grid.
    package func reoriented(like target: Affine3, parallel: Parallel) -> Volume {
        reoriented(Orientation(from: voxelToWorld, to: target), parallel: parallel)
    }
}
