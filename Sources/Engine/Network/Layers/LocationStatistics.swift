import Foundation
import Foundations

/// Batch norm's statistics as a function of the location, for inference: at every landmark those of the training subjects there, between
/// landmarks a Gaussian-weighted mixture.
///
/// In training a batch shares its landmark, so that batch norm takes away what a place has in common and keeps how patients differ. Statistics
/// pooled over the lung do not: features then tell places apart, far more than patients. Means and mean squares are mixed, so that the
/// variance at a point covers the spread between the landmarks around it.
package struct LocationStatistics {
    /// Where the statistics were taken, normalised coordinates.
    package let anchors: [SIMD3<Float>]
    /// Standard deviation of the Gaussian along each axis, normalised coordinates.
    package let width: SIMD3<Float>
    /// Channels of all batch norms, in the layers' order.
    package let channels: Int
    /// `[anchor][channel]`; variances are unbiased.
    private var means, variances: [Float]

    package init(anchors: [SIMD3<Float>], width: SIMD3<Float>, architecture: EncoderArchitecture) {
        precondition(!anchors.isEmpty, "LocationStatistics: no anchor")
        self.anchors = anchors
        self.width = width
        channels = architecture.layers.reduce(0) { $0 + $1.geometry.outputChannels }
        means = [Float](repeating: 0, count: anchors.count * channels)
        variances = [Float](repeating: 1, count: anchors.count * channels)
    }

    /// Sets one layer's statistics at an anchor.
    /// - Parameter first: the layer's first channel among those of all layers.
    package mutating func set(anchor: Int, first: Int, mean: [Float], variance: [Float]) {
        let place = anchor * channels + first
        means.replaceSubrange(place..<place + mean.count, with: mean)
        variances.replaceSubrange(place..<place + variance.count, with: variance)
    }

    /// How much each anchor counts at a location; they add up to 1.
    package func weights(at p: SIMD3<Float>) -> [Double] {
        let distances = anchors.map { anchor in
            let d = (p - anchor) / width
            return Double((d * d).sum()) / 2
        }
        // Far outside the lung the nearest anchor still counts.
        let nearest = distances.min() ?? 0
        let raw = distances.map { exp(nearest - $0) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    /// Mean and variance of some channels under given weights.
    package func mixture(_ weights: [Double], channels range: Range<Int>) -> (mean: [Float], variance: [Float]) {
        var first = [Double](repeating: 0, count: range.count)
        var second = first
        for (anchor, weight) in weights.enumerated() where weight > 1e-12 {
            for (i, channel) in range.enumerated() {
                let mean = Double(means[anchor * channels + channel])
                first[i] += weight * mean
                second[i] += weight * (Double(variances[anchor * channels + channel]) + mean * mean)
            }
        }
        return (first.map(Float.init), zip(first, second).map { Float(max(0, $1 - $0 * $0)) })
    }

    // MARK: - Files

    private static let names = (anchors: "location_statistics.anchors", width: "location_statistics.width")
    private static let values = (mean: "location_statistics.mean", variance: "location_statistics.variance")

    /// Those of a file; nil where it has none.
    package init?(from file: Safetensors, prefix: String, architecture: EncoderArchitecture) throws {
        guard let entry = file[prefix + Self.names.anchors], entry.shape.count == 2, entry.shape[0] > 0 else { return nil }
        let count = entry.shape[0]
        let places = try file.floats(prefix + Self.names.anchors, shape: [count, 3])
        let width = try file.floats(prefix + Self.names.width, shape: [3])
        self.init(
            anchors: (0..<count).map { SIMD3(places[3 * $0], places[3 * $0 + 1], places[3 * $0 + 2]) },
            width: SIMD3(width[0], width[1], width[2]), architecture: architecture)
        means = try file.floats(prefix + Self.values.mean, shape: [count, channels])
        variances = try file.floats(prefix + Self.values.variance, shape: [count, channels])
        guard variances.allSatisfy({ $0 >= 0 }), [width[0], width[1], width[2]].allSatisfy({ $0 > 0 }) else {
            throw Failure("\(file.path): the statistics by location hold a negative variance or no width; make it again")
        }
    }

    func add(to writer: inout SafetensorsWriter, prefix: String) {
        writer.add(prefix + Self.names.anchors, shape: [anchors.count, 3], floats: anchors.flatMap { [$0.x, $0.y, $0.z] })
        writer.add(prefix + Self.names.width, shape: [3], floats: [width.x, width.y, width.z])
        writer.add(prefix + Self.values.mean, shape: [anchors.count, channels], floats: means)
        writer.add(prefix + Self.values.variance, shape: [anchors.count, channels], floats: variances)
    }

    /// All numbers, for a checksum.
    package var bytes: Data {
        let all = anchors.flatMap { [$0.x, $0.y, $0.z] } + [width.x, width.y, width.z] + means + variances
        return all.withUnsafeBytes { Data($0) }
    }
}
