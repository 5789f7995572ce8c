import Cohorts
import Foundation
import Foundations
import Imaging
import KernelInterface
import Learning
import Network

/// Representations of boxes: for each box one at its exact place and 15 at places moved by up to 4 voxels, all with the box's location.
///
/// A box's corner is the nearest voxel to its centre, minus 16; its location input is that corner mapped into atlas voxels. Source:
/// docs/method.md section 5.
package struct BoxFeatures {
    /// Views of a box: the lanes of one block cost the same whether they are filled or not.
    package static let views = LaneLayout.lanes
    /// Largest move of a view along each axis, voxels.
    static let jitter = 4

    package let boxes: [LesionBox]
    /// Numbers of a view: 128 of the encoder and, where they were asked for, `BoxDensity.count` of its density after them.
    package let width: Int
    /// `[box][view][width]`; view 0 is the exact one.
    package let values: [Float]

    package init(boxes: [LesionBox], width: Int = EncoderArchitecture.representation, values: [Float]) {
        self.boxes = boxes
        self.width = width
        self.values = values
    }

    /// A view's numbers.
    package func row(_ box: Int, view: Int = 0) -> ArraySlice<Float> {
        let start = (box * Self.views + view) * width
        return values[start..<start + width]
    }

    /// Where the views of box number `index` lie, voxels from its corner: the box itself and seeded places around it.
    package static func jittered(index: Int, seed: UInt64) -> [SIMD3<Int>] {
        var generator = SeededGenerator(seed, .boxJitter, UInt64(index))
        return (0..<views).map { view in
            var move = SIMD3<Int>()
            if view > 0 { for axis in 0..<3 { move[axis] = generator.below(2 * jitter + 1) - jitter } }
            return move
        }
    }

    /// - Throws: `Failure` where a box names a subject that the cohort does not hold, or lies outside its image.
    static func extract(
        _ model: InferenceModel, cohort: PreparedCohort, boxes: [LesionBox], density: Bool, seed: UInt64, parallel: Parallel,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> BoxFeatures {
        let values = try representations(model, cohort: cohort, boxes: boxes, density: density, parallel: parallel, progress: progress) {
            jittered(index: $0, seed: seed)
        }
        return BoxFeatures(boxes: boxes, width: Classifier.width(density: density), values: values)
    }

    /// Representations of views of boxes, all views of a box with the box's location.
    /// - Parameters:
    ///   - density: whether the numbers of `BoxDensity` follow those of the encoder.
    ///   - moves: where the views of a box lie, voxels from its corner; as many for each box.
    /// - Returns: `[box][view][128]`, or more numbers a view.
    package static func representations(
        _ model: InferenceModel, cohort: PreparedCohort, boxes: [LesionBox], density: Bool = false, parallel: Parallel,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }, moves: (_ box: Int) -> [SIMD3<Int>]
    ) throws -> [Float] {
        guard !boxes.isEmpty else { return [] }
        let encoded = EncoderArchitecture.representation
        let width = Classifier.width(density: density)
        let kernels = KernelSelection.best
        let count = moves(0).count
        let result = AlignedFloats(count: boxes.count * count * width)
        let spaces = Pool {
            (
                mixed: MixedKernels(architecture: model.encoder.architecture, capacity: 1, trainable: false),
                pass: EvaluationPass(architecture: model.encoder.architecture, kernels: kernels),
                inputs: AlignedFloats(count: count * PatchStore.patchVoxels),
                features: AlignedFloats(count: count * encoded)
            )
        }
        let augmentation = PatchAugmentation(kernels: kernels)
        let done = ProgressCount { progress($0, boxes.count) }
        // Each box's numbers are written by one thread.
        nonisolated(unsafe) let values = result.pointer
        try forEachSubject(cohort: cohort, boxes: boxes, parallel: parallel) { image, members in
            if density {
                let densities = BoxDensity(
                    image.image, lungs: try image.millimetreLungs(parallel: Parallel(threads: 1)), parallel: Parallel(threads: 1))
                let half = Atlas.patchSide / 2
                let found = densities.values(
                    around: members.flatMap { index, corner in
                        moves(index).map { VoxelIndex(x: corner.x + $0.x + half, y: corner.y + $0.y + half, z: corner.z + $0.z + half) }
                    })
                for (position, member) in members.enumerated() {
                    for view in 0..<count {
                        let row = values + (member.index * count + view) * width + encoded
                        let start = (position * count + view) * BoxDensity.count
                        for i in 0..<BoxDensity.count { row[i] = found[start + i] }
                    }
                }
            }
            for (index, corner) in members {
                let patches = cut(image, atlas: cohort.atlas, corner: corner, moves: moves(index))
                spaces.with { space in
                    space.mixed.mix(
                        model.encoder, at: [patches.location], foldingNorm: true, kernels: kernels, parallel: Parallel(threads: 1))
                    patches.scaled(augmentation, into: space.inputs.pointer)
                    for first in stride(from: 0, to: count, by: LaneLayout.lanes) {
                        space.pass.forward(
                            space.mixed, location: 0,
                            patches: (first..<min(first + LaneLayout.lanes, count)).map {
                                Floats(space.inputs.pointer + $0 * PatchStore.patchVoxels)
                            },
                            representations: space.features.pointer + first * encoded)
                    }
                    for view in 0..<count {
                        (values + (index * count + view) * width).update(from: space.features.pointer + view * encoded, count: encoded)
                    }
                }
                done.add()
            }
        }
        return result.array
    }

    /// The views of a box as Int16 HU `[view][z][y][x]`, and its location input.
    package struct BoxPatches {
        package let views: [Int16]
        let location: SIMD3<Float>

        /// Network inputs `[view][z][y][x]`.
        func scaled(_ augmentation: PatchAugmentation, into inputs: MutableFloats) {
            views.withUnsafeBufferPointer { source in
                for view in 0..<views.count / PatchStore.patchVoxels {
                    let start = view * PatchStore.patchVoxels
                    augmentation.plain(source.baseAddress! + start, output: inputs + start)
                }
            }
        }
    }

    /// Cuts the views of all boxes, several subjects at once, and hands each box's to `body`, on any thread.
    package static func forEachBox(
        cohort: PreparedCohort, boxes: [LesionBox], parallel: Parallel, moves: (_ box: Int) -> [SIMD3<Int>],
        _ body: (Int, BoxPatches) -> Void
    ) throws {
        try forEachSubject(cohort: cohort, boxes: boxes, parallel: parallel) { image, members in
            for (index, corner) in members { body(index, cut(image, atlas: cohort.atlas, corner: corner, moves: moves(index))) }
        }
    }

    /// Finds the lower corners of a subject's boxes in its 1 mm image and hands them to `body`, several subjects at once.
    /// - Throws: `Failure` where a box names a subject that the cohort does not hold, lies outside its image, or was placed on another CT.
    static func forEachSubject(
        cohort: PreparedCohort, boxes: [LesionBox], parallel: Parallel,
        _ body: (PreparedImage, [(index: Int, corner: VoxelIndex)]) throws -> Void
    ) throws {
        let bySubject = Dictionary(grouping: boxes.indices) { boxes[$0].subject }
        let names = bySubject.keys.sorted()
        _ = try parallel.map(names.count) { position in
            let subject = try cohort.subject(names[position])
            let members = bySubject[names[position]] ?? []
            if let stranger = members.map({ boxes[$0] }).first(where: { !$0.fits(image: subject.imageChecksum) }) {
                throw Failure(
                    "the \(stranger.label.rawValue) box of \(stranger.subject) was placed on another CT than the cohort's of that name; use the cohort that it was placed in"
                )
            }
            let image = try cohort.catalogue.image(of: subject, parallel: Parallel(threads: 1))
            try body(image, members.map { ($0, try corner(of: boxes[$0], in: image)) })
        }
    }

    private static func corner(of box: LesionBox, in image: PreparedImage) throws -> VoxelIndex {
        let point = image.worldToVoxel(box.centre)
        let extent = image.image.extent
        guard (0..<3).allSatisfy({ point[$0] > -0.5 && point[$0] < Double(extent[$0]) - 0.5 }) else {
            throw Failure(
                "the \(box.label.rawValue) box at (\(box.centre.x), \(box.centre.y), \(box.centre.z)) mm lies outside the image of \(box.subject); expected RAS+ millimetres"
            )
        }
        let centre = VoxelIndex(nearestTo: point)
        let half = Atlas.patchSide / 2
        return VoxelIndex(x: centre.x - half, y: centre.y - half, z: centre.z - half)
    }

    private static func cut(_ image: PreparedImage, atlas: Atlas, corner: VoxelIndex, moves: [SIMD3<Int>]) -> BoxPatches {
        var views = [Int16](repeating: 0, count: moves.count * PatchStore.patchVoxels)
        views.withUnsafeMutableBufferPointer { buffer in
            for (view, move) in moves.enumerated() {
                let place = VoxelIndex(x: corner.x + move.x, y: corner.y + move.y, z: corner.z + move.z)
                let patch = UnsafeMutableBufferPointer(
                    rebasing: buffer[view * PatchStore.patchVoxels..<(view + 1) * PatchStore.patchVoxels])
                PatchCutter.cut(image.image, corner: place, into: patch)
            }
        }
        return BoxPatches(views: views, location: image.location(ofCorner: corner.point, atlas: atlas))
    }
}

extension PreparedImage {
    /// The location input of a patch corner, given in continuous voxels of the 1 mm image: mapped into atlas voxels, not rounded, not clamped.
    func location(ofCorner corner: Point3, atlas: Atlas) -> SIMD3<Float> {
        atlas.location(ofCorner: toAtlasVoxels(atlas)(corner))
    }

    /// Voxels of the 1 mm image → voxels of the atlas.
    func toAtlasVoxels(_ atlas: Atlas) -> Affine3 {
        guard let subjectToAtlas = atlasToSubject.inverse, let worldToAtlas = atlas.lungs.voxelToWorld.inverse else {
            preconditionFailure("PreparedImage: the map to the atlas is singular")
        }
        return worldToAtlas * subjectToAtlas * image.voxelToWorld
    }
}

extension CohortCatalogue {
    /// A subject's CT at 1 mm in the atlas's axes, with the lungs and the map that preparation found.
    package func image(of subject: PreparedSubject, parallel: Parallel) throws -> PreparedImage {
        let ct = try NiftiFile.readCT(subject.image)
        let lungs = try subject.readLungs()
        return PreparedImage(ct: ct, lungs: lungs, atlasToSubject: subject.atlasToSubject, atlas: atlas, parallel: parallel)
    }
}
