import Foundation
import Foundations
import Statistics
import Testing

@Suite("Comparisons and scores")
struct ComparisonTests {
    @Test("Student's t against tables")
    func student() {
        // scipy.stats.t.sf(t, ν) · 2.
        for (t, degrees, p) in [(1.0, 1.0, 0.5), (2.7764451052, 4, 0.05), (-1.812461123, 10, 0.1), (0, 7, 1), (12.706204736, 1, 0.05)] {
            #expect(abs(StudentDistribution.twoSided(t, degrees: degrees) - p) < 1e-9)
        }
        #expect(abs(StudentDistribution.quantile(level: 0.95, degrees: 4) - 2.7764451052) < 1e-8)
    }

    @Test("Nadeau and Bengio's correction widens the plain test by hand")
    func corrected() throws {
        let test = try #require(PairedTest([0.1, 0.3, 0.2, 0.2, 0.2], testFraction: 0.25))
        // Mean 0.2, variance 0.005; plain t = 0.2 / √(0.005/5), corrected 0.2 / √(0.005 (0.2 + 0.25)).
        #expect(abs(test.difference - 0.2) < 1e-12)
        #expect(abs(test.plain - StudentDistribution.twoSided(0.2 / (0.001).squareRoot(), degrees: 4)) < 1e-12)
        #expect(abs(test.corrected - StudentDistribution.twoSided(0.2 / (0.00225).squareRoot(), degrees: 4)) < 1e-12)
        #expect(test.plain < test.corrected)
        #expect(test.lower < 0.2 && test.upper > 0.2 && abs((test.lower + test.upper) / 2 - 0.2) < 1e-12)
        #expect(PairedTest([0.1], testFraction: 0.25) == nil)
        #expect(PairedTest([0, 0, 0], testFraction: 0.5)?.corrected == 1)
    }

    @Test("rank correlation with ties by hand")
    func spearman() throws {
        // Ranks (1, 2.5, 2.5, 4) and (1, 3, 2, 4): Σ of products about 2.5 is 4.5, squares 4.5 and 5.
        let found = try #require(SpearmanCorrelation([1, 2, 2, 5], [10, 30, 20, 40]))
        #expect(abs(found.coefficient - 4.5 / (4.5 * 5).squareRoot()) < 1e-12)
        #expect(SpearmanCorrelation([1, 2, 3], [7, 7, 7]) == nil)
        #expect(SpearmanCorrelation([1, 2, 3], [3, 2, 1])?.coefficient == -1)
    }

    @Test("classification and detection scores by hand")
    func scores() {
        let (truth, found) = ([0, 0, 0, 1, 2, 2], [0, 1, 2, 1, 2, 0])
        #expect(ClassificationScores.accuracy(truth, found) == 0.5)
        #expect(abs(ClassificationScores.withinOne(truth, found) - 4.0 / 6) < 1e-12)
        #expect(abs(ClassificationScores.balancedAccuracy(truth, found) - (1.0 / 3 + 1 + 0.5) / 3) < 1e-12)
        #expect(ClassificationScores.areaUnderCurve([false, true, true, false], score: [1, 3, 2, 2]) == 3.5 / 4)
        #expect(ClassificationScores.areaUnderCurve([true, true], score: [1, 2]) == nil)
        let detection = DetectionScores(truth: [true, true, false, false], found: [true, false, true, false])
        #expect((detection.precision, detection.recall, detection.f1) == (0.5, 0.5, 0.5))
        #expect(DetectionScores(truth: [false], found: [false]).f1 == 0)
    }

    @Test("folds share out every label, are seeded, and keep each subject in one place")
    func folds() throws {
        let labels = (0..<50).map { $0 < 10 ? 0 : $0 < 35 ? 1 : 2 }
        let folds = try SubjectFolds(labels: labels, count: 5, seed: 3)
        for held in 0..<5 {
            let (training, test) = folds.split(held)
            #expect(Set(training + test).count == 50 && training.count == 40)
            #expect([0, 1, 2].map { label in test.count { labels[$0] == label } } == [2, 5, 3])
        }
        #expect(folds == (try SubjectFolds(labels: labels, count: 5, seed: 3)))
        #expect(folds != (try SubjectFolds(labels: labels, count: 5, seed: 4)))
        let continuous = try SubjectFolds(values: (0..<23).map { Double($0 * $0 % 17) }, count: 5, seed: 1)
        #expect((0..<5).allSatisfy { (4...5).contains(continuous.split($0).test.count) })
        #expect(throws: Failure.self) { try SubjectFolds(labels: [1], count: 5, seed: 1) }
        #expect(try SubjectFolds(labels: [1, 2, 3], count: 5, seed: 1).count == 3)
    }

    @Test("bootstrap interval of a mean is about ±1.96 standard errors, and seeded")
    func bootstrap() throws {
        var generator = SeededGenerator(name: "bootstrap")
        let values = (0..<200).map { _ in generator.normal() }
        let interval = try #require(BootstrapInterval(subjects: 200, seed: 1) { drawn in Spread(drawn.map { values[$0] }).mean })
        let spread = Spread(values)
        let expected = 2 * 1.96 * spread.deviation / 200.0.squareRoot()
        // A thousand draws find the ends of the interval within some per cent.
        #expect(abs((interval.upper - interval.lower) / expected - 1) < 0.15)
        #expect(BootstrapInterval(subjects: 200, seed: 1) { drawn in Spread(drawn.map { values[$0] }).mean } == interval)
        #expect(BootstrapInterval(subjects: 20, seed: 1) { _ in nil } == nil)
    }

    @Test("drawn within folds the interval is of the mean over folds; folds without a score are left out")
    func bootstrapWithinFolds() throws {
        let folds = [[0.0, 1, 2], [10, 11, 12], []]
        let mean = { (fold: Int, drawn: [Int]) -> Double? in drawn.isEmpty ? nil : Spread(drawn.map { folds[fold][$0] }).mean }
        let interval = try #require(BootstrapInterval(folds: folds.map(\.count), draws: 2000, seed: 1, score: mean))
        // The mean is 6; each fold's mean of three draws has a deviation of √(2/3)/√3, halved and combined: 0.33.
        #expect(abs(interval.lower - (6 - 1.96 * 0.333)) < 0.1 && abs(interval.upper - (6 + 1.96 * 0.333)) < 0.1)
        #expect(BootstrapInterval(folds: [0, 0], draws: 10, seed: 1, score: mean) == nil)
    }
}
