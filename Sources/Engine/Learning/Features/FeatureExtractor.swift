import Cohorts
import Foundation
import Foundations
import Imaging
import KernelInterface
import Network

/// Features of patches and of whole images.
package struct FeatureExtractor {
    private let model: InferenceModel
    private let kernels: any KernelSet = KernelSelection.best
    private let parallel: Parallel

    /// Places beyond the atlas are not clamped, but none lies farther.
    private static let farthestLocation: Float = 4
    /// Augmented views leave -1…1 a little; HU do by far.
    private static let strongestInput: Float = 2

    package init(model: InferenceModel, parallel: Parallel) {
        self.model = model
        self.parallel = parallel
    }

    /// An extractor for weights under the release's parameter names, in evaluation mode with the statistics that they carry.
    /// - Parameter weights: `.safetensors`, or the release's `.pth.tar`.
    package init(weights: URL, parallel: Parallel) throws {
        let file = try CheckpointConversion.open(weights)
        let prefix = ["encoder_q.", "module.encoder_q.", ""].first { file[$0 + "conv1.weight"] != nil } ?? ""
        self.init(
            model: InferenceModel(encoder: try PatchEncoder(from: file, prefix: prefix), name: weights.lastPathComponent),
            parallel: parallel)
    }

    /// Encodes a table of patches, each at a location of its own.
    /// - Parameter input: `patches` [n, 1, 32, 32, 32], Float32 scaled to [-1, 1] or Int16 HU; `locations` [n, 3] normalised.
    /// - Returns: h and z, `[n][128]` each, in the order of the patches.
    package func encode(_ input: Safetensors) throws -> PatchFeatures {
        guard let entry = input["patches"], entry.shape.count == 5, Array(entry.shape[1...]) == [1, 32, 32, 32],
            entry.type == .float32 || entry.type == .int16
        else {
            throw Failure(
                "\(input.path): expected a tensor `patches` of shape [n, 1, 32, 32, 32], Float32 in [-1, 1] or Int16 HU; found \(input["patches"].map { "\($0.type.rawValue) \($0.shape)" } ?? "none")"
            )
        }
        let count = entry.shape[0]
        let flat = try input.floats("locations", shape: [count, 3])
        var patches = try input.floats("patches")
        if let place = flat.firstIndex(where: { abs($0) > Self.farthestLocation }) {
            throw Failure(
                "\(input.path): locations holds \(flat[place]) at patch \(place / 3), expected places normalised to about -1 to 1, not millimetres"
            )
        }
        if entry.type == .int16 {
            patches = patches.map(NetworkIntensity.input)
        } else if let place = patches.firstIndex(where: { abs($0) > Self.strongestInput }) {
            throw Failure(
                "\(input.path): patches holds \(patches[place]) at patch \(place / PatchStore.patchVoxels), expected Float32 scaled to -1 to 1; give "
                    + "HU as Int16")
        }
        let locations = (0..<count).map { SIMD3(flat[3 * $0], flat[3 * $0 + 1], flat[3 * $0 + 2]) }
        // Patches that share a location share a block.
        let groups = Dictionary(grouping: 0..<count) { locations[$0] }.values.sorted { $0[0] < $1[0] }
        let width = EncoderArchitecture.representation
        let h = AlignedFloats(count: count * width)
        let spaces = makeSpaces()
        patches.withUnsafeBufferPointer { buffer in
            nonisolated(unsafe) let source = buffer
            parallel.forEach(groups.count) { index in
                spaces.with { space in
                    space.mixed.mix(
                        model.encoder, at: [locations[groups[index][0]]], foldingNorm: true, kernels: kernels,
                        parallel: Parallel(threads: 1))
                    for start in stride(from: 0, to: groups[index].count, by: LaneLayout.lanes) {
                        let members = groups[index][start..<min(groups[index].count, start + LaneLayout.lanes)]
                        space.pass.forward(
                            space.mixed, location: 0, patches: members.map { source.baseAddress! + $0 * PatchStore.patchVoxels },
                            representations: space.rows.pointer)
                        for (lane, sample) in members.enumerated() {
                            (h.pointer + sample * width).update(from: space.rows.pointer + lane * width, count: width)
                        }
                    }
                }
            }
        }
        let hidden = AlignedFloats(count: count * width)
        let z = AlignedFloats(count: count * width)
        ProjectionHead(architecture: model.encoder.architecture).forward(
            model.encoder, representations: Floats(h.pointer), locations: locations, count: count, hidden: hidden.pointer,
            embeddings: z.pointer)
        return PatchFeatures(count: count, representations: h.array, embeddings: z.array)
    }

    /// Image-level features: the mean of h over the landmarks, for the subjects of a cohort.
    /// - Parameters:
    ///   - rows: the subjects, by their places in the cohort; nil for all.
    ///   - landmarks: those that the mean is taken over; nil for all.
    ///   - locationsOf: for each landmark the one whose location is told to the encoder instead; nil for its own.
    /// - Returns: `[subject][128]`.
    /// - Throws: where patches are damaged.
    package func imageFeatures(
        _ cohort: PreparedCohort, rows wanted: [Int]? = nil, landmarks: [Int]? = nil, locationsOf replacements: [Int]? = nil,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> ImageFeatures {
        let width = EncoderArchitecture.representation
        let subjects = wanted ?? Array(cohort.subjects.indices)
        let landmarks = landmarks ?? Array(cohort.atlas.landmarks.indices)
        let count = subjects.count
        let lanes = LaneLayout.lanes
        let blocks = (count + lanes - 1) / lanes
        var sums = [Double](repeating: 0, count: count * width)
        let mixed = MixedKernels(architecture: model.encoder.architecture, capacity: 1, trainable: false)
        let rows = AlignedFloats(count: blocks * lanes * width)
        let augmentation = PatchAugmentation(kernels: kernels)
        let spaces = makeSpaces()
        for (done, landmark) in landmarks.enumerated() {
            try cohort.patches.requireWhole([landmark], parallel: parallel)
            let location = cohort.atlas.location(ofLandmark: replacements?[landmark] ?? landmark)
            mixed.mix(model.encoder, at: [location], foldingNorm: true, kernels: kernels, parallel: parallel)
            parallel.forEach(blocks) { block in
                spaces.with { space in
                    let members = block * lanes..<min(count, (block + 1) * lanes)
                    for (lane, member) in members.enumerated() {
                        cohort.patches.withPatch(landmark: landmark, subject: subjects[member]) {
                            augmentation.plain($0.baseAddress!, output: space.inputs.pointer + lane * PatchStore.patchVoxels)
                        }
                    }
                    space.pass.forward(
                        mixed, location: 0,
                        patches: members.indices.map { Floats(space.inputs.pointer + ($0 - members.lowerBound) * PatchStore.patchVoxels) },
                        representations: rows.pointer + block * lanes * width)
                }
            }
            for i in sums.indices { sums[i] += Double(rows.pointer[i]) }
            progress(done + 1, landmarks.count)
        }
        let means = sums.map { Float($0 / Double(landmarks.count)) }
        return ImageFeatures(subjects: subjects.map { cohort.subjects[$0].id }, model: model.name, values: means)
    }

    private struct Space {
        let mixed: MixedKernels
        let pass: EvaluationPass
        let inputs: AlignedFloats
        let rows: AlignedFloats
    }

    private func makeSpaces() -> Pool<Space> {
        Pool {
            Space(
                mixed: MixedKernels(architecture: model.encoder.architecture, capacity: 1, trainable: false),
                pass: EvaluationPass(architecture: model.encoder.architecture, kernels: kernels),
                inputs: AlignedFloats(count: LaneLayout.lanes * PatchStore.patchVoxels),
                rows: AlignedFloats(count: LaneLayout.lanes * EncoderArchitecture.representation))
        }
    }
}
