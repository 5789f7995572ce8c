import Statistics

/// A way to describe a subject by numbers: the trained encoder, or something to compare it with. Another comparator is another type.
package protocol FeatureMethod {
    /// What tables call it.
    var name: String { get }

    /// Learns what it needs from the training subjects, by their places in the cohort; forgets what it learned before.
    mutating func fit(_ training: [Int]) throws

    /// The features of a subject, as many for each.
    func features(of subject: Int) throws -> [Double]
}

extension FeatureMethod {
    /// Features of some subjects, one row each.
    func table(_ subjects: [Int]) throws -> FeatureMatrix { FeatureMatrix(rows: try subjects.map(features(of:))) }
}
