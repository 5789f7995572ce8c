import Cohorts
import Foundation
import Foundations
import Imaging
import KernelInterface
import Learning
import Masks
import Network
import Synchronization

/// Classifies the voxels of a lung on a lattice: voxel v of the 1 mm grid by the patch whose corner is v - 16, with that corner's location.
///
/// Kernels are mixed once per block of 16 mm (location at the block's centre), so that 16 voxels fill the lanes. The lattice is anchored at
/// index 0: strides 16, 8, 4, 2, 1 nest. Source: docs/method.md section 5.
package struct DenseClassifier {
    let image: PreparedImage
    let atlas: Atlas
    /// Readouts of one encoder.
    let classifiers: [Classifier]
    let grid: DenseLattice
    private let kernels: any KernelSet
    private let parallel: Parallel
    private let toAtlas: Affine3

    package init(
        image: PreparedImage, atlas: Atlas, classifiers: [Classifier], stride: Int, kernels: any KernelSet = KernelSelection.best,
        parallel: Parallel
    ) {
        precondition(!classifiers.isEmpty, "DenseClassifier: no classifier")
        precondition(
            classifiers.allSatisfy { $0.encoder.checksum == classifiers[0].encoder.checksum },
            "DenseClassifier: classifiers of several encoders")
        self.image = image
        self.atlas = atlas
        self.classifiers = classifiers
        grid = DenseLattice(size: image.image.extent, stride: stride)
        self.kernels = kernels
        self.parallel = parallel
        toAtlas = image.toAtlasVoxels(atlas)
    }

    /// The probabilities of one subtype at lattice points.
    package struct Lattice {
        /// Points along each axis.
        package let extent: Extent3
        package let stride: Int
        /// NaN where a point was not needed.
        package var values: [Float]

        init(_ grid: DenseLattice) {
            extent = grid.extent
            stride = grid.stride
            values = [Float](repeating: .nan, count: grid.extent.count)
        }
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
        let needed = grid.needed(by: lungs)
        let blocks = grid.blocks(needed)
        let results = AlignedFloats(count: needed.count * classifiers.count)
        let starts = blocks.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        let densities = densities(lungs: lungs, points: needed)
        let spaces = Pool { Workspace(self) }
        let done = Atomic<Int>(0)
        parallel.forEach(blocks.count) { index in
            guard !isCancelled() else { return }
            spaces.with { classify(blocks[index], densities, $0, into: results.pointer + starts[index] * classifiers.count) }
            progress(done.add(blocks[index].count, ordering: .relaxed).newValue, needed.count)
        }
        guard !isCancelled() else { return nil }
        var lattices = classifiers.map { _ in Lattice(grid) }
        for (index, block) in blocks.enumerated() {
            for (position, point) in block.enumerated() {
                for c in classifiers.indices {
                    lattices[c].values[point] = results.pointer[(starts[index] + position) * classifiers.count + c]
                }
            }
        }
        return (lattices, needed.count)
    }

    /// What one thread needs.
    final class Workspace {
        fileprivate let mixed: MixedKernels
        fileprivate let pass: EvaluationPass
        fileprivate let inputs = AlignedFloats(count: LaneLayout.lanes * PatchStore.patchVoxels)
        fileprivate let features = AlignedFloats(count: LaneLayout.lanes * EncoderArchitecture.representation)
        fileprivate var patch = [Int16](repeating: 0, count: PatchStore.patchVoxels)

        init(_ dense: DenseClassifier) {
            let architecture = dense.classifiers[0].encoder.encoder.architecture
            mixed = MixedKernels(architecture: architecture, capacity: 1, trainable: false)
            pass = EvaluationPass(architecture: architecture, kernels: dense.kernels)
        }
    }

    /// The density of the boxes of lattice points.
    struct Densities: Sendable {
        /// The row of each lattice point; -1 where it has none.
        fileprivate let rows: [Int32]
        fileprivate let values: [Float]
    }

    /// - Parameter lungs: on the 1 mm grid.
    /// - Returns: nil where no classifier reads it.
    func densities(lungs: Volume<UInt8>, points: [Int]) -> Densities? {
        guard classifiers.contains(where: \.readsDensity) else { return nil }
        var rows = [Int32](repeating: -1, count: grid.extent.count)
        for (row, point) in points.enumerated() { rows[point] = Int32(row) }
        let density = BoxDensity(image.image, lungs: lungs, parallel: parallel)
        return Densities(rows: rows, values: density.values(around: points.map(grid.voxel)))
    }

    /// p of the patch whose voxel is the block's centre.
    private func location(ofBlock point: Int) -> SIMD3<Float> {
        // The same centre for every stride, so that a point's probability does not change when the lattice is refined.
        let middle = Double(DenseLattice.blockSide - 1) / 2
        let half = Double(Atlas.patchSide / 2)
        return atlas.location(ofCorner: toAtlas(grid.blockOrigin(of: point).point + (middle - half)))
    }

    /// Classifies points of one block. Each point's result is its own: it does not depend on the others.
    /// - Parameter results: receives `[point][classifier]`.
    func classify(_ points: [Int], _ densities: Densities?, _ space: Workspace, into results: MutableFloats) {
        space.mixed.mix(
            classifiers[0].encoder.encoder, at: [location(ofBlock: points[0])], foldingNorm: true, kernels: kernels,
            parallel: Parallel(threads: 1))
        let augmentation = PatchAugmentation(kernels: kernels)
        let half = Atlas.patchSide / 2
        let width = EncoderArchitecture.representation
        for start in Swift.stride(from: 0, to: points.count, by: LaneLayout.lanes) {
            let lanes = min(LaneLayout.lanes, points.count - start)
            for lane in 0..<lanes {
                let v = grid.voxel(points[start + lane])
                space.patch.withUnsafeMutableBufferPointer { patch in
                    PatchCutter.cut(image.image, corner: VoxelIndex(x: v.x - half, y: v.y - half, z: v.z - half), into: patch)
                    augmentation.plain(UnsafePointer(patch.baseAddress!), output: space.inputs.pointer + lane * PatchStore.patchVoxels)
                }
            }
            space.pass.forward(
                space.mixed, location: 0, patches: (0..<lanes).map { Floats(space.inputs.pointer + $0 * PatchStore.patchVoxels) },
                representations: space.features.pointer)
            for lane in 0..<lanes {
                let row = densities.map { Int($0.rows[points[start + lane]]) * BoxDensity.count }
                for (c, classifier) in classifiers.enumerated() {
                    let features = Floats(space.features.pointer + lane * width)
                    let place = (start + lane) * classifiers.count + c
                    if let densities, let row {
                        results[place] = densities.values.withUnsafeBufferPointer {
                            classifier.probability(features, density: $0.baseAddress.map { $0 + row })
                        }
                    } else {
                        results[place] = classifier.probability(features)
                    }
                }
            }
        }
    }
}
