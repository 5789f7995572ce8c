import Foundation
import Foundations

/// How a phantom's CT is sampled and stored: spacing, obliquity, and the order and signs of the stored axes.
struct ScannerGeometry: Sendable {
    /// Grid of the acquisition: i about right, j about anterior, k about superior.
    let acquired: Extent3
    /// Acquisition voxel → subject mm (RAS).
    let acquiredToWorld: Affine3
    /// Grid of the file.
    let stored: Extent3
    /// Stored voxel → subject mm (RAS).
    let storedToWorld: Affine3
    /// Place of acquisition voxel (0, 0, 0) in storage, and the steps along i, j and k.
    let firstOffset: Int
    let strides: VoxelIndex

    /// Axes, signs and spacing as given; covers `bounds` (mm).
    /// - Parameters:
    ///   - order: the acquisition axis that each stored axis runs along.
    ///   - flipped: whether each stored axis runs against it.
    init(bounds: (lower: Point3, upper: Point3), spacing: Point3, turn: Affine3, order: [Int], flipped: [Bool]) {
        precondition(order.sorted() == [0, 1, 2] && flipped.count == 3, "ScannerGeometry: order \(order), flipped \(flipped)")
        let size = bounds.upper - bounds.lower
        let acquired = Extent3(
            x: Int((size.x / spacing.x).rounded(.up)), y: Int((size.y / spacing.y).rounded(.up)), z: Int((size.z / spacing.z).rounded(.up)))
        let middle = Point3(Double(acquired.x - 1), Double(acquired.y - 1), Double(acquired.z - 1)) / 2
        let centred = Affine3(scale: spacing, translation: -middle * spacing)
        acquiredToWorld = Affine3(scale: [1, 1, 1], translation: (bounds.lower + bounds.upper) / 2) * turn * centred

        var stored = Extent3(cube: 1)
        var columns = [Point3](repeating: .zero, count: 3)
        var origin = Point3.zero
        var strides = VoxelIndex(x: 0, y: 0, z: 0)
        var first = 0
        var stride = 1
        for axis in 0..<3 {
            let source = order[axis]
            stored[axis] = acquired[source]
            columns[axis] = acquiredToWorld[column: source] * (flipped[axis] ? -1 : 1)
            if flipped[axis] {
                origin[source] = Double(acquired[source] - 1)
                first += (acquired[source] - 1) * stride
            }
            strides[source] = flipped[axis] ? -stride : stride
            stride *= acquired[source]
        }
        self.acquired = acquired
        self.stored = stored
        self.strides = strides
        firstOffset = first
        storedToWorld = Affine3(columnX: columns[0], columnY: columns[1], columnZ: columns[2], translation: acquiredToWorld(origin))
    }

    /// A draw as scanners differ: 0.6–0.9 mm in plane, 0.7–2.5 mm between slices, up to 4° of obliquity, any axis order and signs.
    static func random(bounds: (lower: Point3, upper: Point3), _ random: inout SeededGenerator) -> ScannerGeometry {
        let inPlane = random.uniform(0.6, 0.9)
        let between = random.uniform(0.7, 2.5)
        let turn = Affine3.rotation(x: random.uniform(-0.07, 0.07), y: random.uniform(-0.07, 0.07), z: random.uniform(-0.07, 0.07))
        // Most real files hold axial slices; one in three here does not.
        let order = random.below(3) == 0 ? random.permutation(3) : [0, 1, 2]
        let flipped = (0..<3).map { _ in random.below(2) == 1 }
        return ScannerGeometry(
            bounds: bounds, spacing: [inPlane, inPlane, between], turn: turn, order: order, flipped: flipped)
    }

    /// 1 mm voxels, index growing to the Left, Anterior and Superior: the authors' atlas's axes.
    static func atlas(bounds: (lower: Point3, upper: Point3)) -> ScannerGeometry {
        ScannerGeometry(bounds: bounds, spacing: [1, 1, 1], turn: .identity, order: [0, 1, 2], flipped: [true, false, false])
    }

    /// Distances between voxel centres along i, j and k, mm.
    var spacing: Point3 { Point3(length(acquiredToWorld.columnX), length(acquiredToWorld.columnY), length(acquiredToWorld.columnZ)) }
}
