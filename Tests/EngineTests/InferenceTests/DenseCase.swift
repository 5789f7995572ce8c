import Cohorts
import Foundations
import Imaging
import Inference
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

/// A textured CT of 48³ voxels of 1 mm on the axes of the atlas, shifted against it, with a lung of 14³ voxels across two blocks each way.
struct DenseCase {
    let image: PreparedImage
    let lungs: Volume<UInt8>
    let classifier: Classifier
    /// Voxel of the image → voxel of the atlas: the image's voxel (10, 20, 30) is the atlas's (0, 0, 0).
    static let shift = Point3(10, 20, 30)

    init() throws {
        let atlas = TinyCohort.atlas
        let extent = Extent3(cube: 48)
        let geometry = atlas.lungs.voxelToWorld
        var generator = SeededGenerator(name: "dense")
        let ct = Volume<Int16>(
            extent: extent, voxelToWorld: geometry, voxels: (0..<extent.count).map { _ in Int16(generator.uniform(-1000, 200)) })
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: geometry, repeating: 0)
        for z in 10..<24 { for y in 10..<24 { for x in 10..<24 { lungs[VoxelIndex(x: x, y: y, z: z)] = 1 } } }
        self.lungs = lungs
        // The atlas's first axis grows to the left: voxel (x, y, z) lies at (-x, y, z) mm.
        let map = Affine3(scale: Point3(1, 1, 1), translation: geometry.direction(Self.shift))
        image = PreparedImage(ct: ct, lungs: lungs, atlasToSubject: map, atlas: atlas, parallel: Parallel(threads: 2))
        classifier = Self.classifier(.centrilobular, encoder: 8)
    }

    /// A classifier on a seeded encoder.
    static func classifier(_ subtype: EmphysemaSubtype, encoder seed: UInt64) -> Classifier {
        var generator = SeededGenerator(name: "readout \(subtype.rawValue)")
        let encoder = PatchEncoder(architecture: EncoderArchitecture(experts: 2))
        encoder.initialise(seed: seed, scheme: .perExpert)
        // About the variance that fresh layers have: without it nothing of the patch would be left after thirteen of them.
        for layer in encoder.architecture.layers { encoder.statistics[layer.norm + ".running_var"].update(repeating: 0.1) }
        return Classifier(
            subtype: subtype, scheme: .linear, weights: (0..<128).map { _ in Float(generator.uniform(-0.3, 0.3)) }, bias: 0.1,
            encoder: InferenceModel(encoder: encoder, name: "test"), provenance: [:])
    }

    func run(stride: Int) throws -> DenseClassifier.Lattice {
        let dense = DenseClassifier(
            image: image, atlas: TinyCohort.atlas, classifiers: [classifier], stride: stride, parallel: Parallel(threads: 2))
        return try #require(dense.run(lungs: lungs)).lattices[0]
    }

    /// The patch whose corner is v - 16, encoded alone at the location of its block of 16 mm.
    func probability(at v: VoxelIndex) -> Float {
        var patch = [Int16](repeating: 0, count: PatchStore.patchVoxels)
        patch.withUnsafeMutableBufferPointer {
            _ = PatchCutter.cut(image.image, corner: VoxelIndex(x: v.x - 16, y: v.y - 16, z: v.z - 16), into: $0)
        }
        let input = AlignedFloats(count: patch.count)
        PatchAugmentation(kernels: KernelSelection.best).plain(patch, output: input.pointer)
        let centre = Point3(Double(v.x / 16 * 16) + 7.5, Double(v.y / 16 * 16) + 7.5, Double(v.z / 16 * 16) + 7.5)
        let location = TinyCohort.atlas.location(ofCorner: centre - 16 - Self.shift)
        let encoder = classifier.encoder.encoder
        let mixed = MixedKernels(architecture: encoder.architecture, capacity: 1, trainable: false)
        mixed.mix(encoder, at: [location], foldingNorm: true, kernels: KernelSelection.best, parallel: Parallel(threads: 1))
        let h = AlignedFloats(count: 128)
        EvaluationPass(architecture: encoder.architecture, kernels: KernelSelection.best).forward(
            mixed, location: 0, patches: [Floats(input.pointer)], representations: h.pointer)
        return classifier.probability(Floats(h.pointer))
    }
}
