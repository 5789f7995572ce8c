import Cohorts
import Foundation
import Foundations
import Inference
import Learning
import Network
import Statistics
import StudyResults

/// Detection of emphysema subtypes in 32 mm boxes, over folds by subject: a box counts as found where at least 25 % of its voxels have
/// p > 0.5; every `boxStride`-th voxel along each axis is looked at.
struct SubtypeReadout {
    /// Fraction of a box's voxels that makes it positive. Source: paper section 4.4.
    static let positiveFraction = 0.25

    let cohort: PreparedCohort
    let profile: ExperimentProfile
    let seed: UInt64
    let parallel: Parallel
    /// For each subtype all boxes that are used, positives and negatives.
    private let chosen: [EmphysemaSubtype: TrainingBoxes]
    /// All boxes of both.
    let boxes: [LesionBox]
    private let folds: SubjectFolds
    private let subjects: [String]

    /// - Throws: `Failure` where a subtype has no boxes, or too few subjects have any.
    init(cohort: PreparedCohort, boxes: [LesionBox], profile: ExperimentProfile, seed: UInt64, parallel: Parallel) throws {
        self.cohort = cohort
        self.profile = profile
        self.seed = seed
        self.parallel = parallel
        let everyone = Set(cohort.subjects.map(\.id))
        var chosen: [EmphysemaSubtype: TrainingBoxes] = [:]
        var all: [LesionBox] = []
        for subtype in EmphysemaSubtype.allCases {
            let found = try TrainingBoxes.choose(
                boxes, subtype: subtype, negatives: .healthy, fraction: 1, cohort: cohort, subjects: everyone, seed: seed)
            chosen[subtype] = found
            for box in found.boxes where !all.contains(box) { all.append(box) }
        }
        self.chosen = chosen
        self.boxes = all
        let subjects = Array(Set(all.map(\.subject))).sorted()
        self.subjects = subjects
        // Alike in which subtypes the subjects have.
        let kinds = subjects.map { subject in
            EmphysemaSubtype.allCases.enumerated().reduce(0) { sum, subtype in
                sum + (all.contains { $0.subject == subject && $0.label.rawValue == subtype.element.rawValue } ? 1 << subtype.offset : 0)
            }
        }
        folds = try SubjectFolds(labels: kinds, count: profile.folds, seed: seed)
    }

    /// Training and test boxes of a fold.
    func split(_ subtype: EmphysemaSubtype, held: Int) -> (training: TrainingBoxes, test: TrainingBoxes) {
        let boxes = chosen[subtype] ?? TrainingBoxes(boxes: [], positive: [])
        let fold = Dictionary(uniqueKeysWithValues: zip(subjects, folds.fold))
        func part(_ wanted: (Int) -> Bool) -> TrainingBoxes {
            let members = boxes.boxes.indices.filter { wanted(fold[boxes.boxes[$0].subject] ?? -1) }
            return TrainingBoxes(boxes: members.map { boxes.boxes[$0] }, positive: members.map { boxes.positive[$0] })
        }
        return (part { $0 != held }, part { $0 == held })
    }

    /// Subjects of a fold's test boxes; those without boxes are in no fold.
    func testSubjects(held: Int) -> [String] { subjects.indices.filter { folds.fold[$0] == held }.map { subjects[$0] } }
    var foldCount: Int { folds.count }

    /// The voxels of a box that are looked at, as moves of a patch from the box's corner: a voxel is classified by the patch around it.
    var voxelMoves: [SIMD3<Int>] { Self.moves(stride: profile.boxStride) }

    static func moves(stride: Int) -> [SIMD3<Int>] {
        let places = Swift.stride(from: stride / 2, to: Atlas.patchSide, by: stride).map { $0 - Atlas.patchSide / 2 }
        return places.flatMap { z in places.flatMap { y in places.map { x in SIMD3(x, y, z) } } }
    }

    /// Frozen features of all boxes: views to train on, voxels to test on.
    struct FrozenBoxes {
        let training: BoxFeatures
        /// `[box][voxel][128]`.
        let voxels: [Float]
        let voxelCount: Int

        /// Which boxes have p > 0.5 in at least 25 % of their voxels.
        func found(_ boxes: [LesionBox], by classifier: Classifier) -> [Bool] {
            let width = EncoderArchitecture.representation
            return boxes.map { box in
                guard let row = training.boxes.firstIndex(of: box) else { preconditionFailure("SubtypeReadout: a box has no features") }
                return voxels.withUnsafeBufferPointer { values in
                    let start = values.baseAddress! + row * voxelCount * width
                    let positive = (0..<voxelCount).count { classifier.probability(start + $0 * width) > 0.5 }
                    return Double(positive) >= SubtypeReadout.positiveFraction * Double(voxelCount)
                }
            }
        }
    }

    /// How the numbers are made, in sentences.
    var method: [String] {
        let counts = EmphysemaSubtype.allCases.map { subtype in
            let used = chosen[subtype]
            let positive = used?.positive.count { $0 } ?? 0
            return "\(subtype.title) \(positive) positive and \((used?.boxes.count ?? 0) - positive) negative"
        }
        return [
            "Boxes: \(counts.joined(separator: ", ")), of \(subjects.count) subjects; negatives are healthy boxes. \(foldCount) folds by subject, alike in which subtypes "
                + "they have, seed \(seed)",
            "A box is positive where at least \(Int(100 * Self.positiveFraction)) % of its voxels have p > 0.5; every \(profile.boxStride)th voxel along each axis is looked at",
            "Linear readouts are tuned by \(LinearFineTuner.folds) folds of subjects inside the training subjects: C of \(ReadoutTarget.list(LinearFineTuner.penalties)) by log loss",
        ]
    }

