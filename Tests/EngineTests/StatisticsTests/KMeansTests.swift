import Foundation
import Foundations
import Statistics
import Testing

@Suite("K-means")
struct KMeansTests {
    @Test("K-means finds two heaps, is seeded, and takes rows that are all alike")
    func kMeans() {
        var generator = SeededGenerator(name: "heaps")
        let rows = FeatureMatrix(rows: (0..<40).map { row in [Double(row % 2) * 10 + generator.normal(), generator.normal()] })
        let model = KMeans(rows, clusters: 2, seed: 1)
        let clusters = (0..<40).map { model.cluster(of: rows[$0]) }
        #expect((0..<40).allSatisfy { clusters[$0] == clusters[$0 % 2] } && clusters[0] != clusters[1])
        #expect(KMeans(rows, clusters: 2, seed: 1) == model)
        #expect(KMeans(FeatureMatrix(rows: [[1, 1], [1, 1]]), clusters: 2, seed: 1).centres.count == 1)
    }
}
