import Inference
import Statistics

/// What a classifier said of the test boxes of one fold.
struct BoxDecisions: Codable, Equatable {
    /// Whose each box is.
    let subjects: [String]
    let truth, found: [Bool]

    init(_ boxes: TrainingBoxes, found: [Bool]) {
        subjects = boxes.boxes.map(\.subject)
        truth = boxes.positive
        self.found = found
    }

    var scores: DetectionScores { DetectionScores(truth: truth, found: found) }

    /// The scores of each subject that has boxes here, by name; those of several subjects are their sum.
    var scoresBySubject: [DetectionScores] {
        let rows = Dictionary(grouping: subjects.indices) { subjects[$0] }
        return rows.keys.sorted().map { name in
            DetectionScores(truth: rows[name]!.map { truth[$0] }, found: rows[name]!.map { found[$0] })
        }
    }
}
