import Foundation
import KernelInterface
import Synchronization

/// Classifies the voxels of a lung on a lattice: voxel v of the 1 mm grid by the patch whose corner is v - 16, with that corner's location.
///
/// Kernels are mixed once per block of 16 mm (location at the block's centre), so that 16 voxels fill the lanes. The lattice is anchored at
/// index 0: strides 16, 8, 4, 2, 1 nest. Source: METHOD.md section 5.
package struct DenseClassifier {
    /// Side of a block that shares its kernels, voxels of 1 mm.
    static let locationBlock = 16

    let image: PreparedImage
    let atlas: Atlas
    /// Readouts of one encoder.
    let classifiers: [Classifier]
    let stride: Int
    let kernels: any KernelSet
    let parallel: Parallel

    package init(
        image: PreparedImage, atlas: Atlas, classifiers: [Classifier], stride: Int, kernels: any KernelSet = KernelSelection.best,
        parallel: Parallel
    ) {
        precondition(stride >= 1 && stride <= Self.locationBlock, "DenseClassifier: stride \(stride), expected 1…\(Self.locationBlock)")
        precondition(!classifiers.isEmpty, "DenseClassifier: no classifier")
        precondition(
            classifiers.allSatisfy { $0.encoder.checksum == classifiers[0].encoder.checksum },
            "DenseClassifier: classifiers of several encoders")
        self.image = image
        self.atlas = atlas
        self.classifiers = classifiers
        self.stride = stride
        self.kernels = kernels
        self.parallel = parallel
    }

    /// The probabilities of one subtype at lattice points.
    package struct Lattice {
        /// Points along each axis.
        package let extent: Extent3
        package let stride: Int
        /// NaN where a point was not needed.
        package var values: [Float]
    }

    /// Computes every lattice point that a lung voxel's interpolation needs.
    /// - Parameters:
    ///   - lungs: on the 1 mm grid, 0 outside.
    ///   - progress: called with (points done, points in all).
    ///   - isCancelled: asked between blocks.
    /// - Returns: one lattice a classifier, and the number of points computed; nil where cancelled.
    package func run(
        lungs: Volume<UInt8>, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> (lattices: [Lattice], points: Int)? {
        let extent = latticeExtent
        let needed = neededPoints(lungs)
        let blocks = Dictionary(grouping: needed) { point in block(of: point, in: extent) }.sorted { $0.key < $1.key }.map(\.value)
        let empty = [Float](repeating: .nan, count: extent.count)
        let results = AlignedFloats(count: needed.count * classifiers.count)
        let starts = blocks.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        let encoder = classifiers[0].encoder.encoder
        let toAtlas = image.toAtlasVoxels(atlas)
        let spaces = Pool { Workspace(encoder: encoder, kernels: kernels) }
        let done = Atomic<Int>(0)
        parallel.forEach(blocks.count) { index in
            guard !isCancelled() else { return }
            spaces.with { space in
                space.mixed.mix(
                    encoder, at: [location(ofBlock: blocks[index][0], in: extent, toAtlas: toAtlas)], foldingNorm: true, kernels: kernels,
                    parallel: Parallel(threads: 1))
                classify(blocks[index], in: extent, space, into: results.pointer + starts[index] * classifiers.count)
            }
            progress(done.add(blocks[index].count, ordering: .relaxed).newValue, needed.count)
        }
        guard !isCancelled() else { return nil }
        var lattices = classifiers.map { _ in Lattice(extent: extent, stride: stride, values: empty) }
        for (index, block) in blocks.enumerated() {
            for (position, point) in block.enumerated() {
                for c in classifiers.indices {
                    lattices[c].values[point] = results.pointer[(starts[index] + position) * classifiers.count + c]
                }
            }
        }
        return (lattices, needed.count)
    }

    private final class Workspace {
        let mixed: MixedKernels
        let pass: EvaluationPass
        let inputs = AlignedFloats(count: LaneLayout.lanes * PatchStore.patchVoxels)
        let features = AlignedFloats(count: LaneLayout.lanes * EncoderArchitecture.representation)
        var patch = [Int16](repeating: 0, count: PatchStore.patchVoxels)

        init(encoder: PatchEncoder, kernels: any KernelSet) {
            mixed = MixedKernels(architecture: encoder.architecture, capacity: 1, trainable: false)
            pass = EvaluationPass(architecture: encoder.architecture, kernels: kernels)
        }
    }

    /// Lattice points 0, stride, 2·stride … and one beyond the last voxel, so that every voxel lies in a cell.
    private var latticeExtent: Extent3 {
        let size = image.image.extent
        return Extent3(x: (size.x - 1) / stride + 2, y: (size.y - 1) / stride + 2, z: (size.z - 1) / stride + 2)
    }

    private func voxel(_ point: Int, in extent: Extent3) -> VoxelIndex {
        VoxelIndex(x: point % extent.x * stride, y: point / extent.x % extent.y * stride, z: point / extent.x / extent.y * stride)
    }

    /// The corners of all cells that hold lung, or that touch it across one voxel: the step to the CT's own grid looks that far.
    private func neededPoints(_ lungs: Volume<UInt8>) -> [Int] {
        let extent = latticeExtent
        let size = lungs.extent
        var needed = [Bool](repeating: false, count: extent.count)
        func cells(_ i: Int, _ size: Int) -> ClosedRange<Int> { max(0, i - 1) / stride...min(size - 1, i + 1) / stride + 1 }
        lungs.voxels.withUnsafeBufferPointer { voxels in
            for z in 0..<size.z {
                for y in 0..<size.y {
                    let row = (z * size.y + y) * size.x
                    for x in 0..<size.x where voxels[row + x] != 0 {
                        for k in cells(z, size.z) {
                            for j in cells(y, size.y) {
                                for i in cells(x, size.x) { needed[(k * extent.y + j) * extent.x + i] = true }
                            }
                        }
                    }
                }
            }
        }
        return needed.indices.filter { needed[$0] }
    }

    /// Number of the 16 mm block that a point lies in.
    private func block(of point: Int, in extent: Extent3) -> Int {
        let v = voxel(point, in: extent)
        let side = Self.locationBlock
        let across = extent.x * stride / side + 1
        return (v.z / side * (extent.y * stride / side + 1) + v.y / side) * across + v.x / side
    }

    /// p of the patch whose voxel is the block's centre.
    private func location(ofBlock point: Int, in extent: Extent3, toAtlas: Affine3) -> SIMD3<Float> {
        let v = voxel(point, in: extent)
        let side = Self.locationBlock
        // The same centre for every stride, so that a point's probability does not change when the lattice is refined.
        let middle = Double(side - 1) / 2
        let half = Double(Atlas.patchSide / 2)
        let centre = Point3(Double(v.x / side * side) + middle, Double(v.y / side * side) + middle, Double(v.z / side * side) + middle)
        return atlas.location(ofCorner: toAtlas(centre - half))
    }

    private func classify(_ points: [Int], in extent: Extent3, _ space: Workspace, into results: MutableFloats) {
        let augmentation = PatchAugmentation(kernels: kernels)
        let half = Atlas.patchSide / 2
        let width = EncoderArchitecture.representation
        for start in Swift.stride(from: 0, to: points.count, by: LaneLayout.lanes) {
            let lanes = min(LaneLayout.lanes, points.count - start)
            for lane in 0..<lanes {
                let v = voxel(points[start + lane], in: extent)
                space.patch.withUnsafeMutableBufferPointer { patch in
                    PatchCutter.cut(image.image, corner: VoxelIndex(x: v.x - half, y: v.y - half, z: v.z - half), into: patch)
                    augmentation.plain(UnsafePointer(patch.baseAddress!), output: space.inputs.pointer + lane * PatchStore.patchVoxels)
                }
            }
            space.pass.forward(
                space.mixed, location: 0, patches: (0..<lanes).map { Floats(space.inputs.pointer + $0 * PatchStore.patchVoxels) },
                representations: space.features.pointer)
            for lane in 0..<lanes {
                for (c, classifier) in classifiers.enumerated() {
                    results[(start + lane) * classifiers.count + c] = classifier.probability(Floats(space.features.pointer + lane * width))
                }
            }
        }
    }
}