    /// Features of all boxes, read back where the file holds those of this encoder and these boxes.
    /// - Parameter progress: called with parts done and parts in all, where they are computed.
    func freeze(_ model: InferenceModel, cache: URL, progress: (Int, Int) -> Void) throws -> FrozenBoxes {
        let moves = voxelMoves
        let names = boxes.map { "\($0.subject) \($0.label.rawValue) \($0.centre)" }.joined(separator: "\n")
        let key = Checksum.sha256(Data("\(model.checksum) \(seed) \(moves)\n\(names)".utf8))
        let width = EncoderArchitecture.representation
        if let file = try? Safetensors(contentsOf: cache), file.metadata["key"] == key {
            return FrozenBoxes(
                training: BoxFeatures(
                    boxes: boxes, values: try file.floats("views", shape: [boxes.count, BoxFeatures.views, width])),
                voxels: try file.floats("voxels", shape: [boxes.count, moves.count, width]), voxelCount: moves.count)
        }
        progress(0, 1)
        // Views and voxels in one pass, so that every image is read once.
        let count = BoxFeatures.views + moves.count
        let both = try BoxFeatures.representations(model, cohort: cohort, boxes: boxes, parallel: parallel) {
            BoxFeatures.jittered(index: $0, seed: seed) + moves
        }
        func part(_ range: Range<Int>) -> [Float] {
            boxes.indices.flatMap { both[($0 * count + range.lowerBound) * width..<($0 * count + range.upperBound) * width] }
        }
        let training = BoxFeatures(boxes: boxes, values: part(0..<BoxFeatures.views))
        let voxels = part(BoxFeatures.views..<count)
        progress(1, 1)
        var writer = SafetensorsWriter(metadata: ["key": key])
        writer.add("views", shape: [boxes.count, BoxFeatures.views, width], floats: training.values)
        writer.add("voxels", shape: [boxes.count, moves.count, width], floats: voxels)
        try writer.write(to: cache)
        return FrozenBoxes(training: training, voxels: voxels, voxelCount: moves.count)
    }

    /// The linear readout of a fold; `fraction` of the training boxes of either class are used, a seeded choice.
    func linear(
        _ subtype: EmphysemaSubtype, held: Int, model: InferenceModel, frozen: FrozenBoxes, fraction: Double = 1
    ) throws -> (classifier: Classifier, decisions: BoxDecisions) {
        let (training, test) = split(subtype, held: held)
        let classifier = try LinearFineTuner(model: model, features: frozen.training).fit(
            part(training, fraction: fraction, held: held), subtype: subtype, seed: seed)
        return (classifier, BoxDecisions(test, found: frozen.found(test.boxes, by: classifier)))
    }

    /// Full fine-tuning of a fold.
    func fineTuned(
        _ subtype: EmphysemaSubtype, held: Int, model: InferenceModel, fraction: Double = 1, progress: (Int, Int) -> Void
    ) throws -> BoxDecisions {
        let (training, test) = split(subtype, held: held)
        let tuner = FullFineTuner(model: model, cohort: cohort, settings: profile.fineTuning, parallel: parallel)
        let classifier = try tuner.fit(
            part(training, fraction: fraction, held: held), subtype: subtype, seed: seed, progress: progress)
        let moves = voxelMoves
        let voxels = try BoxFeatures.representations(
            classifier.encoder, cohort: cohort, boxes: test.boxes, parallel: parallel
        ) { _ in moves }
        let frozen = FrozenBoxes(training: BoxFeatures(boxes: test.boxes, values: []), voxels: voxels, voxelCount: moves.count)
        return BoxDecisions(test, found: frozen.found(test.boxes, by: classifier))
    }

    /// Logistic regression on the boxes' LAA-950.
    func lowAttenuation(_ subtype: EmphysemaSubtype, held: Int, fractions: [Double]) throws -> BoxDecisions {
        let (training, test) = split(subtype, held: held)
        func values(_ part: TrainingBoxes) -> FeatureMatrix {
            FeatureMatrix(values: part.boxes.map { fractions[boxes.firstIndex(of: $0) ?? 0] }, width: 1)
        }
        let scaling = FeatureScaling(values(training))
        let readout = try LogisticReadout(
            features: scaling.apply(values(training)).values, width: 1, positive: training.positive, penalty: 1)
        let rows = scaling.apply(values(test))
        return BoxDecisions(test, found: (0..<rows.count).map { readout.probability(rows[$0]) > 0.5 })
    }

    /// LAA-950 of every box: the fraction of its voxels below -950 HU, outside the body (-1024) not counted.
    func lowAttenuation() throws -> [Double] {
        var result = [Double](repeating: 0, count: boxes.count)
        try result.withUnsafeMutableBufferPointer { buffer in
            // Each element is written by exactly one thread.
            nonisolated(unsafe) let fractions = buffer
            try BoxFeatures.forEachBox(cohort: cohort, boxes: boxes, parallel: parallel, moves: { _ in [.zero] }) { index, patches in
                fractions[index] = Double(patches.views.count { $0 < -950 && $0 > -1024 }) / Double(patches.views.count)
            }
        }
        return result
    }

    private func part(_ training: TrainingBoxes, fraction: Double, held: Int) -> TrainingBoxes {
        guard fraction < 1 else { return training }
        let kept = [true, false].flatMap { wanted in
            let members = training.positive.indices.filter { training.positive[$0] == wanted }
            var generator = SeededGenerator(seed, .boxParts, UInt64(held), wanted ? 1 : 0)
            let count = max(1, Int((fraction * Double(members.count)).rounded()))
            return generator.permutation(members.count).prefix(count).map { members[$0] }.sorted()
        }
        return TrainingBoxes(boxes: kept.map { training.boxes[$0] }, positive: kept.map { training.positive[$0] })
    }
}
