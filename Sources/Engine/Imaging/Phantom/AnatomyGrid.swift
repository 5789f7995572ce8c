import Foundations

/// The subject's anatomy on a coarse grid over the acquisition, read by trilinear interpolation: distances are smooth, voxels are many.
struct AnatomyGrid {
    /// At one place: x, y, z of the schematic thorax; signed distances in subject mm to right lung, left lung, chest wall, skin and heart.
    typealias Node = SIMD8<Float>

    private let nodes: [Node]
    private let extent: Extent3
    /// Acquisition voxels between nodes.
    private let step: VoxelIndex

    /// - Parameter stepMillimetres: about the distance between nodes.
    init(_ shape: SubjectShape, _ geometry: ScannerGeometry, stepMillimetres: Double, parallel: Parallel) {
        let spacing = geometry.spacing
        func nodes(_ axis: Int) -> (step: Int, count: Int) {
            let step = max(1, Int((stepMillimetres / spacing[axis]).rounded()))
            return (step, (geometry.acquired[axis] - 1) / step + 2)
        }
        let (x, y, z) = (nodes(0), nodes(1), nodes(2))
        extent = Extent3(x: x.count, y: y.count, z: z.count)
        step = VoxelIndex(x: x.step, y: y.step, z: z.step)
        let planes = parallel.map(z.count) { k in
            var plane: [Node] = []
            plane.reserveCapacity(x.count * y.count)
            for j in 0..<y.count {
                for i in 0..<x.count {
                    plane.append(
                        Self.node(shape, at: geometry.acquiredToWorld(Point3(Double(i * x.step), Double(j * y.step), Double(k * z.step)))))
                }
            }
            return plane
        }
        self.nodes = Array(planes.joined())
    }

    private static func node(_ shape: SubjectShape, at world: Point3) -> Node {
        let p = shape.canonical(world)
        let distances = shape.distances(p)
        let body = ThoraxAnatomy.body(p) * shape.scale
        let heart = shape.anatomy.heart(p) * shape.scale
        return Node(
            Float(p.x), Float(p.y), Float(p.z), Float(distances.right), Float(distances.left), Float(distances.cage), Float(body),
            Float(heart))
    }

    /// Volume of both lungs, mm³, by counting nodes.
    func lungVolume(_ geometry: ScannerGeometry) -> Double {
        let inside = nodes.reduce(0) { $0 + (min($1[3], $1[4]) < 0 ? 1 : 0) }
        return Double(inside * step.x * step.y * step.z) * abs(geometry.acquiredToWorld.determinant)
    }

    /// The nodes of acquisition slice `k`, interpolated along k: `extent.x · extent.y`, i fastest.
    func slice(_ k: Int) -> Slice {
        let plane = extent.x * extent.y
        let first = k / step.z
        let part = Float(k % step.z) / Float(step.z)
        let lower = nodes[first * plane..<(first + 1) * plane]
        let upper = nodes[(first + 1) * plane..<(first + 2) * plane]
        return Slice(nodes: zip(lower, upper).map { $0 + ($1 - $0) * part }, width: extent.x, step: step)
    }

    /// One slice of nodes.
    struct Slice {
        fileprivate let nodes: [Node]
        fileprivate let width: Int
        fileprivate let step: VoxelIndex

        /// Calls `body` with i and the interpolated anatomy for each of the row's voxels.
        @inline(__always)
        func forEach(row j: Int, count: Int, _ body: (Int, Node) -> Void) {
            let first = j / step.y * width
            let partJ = Float(j % step.y) / Float(step.y)
            func along(_ column: Int) -> Node { nodes[first + column] + (nodes[first + width + column] - nodes[first + column]) * partJ }
            var left = along(0)
            var i = 0
            var column = 1
            while i < count {
                let right = along(column)
                let change = (right - left) / Float(step.x)
                for offset in 0..<min(step.x, count - i) { body(i + offset, left + change * Float(offset)) }
                left = right
                i += step.x
                column += 1
            }
        }
    }
}
