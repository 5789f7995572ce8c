import Cohorts
import Foundations
import Imaging

/// The positive and negative boxes of one subtype.
package struct TrainingBoxes {
    /// What counts as negative.
    package enum Negatives: String {
        /// Healthy boxes only; boxes of the other subtype are unused (paper).
        case healthy
        /// Healthy boxes and those of the other subtype.
        case healthyAndOther
    }

    package let boxes: [LesionBox]
    package let positive: [Bool]
    /// Subjects that a label calls free of the subtype although a reader marked it in them: no lung of theirs is taken for free.
    package let contradicted: [String]

    package init(boxes: [LesionBox], positive: [Bool], contradicted: [String] = []) {
        self.boxes = boxes
        self.positive = positive
        self.contradicted = contradicted
    }

    /// Whether a box shows lung without the subtype and without any other mark: healthy boxes and free places.
    func isHealthy(_ index: Int) -> Bool { !positive[index] && boxes[index].label == .healthy }

    /// Places of free lung that are taken from a subject.
    static let freePlaces = 12

    /// The same and, as further negatives, seeded places all over the lungs of the subjects whose label says that they are free of the subtype.
    ///
    /// Lungs are nearly all free of it, boxes are not: a readout that saw boxes alone marks lungs everywhere. Source: docs/method.md section 5.
    func addingFreeLung(of subtype: EmphysemaSubtype, cohort: PreparedCohort, subjects: Set<String>, seed: UInt64) throws -> TrainingBoxes {
        let marked = Set(zip(boxes, positive).filter(\.1).map(\.0.subject))
        let free = cohort.subjects.enumerated().filter { subjects.contains($1.id) && $1.labels[subtype.rawValue] == 0 }
        var places: [LesionBox] = []
        for (index, subject) in free where !marked.contains(subject.id) {
            let lungs = try subject.readLungs()
            let inside = lungs.voxels.indices.filter { lungs.voxels[$0] != 0 }
            guard !inside.isEmpty else { continue }
            var generator = SeededGenerator(seed, .freePlaces, UInt64(index))
            places += (0..<Self.freePlaces).map { _ in Self.healthyBox(in: subject, lungs, at: inside[generator.below(inside.count)]) }
        }
        return TrainingBoxes(
            boxes: boxes + places, positive: positive + places.map { _ in false },
            contradicted: free.map(\.element.id).filter(marked.contains))
    }

    private static func healthyBox(in subject: PreparedSubject, _ lungs: Volume<UInt8>, at place: Int) -> LesionBox {
        let voxel = VoxelIndex(
            x: place % lungs.extent.x, y: place / lungs.extent.x % lungs.extent.y, z: place / lungs.extent.x / lungs.extent.y)
        return LesionBox(subject: subject.id, label: .healthy, centre: lungs.voxelToWorld(voxel.point))
    }

    /// Chooses from a reader's boxes; where there is no healthy box, as many seeded lung positions as positives are drawn from subjects with
    /// gold = cle = paraseptal = 0.
    /// - Parameter fraction: part of the positives, and of the negatives, that is used: a seeded choice.
    package static func choose(
        _ all: [LesionBox], subtype: EmphysemaSubtype, negatives: Negatives, fraction: Double, cohort: PreparedCohort,
        subjects: Set<String>,
        seed: UInt64
    ) throws -> TrainingBoxes {
        let known = all.filter { subjects.contains($0.subject) }
        let positives = known.filter { $0.label.rawValue == subtype.rawValue }
        var others = known.filter { $0.label == .healthy || (negatives == .healthyAndOther && $0.label.rawValue != subtype.rawValue) }
        guard !positives.isEmpty else {
            throw Failure(
                "not one \(subtype.rawValue) box lies in a training subject; expected boxes with subtype \(subtype.rawValue)")
        }
        if !others.contains(where: { $0.label == .healthy }) {
            others += try drawHealthy(positives.count, cohort: cohort, subjects: subjects, seed: seed)
        }
        let chosen = [(positives, true, UInt64(1)), (others, false, UInt64(2))].flatMap { boxes, positive, stream in
            var generator = SeededGenerator(seed, .boxFraction, stream)
            let kept = max(1, Int((fraction * Double(boxes.count)).rounded()))
            return generator.permutation(boxes.count).prefix(kept).sorted().map { (boxes[$0], positive) }
        }
        return TrainingBoxes(boxes: chosen.map(\.0), positive: chosen.map(\.1))
    }

    private static func drawHealthy(_ count: Int, cohort: PreparedCohort, subjects: Set<String>, seed: UInt64) throws -> [LesionBox] {
        let healthy = cohort.subjects.filter { subject in
            subjects.contains(subject.id) && ["gold", "cle", "paraseptal"].allSatisfy { subject.labels[$0] == 0 }
        }
        guard !healthy.isEmpty else {
            throw Failure(
                "there is no healthy box and no training subject with gold = cle = paraseptal = 0 to draw negatives from; add boxes with subtype healthy"
            )
        }
        var result: [LesionBox] = []
        for (index, subject) in healthy.enumerated() {
            let share = (index + 1) * count / healthy.count - index * count / healthy.count
            guard share > 0 else { continue }
            let lungs = try subject.readLungs()
            let inside = lungs.voxels.indices.filter { lungs.voxels[$0] != 0 }
            var generator = SeededGenerator(seed, .healthyBoxes, UInt64(index))
            for _ in 0..<share { result.append(healthyBox(in: subject, lungs, at: inside[generator.below(inside.count)])) }
        }
        return result
    }
}

extension TrainingBoxes {
    /// Some of the boxes.
    func part(_ members: [Int]) -> TrainingBoxes {
        TrainingBoxes(boxes: members.map { boxes[$0] }, positive: members.map { positive[$0] })
    }
}
