import Cohorts
import Foundations
import Inference
import Masks
import Testing

/// What a readout is said to be worth, from features whose worth is known.
@Suite struct ReadoutFoldsTests {
    /// Boxes of ten subjects: half of them with the subtype.
    private func training() -> TrainingBoxes {
        var boxes: [LesionBox] = []
        for subject in 0..<10 {
            for place in 0..<6 {
                boxes.append(
                    LesionBox(
                        subject: "s\(subject)", label: subject < 5 && place < 3 ? .cle : .healthy, centre: Point3(Double(place), 0, 0)))
            }
        }
        return TrainingBoxes(boxes: boxes, positive: boxes.map { $0.label == .cle })
    }

    /// Noise in all features, and the truth in the first where it is asked for.
    private func features(_ training: TrainingBoxes, tellsTruth: Bool, density: Bool) -> BoxFeatures {
        var generator = SeededGenerator(name: "readout folds")
        let width = Classifier.width(density: density)
        let values = training.boxes.indices.flatMap { box in
            (0..<BoxFeatures.views).flatMap { _ in
                (0..<width).map { feature in
                    Float(generator.normal()) * 0.5 + (feature == 0 && tellsTruth && training.positive[box] ? 6 : 0)
                }
            }
        }
        return BoxFeatures(boxes: training.boxes, width: width, values: values)
    }

    private func fitted(_ training: TrainingBoxes, tellsTruth: Bool, density: Bool = false) throws -> Classifier {
        let model = DenseCase.classifier(.centrilobular, encoder: 8).encoder
        return try LinearFineTuner(model: model, features: features(training, tellsTruth: tellsTruth, density: density)).fitMeasured(
            training, subtype: .centrilobular, seed: 1)
    }

    @Test("features that tell the truth are fit, and the operating point keeps nine in ten boxes without marking healthy lung")
    func fit() throws {
        let classifier = try fitted(training(), tellsTruth: true)
        let skill = try #require(classifier.skill)
        #expect(skill.isFit && skill.areaUnderCurve > 0.99 && skill.lower > 0.95, "\(skill)")
        #expect(skill.sensitivity >= 0.85 && skill.healthyShare <= 0.01)
        #expect(skill.positives == 15 && skill.negatives == 45 && skill.subjects == 10)
        #expect((0.02...0.5).contains(skill.lesionProbability))
        #expect(throws: Never.self) { try classifier.requireFit() }
    }

    @Test("noise is unfit, and says so with its figures")
    func noise() throws {
        let classifier = try fitted(training(), tellsTruth: false)
        #expect(classifier.skill?.isFit == false)
        let told = #expect(throws: Failure.self) { try classifier.requireFit() }
        #expect(told?.description.contains("UNFIT: its area under the curve is 0.") == true)
    }

    @Test("boxes of one subject cannot be held out: what cannot be measured is unfit")
    func unmeasured() throws {
        let all = training()
        let members = all.boxes.indices.filter { all.boxes[$0].subject == "s0" }
        let one = TrainingBoxes(boxes: members.map { all.boxes[$0] }, positive: members.map { all.positive[$0] })
        let skill = try #require(try fitted(one, tellsTruth: true).skill)
        #expect(skill.complaint?.contains("too few subjects") == true)
    }

    @Test("a readout of density that is no better than the lung below -950 HU is unfit")
    func noBetter() {
        func skill(_ area: Double, than other: Double) -> ClassifierSkill {
            ClassifierSkill(
                areaUnderCurve: area, lower: area - 0.05, upper: min(1, area + 0.05), lowAttenuation: other, sensitivity: 0.9,
                healthyShare: 0.01, lesionProbability: 0.2, positives: 20, negatives: 20, subjects: 10)
        }
        #expect(skill(0.9, than: 0.85).isFit)
        #expect(skill(0.8, than: 0.85).complaint?.contains("the lung below -950 HU alone 0.85") == true)
        #expect(skill(0.985, than: 0.99).isFit)
    }
}
