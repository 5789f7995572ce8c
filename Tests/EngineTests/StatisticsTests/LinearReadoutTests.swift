import Foundation
import Foundations
import Statistics
import TestSupport
import Testing

@Suite("Linear readout")
struct LinearReadoutTests {
    @Test(
        "equals scikit-learn's LinearRegression and Ridge", .enabled(if: SharedData.hasFixtures("readout.safetensors")),
        arguments: [("linear", 0.0), ("ridge1", 1)])
    func reference(name: String, penalty: Double) throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("readout.safetensors"))
        let features = FeatureMatrix(values: try file.doubles("X"), width: 128)
        let readout = try LinearReadout(features, target: try file.doubles("y_reg"), penalty: penalty)
        // The fixtures' tolerance: normal equations leave 10⁻¹³.
        #expect(zip(readout.coefficients, try file.doubles("\(name).coef")).allSatisfy { abs($0 - $1) < 1e-8 })
        #expect(abs(readout.intercept - (try file.doubles("\(name).intercept")[0])) < 1e-8)
        for (row, expected) in try file.doubles("\(name).pred").enumerated() {
            #expect(abs(readout.prediction(features[row]) - expected) < 1e-8, "row \(row)")
        }
    }

    @Test("R² over given folds equals scikit-learn's", .enabled(if: SharedData.hasFixtures("readout.safetensors")))
    func folds() throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("readout.safetensors"))
        let features = FeatureMatrix(values: try file.doubles("X"), width: 128)
        let target = try file.doubles("y_reg")
        let fold = try file.integers("fold")
        let expected = try file.doubles("cv.ridge_pred")
        for held in 0..<5 {
            let (inside, outside) = (fold.indices.filter { fold[$0] != held }, fold.indices.filter { fold[$0] == held })
            let readout = try LinearReadout(features.rows(inside), target: inside.map { target[$0] }, penalty: 1)
            let prediction = outside.map { readout.prediction(features[$0]) }
            #expect(zip(outside, prediction).allSatisfy { abs($1 - expected[$0]) < 1e-8 })
            let score = try #require(LinearReadout.determination(target: outside.map { target[$0] }, prediction: prediction))
            #expect(abs(score - (try file.doubles("cv.ridge_r2")[held])) < 1e-8)
        }
    }

    @Test("more features than subjects need a penalty; a constant target has no R²")
    func degenerate() throws {
        let wide = FeatureMatrix(values: [1, 2, 3, 4, 6, 5], width: 3)
        #expect(throws: Failure.self) { try LinearReadout(wide, target: [1, 2], penalty: 0) }
        let readout = try LinearReadout(wide, target: [1, 2], penalty: 1e-6)
        #expect(abs(readout.prediction(wide[1]) - 2) < 1e-4)
        #expect(LinearReadout.determination(target: [2, 2, 2], prediction: [1, 2, 3]) == nil)
    }

    @Test("scaling keeps a penalised model's predictions where features outnumber rows")
    func rotation() throws {
        var generator = SeededGenerator(name: "rotation")
        let table = FeatureMatrix(values: (0..<12 * 30).map { _ in 3 + generator.normal() }, width: 30)
        let target = (0..<9).map { table[$0].first! + generator.normal() }
        let training = table.rows(Array(0..<9))
        let scaling = FeatureScaling(training)
        #expect(scaling.axes < 9 + 1)
        let mean = training.means
        let deviation = (0..<30).map { k in
            ((0..<9).reduce(0) { $0 + pow(training[$1][training[$1].startIndex + k] - mean[k], 2) } / 9).squareRoot()
        }
        func plain(_ rows: FeatureMatrix) -> FeatureMatrix {
            FeatureMatrix(values: rows.values.enumerated().map { ($1 - mean[$0 % 30]) / deviation[$0 % 30] }, width: 30)
        }
        let rotated = try LinearReadout(scaling.apply(training), target: target, penalty: 2)
        let straight = try LinearReadout(plain(training), target: target, penalty: 2)
        let (a, b) = (scaling.apply(table), plain(table))
        for row in 0..<12 { #expect(abs(rotated.prediction(a[row]) - straight.prediction(b[row])) < 1e-9, "row \(row)") }
    }
}
