import Foundation

/// The HU distribution of a set of 2-D patches.
package struct PatchStatistics: Codable, Equatable, Sendable {
    /// Limits of the histogram's classes, HU; the outermost are open.
    package static let edges = [-1000, -975, -950, -925, -900, -875, -850, -800, -700, -500, 0]

    package var patches: Int
    package var mean: Double
    package var standardDeviation: Double
    /// Fraction of pixels below -950 HU.
    package var below950: Double
    /// Fraction of pixels below the first edge, between neighbouring edges, and from the last on: `edges.count + 1` numbers.
    package var histogram: [Double]

    /// - Parameter pixels: all patches' pixels, HU.
    init(_ pixels: [Int16], patches: Int) {
        self.patches = patches
        let count = Double(max(pixels.count, 1))
        let mean = Double(pixels.reduce(0) { $0 + Int($1) }) / count
        self.mean = mean
        standardDeviation = (pixels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count).squareRoot()
        below950 = Double(pixels.count { $0 < -950 }) / count
        var counts = [Int](repeating: 0, count: Self.edges.count + 1)
        for pixel in pixels { counts[Self.edges.firstIndex { Int(pixel) < $0 } ?? Self.edges.count] += 1 }
        histogram = counts.map { Double($0) / count }
    }
}
