import Foundations
import Testing

/// Compares an analytic gradient with central differences (L(v + h) - L(v - h)) / 2h at seeded places of a buffer.
///
/// Single precision leaves a loss about 10⁻⁶ of uncertainty: over 2h with h near 10⁻² that is 10⁻⁴ of a gradient near 1, and the curvature
/// adds about h². The tolerance is relative to the buffer's largest gradient.
package func expectGradient(
    _ name: String, of values: UnsafeMutableBufferPointer<Float>, is gradient: [Float], step: Float = 1e-2, tolerance: Double = 5e-3,
    places: Int = 12, loss: () -> Double
) {
    #expect(gradient.count == values.count, "\(name)")
    let largest = gradient.map { abs(Double($0)) }.max() ?? 0
    #expect(largest > 0, "\(name): the gradient is 0 everywhere")
    var generator = SeededGenerator(name: name)
    for place in values.count <= places ? Array(values.indices) : (0..<places).map({ _ in generator.below(values.count) }) {
        let kept = values[place]
        values[place] = kept + step
        let (above, highest) = (values[place], loss())
        values[place] = kept - step
        let (below, lowest) = (values[place], loss())
        values[place] = kept
        let slope = (highest - lowest) / Double(above - below)
        let found = Double(gradient[place])
        #expect(
            abs(slope - found) <= tolerance * largest,
            "\(name)[\(place)]: gradient \(found), central difference \(slope), largest \(largest)")
    }
}
