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

    /// The subjects that have boxes here, by name.
    var names: [String] { Array(Set(subjects)).sorted() }

    /// The scores of drawn subjects, by their places in `names`; one drawn twice counts twice.
    func scores(_ drawn: [Int]) -> DetectionScores {
        let names = names
        let rows = Dictionary(grouping: subjects.indices) { subjects[$0] }
        let chosen = drawn.flatMap { rows[names[$0]] ?? [] }
        return DetectionScores(truth: chosen.map { truth[$0] }, found: chosen.map { found[$0] })
    }
}
