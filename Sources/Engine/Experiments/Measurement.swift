/// One number of a table: a method's score for a target, over the folds.
public struct Measurement: Codable, Equatable, Sendable {
    public let method, target, metric: String
    /// One value a fold (and repetition), in order.
    public let folds: [Double]
    /// Over subjects; nil where it is not defined.
    public let lower, upper: Double?
    /// Subjects or boxes that were tested.
    public let count: Int
    /// What was chosen inside the training folds, and folds that had to be left out.
    public let note: String

    /// NaN where no fold gave a value.
    public var mean: Double { folds.isEmpty ? .nan : Spread(folds).mean }
    public var deviation: Double { Spread(folds).deviation }

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
