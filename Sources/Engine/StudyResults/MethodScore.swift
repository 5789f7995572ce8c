import Statistics

/// One number of a table: a method's score for a target, over the folds.
package struct MethodScore: Codable, Equatable, Sendable {
    package let method, target, metric: String
    /// One value a fold (and repetition), in order.
    package let folds: [Double]
    /// Over subjects; nil where it is not defined.
    package let lower, upper: Double?
    /// Subjects or boxes that were tested.
    package let count: Int
    /// What was chosen inside the training folds, and folds that had to be left out.
    package let note: String

    /// NaN where no fold gave a value.
    package var mean: Double { folds.isEmpty ? .nan : Spread(folds).mean }
    package var deviation: Double { Spread(folds).deviation }

    package init(
        method: String, target: String, metric: String, folds: [Double], interval: BootstrapInterval?, count: Int, note: String = ""
    ) {
        self.method = method
        self.target = target
        self.metric = metric
        self.folds = folds
        lower = interval?.lower
        upper = interval?.upper
        self.count = count
        self.note = note
    }
}
