import Foundations

/// K-means clustering: seeded k-means++ start, then Lloyd's iterations.
package struct KMeans: Equatable {
    /// `[cluster][width]`.
    package let centres: FeatureMatrix

    /// - Parameter clusters: reduced to the number of rows.
    package init(_ rows: FeatureMatrix, clusters wanted: Int, iterations: Int = 25, seed: UInt64) {
        precondition(rows.count > 0 && wanted > 0, "KMeans: \(wanted) clusters of \(rows.count) rows, expected both positive")
        var generator = SeededGenerator(seed, .clusters)
        var centres = [Array(rows[generator.below(rows.count)])]
        var nearest = [Double](repeating: .infinity, count: rows.count)
        while centres.count < min(wanted, rows.count) {
            for row in 0..<rows.count { nearest[row] = min(nearest[row], Self.squared(rows[row], centres[centres.count - 1])) }
            let total = nearest.reduce(0, +)
            // All rows lie on a centre: more of them would be empty.
            guard total > 0 else { break }
            var place = generator.uniform() * total
            let chosen = nearest.indices.first { row in
                place -= nearest[row]
                return place <= 0 && nearest[row] > 0
            }
            centres.append(Array(rows[chosen ?? rows.count - 1]))
        }
        for _ in 0..<iterations {
            var sums = centres.map { _ in [Double](repeating: 0, count: rows.width) }
            var counts = [Int](repeating: 0, count: centres.count)
            for row in 0..<rows.count {
                let cluster = Self.nearest(rows[row], centres)
                counts[cluster] += 1
                for (k, value) in rows[row].enumerated() { sums[cluster][k] += value }
            }
            // An empty cluster keeps its centre.
            let moved = centres.indices.map { c in counts[c] == 0 ? centres[c] : sums[c].map { $0 / Double(counts[c]) } }
            if moved == centres { break }
            centres = moved
        }
        self.centres = FeatureMatrix(rows: centres)
    }

    /// The cluster whose centre is nearest; the lowest of several.
    package func cluster(of row: some Collection<Double>) -> Int { Self.nearest(row, (0..<centres.count).map { Array(centres[$0]) }) }

    private static func nearest(_ row: some Collection<Double>, _ centres: [[Double]]) -> Int {
        let distances = centres.map { squared(row, $0) }
        return distances.indices.min { distances[$0] < distances[$1] } ?? 0
    }

    private static func squared(_ a: some Collection<Double>, _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}
