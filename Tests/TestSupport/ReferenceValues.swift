import Foundation
import Foundations
import Network

/// The fixtures' generated parameters and fingerprints (see the fixtures' README).
package enum ReferenceValues {
    /// Fills an encoder from named streams: the `golden` and `authors` styles.
    package static func fill(_ encoder: PatchEncoder, stream: String, style: String) {
        let outputs = Dictionary(uniqueKeysWithValues: encoder.architecture.layers.map { ($0.convolution, $0.geometry) })
        for set in [encoder.parameters, encoder.statistics] {
            for entry in set.layout.entries {
                var generator = SeededGenerator(name: "\(stream)/\(entry.name)")
                let values = set[entry]
                let module = entry.name.split(separator: ".").dropLast().joined(separator: ".")
                func symmetric(_ bound: Double) { for i in values.indices { values[i] = Float((2 * generator.uniform() - 1) * bound) } }
                func range(_ a: Double, _ b: Double) { for i in values.indices { values[i] = Float(a + (b - a) * generator.uniform()) } }
                if let g = outputs[module] {
                    let fan = style == "golden" ? g.inputChannels * 27 : g.outputChannels * g.inputChannels * 27
                    symmetric(1 / Double(fan).squareRoot())
                } else if entry.name.contains("_routing_fn") {
                    symmetric(1 / 3.0.squareRoot())
                } else if entry.name.hasPrefix("fc") {
                    symmetric(1 / 128.0.squareRoot())
                } else if style == "golden" {
                    switch entry.name.split(separator: ".").last {
                    case "weight": range(0.5, 1.5)
                    case "bias": range(-0.3, 0.3)
                    case "running_mean": range(-0.2, 0.2)
                    default: range(0.5, 1.5)
                    }
                } else {
                    values.update(repeating: entry.name.hasSuffix("weight") || entry.name.hasSuffix("running_var") ? 1 : 0)
                }
            }
        }
    }

    /// [sum, l2 norm, max |v|, Σ v_i (2 u_i - 1) with u of stream `probe`, min].
    package static func fingerprint(_ values: some Sequence<Float>) -> [Double] {
        var probe = SeededGenerator(name: "probe")
        var sum = 0.0
        var squares = 0.0
        var largest = 0.0
        var probed = 0.0
        var least = Double.infinity
        for value in values {
            let v = Double(value)
            sum += v
            squares += v * v
            largest = max(largest, abs(v))
            probed += v * (2 * probe.uniform() - 1)
            least = min(least, v)
        }
        return [sum, squares.squareRoot(), largest, probed, least]
    }

    /// v at floor(j·n/64), all of v when n ≤ 64.
    package static func sample(_ values: [Float]) -> [Float] {
        values.count <= 64 ? values : (0..<64).map { values[$0 * values.count / 64] }
    }
}

/// max |a - b| / max |b|.
package func relativeToLargest(_ a: [Float], _ b: [Float]) -> Double {
    var difference = 0.0
    var largest = 0.0
    for (x, y) in zip(a, b) {
        difference = max(difference, abs(Double(x) - Double(y)))
        largest = max(largest, abs(Double(y)))
    }
    return a.count == b.count ? difference / max(largest, 1e-300) : .infinity
}

/// |a - b| / |b| in the l2 norm.
package func relativeNorm(_ a: [Float], _ b: [Float]) -> Double {
    let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    return a.count == b.count ? (difference / max(norm, 1e-300)).squareRoot() : .infinity
}
