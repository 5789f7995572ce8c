import Foundations

/// Cuts subjects into folds, alike in their labels: a function of the seed and the labels.
package struct SubjectFolds: Equatable {
    package let count: Int
    /// The fold of each subject, 0 ..< count.
    package let fold: [Int]

    /// Folds that share out each label evenly: subjects are dealt in turn, label after label, each label's in a seeded order.
    /// - Parameters:
    ///   - labels: a class for each subject.
    ///   - count: reduced to the number of subjects.
    /// - Throws: `Failure` where there are fewer than two subjects.
    package init(labels: [Int], count wanted: Int, seed: UInt64) throws {
        guard labels.count > 1 else {
            throw Failure("cross-validation needs at least 2 subjects with a label, found \(labels.count)")
        }
        let count = min(wanted, labels.count)
        var generator = SeededGenerator(seed, .folds)
        let order = generator.permutation(labels.count)
        var fold = [Int](repeating: 0, count: labels.count)
        var next = 0
        for label in Set(labels).sorted() {
            for subject in order where labels[subject] == label {
                fold[subject] = next % count
                next += 1
            }
        }
        self.count = count
        self.fold = fold
    }

    /// Folds alike in a continuous label: subjects of neighbouring values, as many as there are folds, go to different folds.
    package init(values: [Double], count: Int, seed: UInt64) throws {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var stratum = [Int](repeating: 0, count: values.count)
        for (position, subject) in order.enumerated() { stratum[subject] = position / max(1, count) }
        try self.init(labels: stratum, count: count, seed: seed)
    }

    /// Rows outside a fold (to train on), and inside (to test on).
    package func split(_ held: Int) -> (training: [Int], test: [Int]) {
        (fold.indices.filter { fold[$0] != held }, fold.indices.filter { fold[$0] == held })
    }
}
