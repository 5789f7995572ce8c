import Foundations
import Learning
import SessionFormat
import Testing

@Suite("Augmentation ranges")
struct AugmentationRangesTests {
    private static func draws(_ settings: TrainingSettings) -> [AugmentationDraw] {
        (0..<400).map {
            AugmentationDraw(seed: 5, epoch: 0, landmark: 3, subject: $0, view: .query, ranges: AugmentationRanges(settings))
        }
    }

    @Test("plain settings draw the paper's views")
    func paper() {
        let draws = Self.draws(TrainingSettings())
        #expect(draws == (0..<400).map { AugmentationDraw(seed: 5, epoch: 0, landmark: 3, subject: $0, view: .query) })
        // A quarter, within four standard errors.
        #expect(abs(draws.count { $0.gamma != 1 } - 100) < 35)
        #expect(abs(draws.count { $0.noiseDeviation > 0 } - 100) < 35)
    }

    @Test("without contrast changes, maps and noise stay what they were")
    func withoutContrast() {
        var settings = TrainingSettings()
        settings.contrastProbability = 0
        let (with, without) = (Self.draws(TrainingSettings()), Self.draws(settings))
        #expect(without.allSatisfy { $0.gamma == 1 })
        #expect(with.map(\.matrix) == without.map(\.matrix) && with.map(\.noiseDeviation) == without.map(\.noiseDeviation))
    }

    @Test("at strength 0 a view is the patch")
    func none() {
        var settings = TrainingSettings()
        settings.augmentation = 0
        let identity = AugmentationDraw(matrix: AugmentationDraw.matrix(rotation: .zero, translation: .zero, scale: Point3(1, 1, 1)))
        #expect(Self.draws(settings).allSatisfy { $0.matrix == identity.matrix && $0.gamma == 1 && $0.noiseDeviation == 0 })
    }
}
