/// The size of a 3-D grid in voxels. Voxels are stored with x fastest: index = (z · y-size + y) · x-size + x.
package struct Extent3: Hashable, Sendable, Codable, CustomStringConvertible {
    package var x, y, z: Int

    package init(x: Int, y: Int, z: Int) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// A cube.
    package init(cube side: Int) { self.init(x: side, y: side, z: side) }

    /// Number of voxels.
    package var count: Int { x * y * z }

    package var description: String { "\(x)×\(y)×\(z)" }

    /// The place of a voxel in x-fastest storage; not checked.
    package func offset(_ voxel: VoxelIndex) -> Int { (voxel.z * y + voxel.y) * x + voxel.x }

    @inlinable
    package func contains(_ voxel: VoxelIndex) -> Bool {
        voxel.x >= 0 && voxel.x < x && voxel.y >= 0 && voxel.y < y && voxel.z >= 0 && voxel.z < z
    }

    /// The size along axis 0 (x), 1 (y) or 2 (z).
    package subscript(axis: Int) -> Int {
        get { axis == 0 ? x : axis == 1 ? y : z }
        set {
            switch axis {
            case 0: x = newValue
            case 1: y = newValue
            default: z = newValue
            }
        }
    }
}

/// A voxel of a grid, or an offset between two.
package struct VoxelIndex: Hashable, Sendable, Codable, CustomStringConvertible {
    package var x, y, z: Int

    @inlinable
    package init(x: Int, y: Int, z: Int) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The voxel nearest to continuous voxel coordinates.
    package init(nearestTo point: Point3) {
        self.init(x: Int(point.x.rounded()), y: Int(point.y.rounded()), z: Int(point.z.rounded()))
    }

    /// The voxel's centre in continuous voxel coordinates.
    package var point: Point3 { Point3(Double(x), Double(y), Double(z)) }

    package var description: String { "(\(x), \(y), \(z))" }

    /// The index along axis 0 (x), 1 (y) or 2 (z).
    package subscript(axis: Int) -> Int {
        get { axis == 0 ? x : axis == 1 ? y : z }
        set {
            switch axis {
            case 0: x = newValue
            case 1: y = newValue
            default: z = newValue
            }
        }
    }
}
