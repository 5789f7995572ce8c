import Foundation
import Foundations
import Statistics
import TestSupport
import Testing

@Suite("Logistic readout")
struct LogisticReadoutTests {
    @Test("equals scikit-learn's LogisticRegression", .enabled(if: SharedData.hasFixtures("readout.safetensors")))
    func reference() throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("readout.safetensors"))
        let x = try file.doubles("X")
        let readout = try LogisticReadout(features: x, width: 128, positive: try file.integers("binary.y").map { $0 == 1 }, penalty: 1)
        // What scikit-learn's own stopping rule leaves (fixtures' README).
        #expect(zip(readout.coefficients, try file.doubles("binary.coef")).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(abs(readout.intercept - (try file.doubles("binary.intercept")[0])) < 1e-4)
        for (row, expected) in try file.doubles("binary.proba1").enumerated() {
            #expect(abs(readout.probability(x[row * 128..<(row + 1) * 128]) - expected) < 1e-4, "row \(row)")
        }
    }

    @Test("the objective's slope is 0 at the solution, with and without weights", arguments: [true, false])
    func stationary(isWeighted: Bool) throws {
        var generator = SeededGenerator(name: "logistic")
        let (count, width) = (60, 5)
        let x = (0..<count * width).map { _ in generator.normal() }
        let positive = (0..<count).map { x[$0 * width] + 0.8 * generator.normal() > 0.3 }
        let weights = isWeighted ? (0..<count).map { _ in generator.uniform(0.2, 3) } : nil
        let readout = try LogisticReadout(features: x, width: width, positive: positive, weights: weights, penalty: 0.7)
        func objective(_ beta: [Double], _ intercept: Double) -> Double {
            let losses = (0..<count).map { row in
                let score = (0..<width).reduce(intercept) { $0 + beta[$1] * x[row * width + $1] }
                return (weights?[row] ?? 1) * log1p(exp(positive[row] ? -score : score))
            }
            return losses.reduce(0, +) + beta.reduce(0) { $0 + $1 * $1 } / (2 * 0.7)
        }
        let h = 1e-5
        for k in 0..<width {
            var (above, below) = (readout.coefficients, readout.coefficients)
            above[k] += h
            below[k] -= h
            // Doubles leave 10⁻¹⁴ · 40 / 2h of uncertainty.
            #expect(abs(objective(above, readout.intercept) - objective(below, readout.intercept)) / (2 * h) < 1e-6)
        }
        let slope = objective(readout.coefficients, readout.intercept + h) - objective(readout.coefficients, readout.intercept - h)
        #expect(abs(slope) / (2 * h) < 1e-6)
    }

    @Test("one class only is refused")
    func oneClass() {
        #expect(throws: Failure.self) { try LogisticReadout(features: [1, 2, 3], width: 1, positive: [true, true, true], penalty: 1) }
    }
}
