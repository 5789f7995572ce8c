import Studies

/// Features that a test chooses: the place of a comparator in the harness.
struct KnownFeatures: FeatureMethod {
    let name = "known"
    let rows: [[Double]]
    private(set) var fitted: [Int] = []

    init(_ rows: [[Double]]) { self.rows = rows }

    mutating func fit(_ training: [Int]) { fitted = training }
    func features(of subject: Int) -> [Double] { rows[subject] }
}
