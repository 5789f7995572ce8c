import Foundation
import Foundations
import Statistics
import TestSupport
import Testing

@Suite("Multinomial readout")
struct MultinomialReadoutTests {
    @Test("equals scikit-learn's LogisticRegression of five classes", .enabled(if: SharedData.hasFixtures("readout.safetensors")))
    func reference() throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("readout.safetensors"))
        let features = FeatureMatrix(values: try file.doubles("X"), width: 128)
        let readout = try MultinomialReadout(features, labels: try file.integers("y_class"), penalty: 1)
        // What scikit-learn's own stopping rule leaves (fixtures' README); its intercepts are defined up to their mean.
        #expect(zip(readout.coefficients, try file.doubles("logistic.coef")).allSatisfy { abs($0 - $1) < 1e-4 })
        let intercepts = try file.doubles("logistic.intercept")
        let (ours, theirs) = (Spread(readout.intercepts).mean, Spread(intercepts).mean)
        #expect(zip(readout.intercepts, intercepts).allSatisfy { abs(($0 - ours) - ($1 - theirs)) < 1e-4 })
        let probabilities = try file.doubles("logistic.proba")
        let predictions = try file.integers("logistic.pred")
        for row in 0..<300 {
            #expect(zip(readout.probabilities(features[row]), probabilities[row * 5..<row * 5 + 5]).allSatisfy { abs($0 - $1) < 1e-4 })
            #expect(readout.prediction(features[row]) == predictions[row], "row \(row)")
        }
    }

    @Test("accuracies over given folds equal scikit-learn's", .enabled(if: SharedData.hasFixtures("readout.safetensors")))
    func folds() throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("readout.safetensors"))
        let features = FeatureMatrix(values: try file.doubles("X"), width: 128)
        let labels = try file.integers("y_class")
        let fold = try file.integers("fold")
        let expected = try file.integers("cv.logistic_pred")
        for held in 0..<5 {
            let (inside, outside) = (fold.indices.filter { fold[$0] != held }, fold.indices.filter { fold[$0] == held })
            let readout = try MultinomialReadout(features.rows(inside), labels: inside.map { labels[$0] }, penalty: 1)
            let prediction = outside.map { readout.prediction(features[$0]) }
            #expect(prediction == outside.map { expected[$0] })
            let truth = outside.map { labels[$0] }
            #expect(abs(ClassificationScores.accuracy(truth, prediction) - (try file.doubles("cv.accuracy")[held])) < 1e-12)
            #expect(abs(ClassificationScores.withinOne(truth, prediction) - (try file.doubles("cv.one_off_accuracy")[held])) < 1e-12)
        }
    }

    @Test("two classes give the binary model with half its weights on each side")
    func binary() throws {
        var generator = SeededGenerator(name: "binary")
        let features = FeatureMatrix(values: (0..<40 * 3).map { _ in generator.normal() }, width: 3)
        let positive = (0..<40).map { features[$0].first! + generator.normal() > 0 }
        let two = try MultinomialReadout(features, labels: positive.map { $0 ? 7 : 3 }, penalty: 0.5)
        // |W|² = |β|²/2 when W = ±β/2, so that C = 1/2 here is C = 1 there.
        let one = try LogisticReadout(features: features.values, width: 3, positive: positive, penalty: 1)
        for row in 0..<40 { #expect(abs(two.probabilities(features[row])[1] - one.probability(features[row])) < 1e-7) }
        #expect(two.classes == [3, 7])
    }

    @Test("separable classes have a defined solution, one class is refused")
    func degenerate() throws {
        let features = FeatureMatrix(values: [-2, -1, 1, 2, 9, 10], width: 1)
        let readout = try MultinomialReadout(features, labels: [0, 0, 1, 1, 2, 2], penalty: 10)
        #expect((0..<6).map { readout.prediction(features[$0]) } == [0, 0, 1, 1, 2, 2])
        #expect(throws: Failure.self) { try MultinomialReadout(features, labels: [1, 1, 1, 1, 1, 1], penalty: 1) }
    }
}
