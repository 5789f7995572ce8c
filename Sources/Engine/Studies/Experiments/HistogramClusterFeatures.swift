import Cohorts
import Foundations
import Statistics

/// How often each kind of local texture occurs in a subject: HU histograms of the landmark patches, clustered by K-means over the training
/// subjects; the features are the clusters' frequencies.
package struct HistogramClusterFeatures: FeatureMethod {
    package let name = "K-means of local histograms"
    /// Upper ends of the histogram's cells, HU; a last cell takes the rest.
    private static let ends: [Int16] = [-1000, -980, -960, -950, -940, -920, -900, -880, -860, -840, -800, -750, -650, -400]
    static let clusters = 16
    /// How the numbers are made, in a sentence.
    static let method =
        "K-means of local histograms: \(clusters) clusters of the landmark patches' HU histograms of \(ends.count + 1) cells, found in the training subjects; not tuned"

    /// `[subject][landmark]` histograms.
    private let histograms: [[[Double]]]
    private let seed: UInt64
    private var model: KMeans?

    /// - Throws: where patches are damaged.
    init(_ cohort: PreparedCohort, seed: UInt64, parallel: Parallel) throws {
        let landmarks = cohort.atlas.landmarks.count
        try cohort.patches.requireWhole(0..<landmarks, parallel: parallel)
        histograms = parallel.map(cohort.subjects.count) { subject in
            (0..<landmarks).map { landmark in
                cohort.patches.withPatch(landmark: landmark, subject: subject) { Self.histogram($0) }
            }
        }
        self.seed = seed
    }

    package mutating func fit(_ training: [Int]) {
        model = KMeans(FeatureMatrix(rows: training.flatMap { histograms[$0] }), clusters: Self.clusters, seed: seed)
    }

    package func features(of subject: Int) -> [Double] {
        guard let model else { preconditionFailure("HistogramClusterFeatures: features asked for before fit") }
        var frequencies = [Double](repeating: 0, count: Self.clusters)
        for histogram in histograms[subject] { frequencies[model.cluster(of: histogram)] += 1 / Double(histograms[subject].count) }
        return frequencies
    }

    private static func histogram(_ patch: UnsafeBufferPointer<Int16>) -> [Double] {
        var counts = [Double](repeating: 0, count: ends.count + 1)
        for value in patch { counts[ends.firstIndex { value < $0 } ?? ends.count] += 1 }
        return counts.map { $0 / Double(patch.count) }
    }
}
