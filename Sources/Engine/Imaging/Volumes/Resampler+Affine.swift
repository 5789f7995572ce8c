import Foundations

extension Resampler {
    /// An image of whole HU on any grid, trilinear, rounded; `fill` where the grid lies outside the image.
    /// - Parameters:
    ///   - extent: the new grid's size.
    ///   - voxelToWorld: the new grid's voxel coordinates → mm.
    ///   - targetToSource: points of the new grid's space → points of the image's space, both mm; identity for one space.
    package static func linear(
        _ source: Volume<Int16>, onto extent: Extent3, voxelToWorld: Affine3, through targetToSource: Affine3 = .identity,
        fill: Int16 = NiftiFile.emptyHounsfield, parallel: Parallel
    ) throws -> Volume<Int16> {
        try sample(source, onto: extent, voxelToWorld, targetToSource, parallel) { voxels, point in
            interpolate(voxels, source.extent, point) { Float($0) }.map { Int16($0.rounded()) } ?? fill
        }
    }

    /// The same for an image of real numbers.
    package static func linear(
        _ source: Volume<Float>, onto extent: Extent3, voxelToWorld: Affine3, through targetToSource: Affine3 = .identity,
        fill: Float = 0, parallel: Parallel
    ) throws -> Volume<Float> {
        try sample(source, onto: extent, voxelToWorld, targetToSource, parallel) { voxels, point in
            interpolate(voxels, source.extent, point) { $0 } ?? fill
        }
    }

    /// Labels on any grid: the nearest voxel's, `fill` outside.
    package static func nearest<Voxel: BitwiseCopyable & Sendable>(
        _ source: Volume<Voxel>, onto extent: Extent3, voxelToWorld: Affine3, through targetToSource: Affine3 = .identity,
        fill: Voxel, parallel: Parallel
    ) throws -> Volume<Voxel> {
        let size = source.extent
        return try sample(source, onto: extent, voxelToWorld, targetToSource, parallel) { voxels, point in
            // Compared as real numbers first: a far-away point may exceed every Int.
            let shifted = (point + 0.5).rounded(.down)
            guard all(shifted .>= .zero), all(shifted .< Point3(Double(size.x), Double(size.y), Double(size.z))) else { return fill }
            return voxels[size.offset(VoxelIndex(x: Int(shifted.x), y: Int(shifted.y), z: Int(shifted.z)))]
        }
    }

    /// Calls `value` with each new voxel's place in the source's continuous voxel coordinates.
    @inline(__always)
    private static func sample<Voxel: BitwiseCopyable & Sendable>(
        _ source: Volume<Voxel>, onto extent: Extent3, _ voxelToWorld: Affine3, _ targetToSource: Affine3, _ parallel: Parallel,
        _ value: (UnsafeBufferPointer<Voxel>, Point3) -> Voxel
    ) throws -> Volume<Voxel> {
        guard let worldToSource = source.voxelToWorld.inverse else {
            throw Failure("an image's map from voxels to millimetres is singular: its axes do not span three dimensions")
        }
        let map = worldToSource * targetToSource * voxelToWorld
        let voxels = source.voxels.withUnsafeBufferPointer { voxels in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z, target: UnsafeMutableBufferPointer<Voxel>) in
                for y in 0..<extent.y {
                    let start = map.columnY * Double(y) + map.columnZ * Double(z) + map.translation
                    let row = (z * extent.y + y) * extent.x
                    for x in 0..<extent.x { target[row + x] = value(voxels, start + map.columnX * Double(x)) }
                }
            }
        }
        return Volume(extent: extent, voxelToWorld: voxelToWorld, voxels: voxels)
    }

    /// Trilinear between the eight voxels around a point; nil more than half a voxel outside, the border's values within that half.
    @inline(__always)
    private static func interpolate<Voxel>(
        _ voxels: UnsafeBufferPointer<Voxel>, _ extent: Extent3, _ point: Point3, _ real: (Voxel) -> Float
    ) -> Float? {
        let last = Point3(Double(extent.x - 1), Double(extent.y - 1), Double(extent.z - 1))
        guard all(point .>= -0.5), all(point .<= last + 0.5) else { return nil }
        let inside = point.clamped(lowerBound: .zero, upperBound: last)
        let x = min(Int(inside.x), max(extent.x - 2, 0))
        let y = min(Int(inside.y), max(extent.y - 2, 0))
        let z = min(Int(inside.z), max(extent.z - 2, 0))
        let fraction = SIMD3<Float>(Float(inside.x - Double(x)), Float(inside.y - Double(y)), Float(inside.z - Double(z)))
        let stepX = extent.x > 1 ? 1 : 0
        let stepY = extent.y > 1 ? extent.x : 0
        let stepZ = extent.z > 1 ? extent.x * extent.y : 0
        let corner = (z * extent.y + y) * extent.x + x
        func alongX(_ start: Int) -> Float {
            let a = real(voxels[start])
            return a + (real(voxels[start + stepX]) - a) * fraction.x
        }
        func alongY(_ start: Int) -> Float {
            let a = alongX(start)
            return a + (alongX(start + stepY) - a) * fraction.y
        }
        let a = alongY(corner)
        return a + (alongY(corner + stepZ) - a) * fraction.z
    }
}
