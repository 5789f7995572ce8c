import Cohorts
import Foundation
import Foundations
import Learning
import Studies
import TestSupport
import Testing

@Suite("Readouts of features")
struct ReadoutTests {
    private static func catalogue(_ scratch: borrowing ScratchFolder, _ labels: @escaping (Int) -> [String: Double]) throws
        -> CohortCatalogue
    {
        try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 40, landmarks: 1, labels: labels).cohort.catalogue
    }

    private static func readout(_ cohort: CohortCatalogue) -> ImageReadout {
        ImageReadout(cohort: cohort, profile: .quick, seed: 3, parallel: Parallel(threads: 2))
    }

    /// A feature that tells the subject's number, among noise: more features than subjects.
    private static let informative = KnownFeatures(
        (0..<40).map { subject in
            var generator = SeededGenerator(8, UInt64(subject))
            return [Double(subject)] + (0..<60).map { _ in 0.05 * generator.normal() }
        })
    private static let noise = KnownFeatures(
        (0..<40).map { subject in
            var generator = SeededGenerator(9, UInt64(subject))
            return (0..<60).map { _ in generator.normal() }
        })

    @Test("R² is high for a telling feature and not for noise; subjects without the label are not used, and counted")
    func regression() throws {
        let cohort = try Self.catalogue(ScratchFolder()) { $0 % 10 == 0 ? [:] : ["fev1pp": 30 + 1.5 * Double($0)] }
        let target = ReadoutTarget.paper[0]
        let found = try Self.readout(cohort).measure(Self.informative, target: target)
        #expect(found.map(\.metric) == ["R²"] && found[0].count == 36 && found[0].folds.count == 5)
        // One telling feature of 61, all scaled alike.
        #expect(found[0].mean > 0.2)
        #expect(found[0].note.contains("4 subjects without the label"))
        let poor = try Self.readout(cohort).measure(Self.noise, target: target)
        #expect(poor[0].mean < 0.1)
        #expect(try Self.readout(cohort).measure(Self.informative, target: target) == found)
    }

    @Test("classes: accuracies, and the area under the curve where there are two")
    func classes() throws {
        let cohort = try Self.catalogue(ScratchFolder()) { ["gold": Double($0 / 14), "ae_history": $0 < 20 ? 0 : 1] }
        let only = KnownFeatures((0..<40).map { [Double($0)] })
        let gold = try Self.readout(cohort).measure(only, target: ReadoutTarget.paper[2])
        #expect(gold.map(\.metric) == ["accuracy", "within one", "balanced accuracy"])
        #expect(gold[0].mean > 0.6 && gold[1].mean >= gold[0].mean)
        let history = try Self.readout(cohort).measure(only, target: ReadoutTarget.paper[5])
        #expect(history.map(\.metric) == ["accuracy", "AUC", "balanced accuracy"])
        #expect(history[1].mean > 0.9)
    }

    @Test(
        "labels that cannot be read out are refused in a sentence",
        arguments: [
            (["gold": 2.0], 2, "the label gold is 2.0 for all 40 subjects"), (["gold": 1.5], 2, "classes are whole numbers"),
            (["fev1pp": 0], 0, "needs a number above 0"), (["fev1pp": 50], 0, "there is nothing to predict"),
        ])
    func refused(labels: [String: Double], target: Int, words: String) throws {
        let cohort = try Self.catalogue(ScratchFolder()) { _ in labels }
        let failure = #expect(throws: Failure.self) { try Self.readout(cohort).measure(Self.noise, target: ReadoutTarget.paper[target]) }
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "none")")
    }

    @Test("a column of the user's is classes or continuous by its values; one that is not there is named")
    func columns() throws {
        let cohort = try Self.catalogue(ScratchFolder()) { ["stage": Double($0 % 4), "dlco": Double($0) + 0.5] }
        #expect(try ReadoutTarget(column: "stage", of: cohort) != ReadoutTarget(column: "dlco", of: cohort))
        let found = try Self.readout(cohort).measure(Self.informative, target: ReadoutTarget(column: "dlco", of: cohort))
        #expect(found.map(\.metric) == ["R²"])
        let failure = #expect(throws: Failure.self) { try ReadoutTarget(column: "bode", of: cohort) }
        #expect(failure?.description.contains("no label \"bode\"; it has dlco, stage") == true)
    }
}

@Suite("Readouts of labels that are hard to read")
struct HardLabelTests {
    private static func readout(_ labels: @escaping (Int) -> [String: Double]) throws -> (CohortCatalogue, ImageReadout) {
        let scratch = try ScratchFolder()
        let cohort = try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 40, landmarks: 1, labels: labels).cohort
            .catalogue
        return (cohort, ImageReadout(cohort: cohort, profile: .quick, seed: 3, parallel: Parallel(threads: 2)))
    }

    @Test("separable classes with more features than subjects: every probability is finite, every subject is found")
    func separable() throws {
        let (_, readout) = try Self.readout { ["ae_history": $0 < 20 ? 0 : 1] }
        let rows = (0..<40).map { subject in (0..<100).map { Double(subject < 20 ? -1 : 1) * Double($0 + 1) } }
        let found = try readout.measure(KnownFeatures(rows), target: ReadoutTarget.paper[5])
        #expect(found.map(\.mean) == [1, 1, 1])
        #expect(found.allSatisfy { $0.lower == 1 && $0.upper == 1 })
    }

    @Test("a class of one subject: the fold that holds it cannot be trained, and the target says why")
    func rare() throws {
        let (_, readout) = try Self.readout { ["ae_history": $0 == 7 ? 1 : 0] }
        let failure = #expect(throws: Failure.self) {
            try readout.measure(KnownFeatures((0..<40).map { [Double($0)] }), target: ReadoutTarget.paper[5])
        }
        #expect(failure?.description.contains("at least two classes; all 32 subjects are 0") == true, "\(failure?.description ?? "")")
    }

    @Test("classes that some folds lack: their area under the curve is left out and counted")
    func lacking() throws {
        let (_, readout) = try Self.readout { ["ae_history": $0 % 14 == 7 ? 1 : 0] }
        let found = try readout.measure(KnownFeatures((0..<40).map { [Double($0 % 14)] }), target: ReadoutTarget.paper[5])
        let area = try #require(found.first { $0.metric == "AUC" })
        #expect(area.folds.count == 3 && area.note.contains("2 folds, whose subjects all have one value"))
        #expect(found[0].folds.count == 5)
    }

    @Test("a question of yes or no with three answers says that it has no area under the curve")
    func instead() throws {
        let (_, readout) = try Self.readout { ["ae_history": Double($0 % 3)] }
        let found = try readout.measure(KnownFeatures((0..<40).map { [Double($0 % 3)] }), target: ReadoutTarget.paper[5])
        #expect(found.map(\.metric) == ["accuracy", "within one", "balanced accuracy"])
        #expect(found[1].note.contains("ae_history has 3 values (0, 1, 2): there is no area under the curve"), "\(found[1].note)")
        let (_, stages) = try Self.readout { ["gold": Double($0 % 3)] }
        let gold = try stages.measure(KnownFeatures((0..<40).map { [Double($0 % 3)] }), target: ReadoutTarget.paper[2])
        #expect(!gold[1].note.contains("area under the curve"))
    }

    @Test("features that are all the same: the mean is predicted")
    func constantFeatures() throws {
        let (_, readout) = try Self.readout { ["fev1pp": 40 + Double($0), "gold": Double($0 % 2)] }
        let same = KnownFeatures((0..<40).map { _ in [3.0, 3.0] })
        let found = try readout.measure(same, target: ReadoutTarget.paper[0])
        #expect(found[0].mean <= 0 && found[0].mean > -0.5)
        #expect(try readout.measure(same, target: ReadoutTarget.paper[2])[0].mean <= 0.6)
    }

    @Test("the interval is of the number before it: the mean over folds")
    func interval() throws {
        let (_, readout) = try Self.readout { ["fev1pp": 30 + 1.5 * Double($0)] }
        let noisy = KnownFeatures(
            (0..<40).map { subject in
                var generator = SeededGenerator(4, UInt64(subject))
                return [Double(subject) + 6 * generator.normal()]
            })
        let found = try readout.measure(noisy, target: ReadoutTarget.paper[0])[0]
        let (lower, upper) = (try #require(found.lower), try #require(found.upper))
        #expect(lower < found.mean && found.mean < upper && upper - lower < 1)
    }
}

@Suite("Survival readout")
struct SurvivalReadoutTests {
    private static func cohort(_ scratch: borrowing ScratchFolder, _ labels: @escaping (Int) -> [String: Double]) throws -> CohortCatalogue
    {
        try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 40, landmarks: 1, labels: labels).cohort.catalogue
    }

    /// Deaths in the order of the subjects' numbers; every third is censored.
    private static func labels(_ subject: Int) -> [String: Double] {
        ["time": 10 - 0.2 * Double(subject), "event": subject % 3 == 0 ? 0 : 1, "age": Double((subject * 7) % 30) + 50]
    }

    private static func readout(_ cohort: CohortCatalogue) throws -> SurvivalReadout {
        try SurvivalReadout(cohort: cohort, profile: .quick, seed: 1, parallel: Parallel(threads: 2))
    }

    @Test("a feature that orders the deaths has a concordance near 1, age alone near chance")
    func concordances() throws {
        let readout = try Self.readout(try Self.cohort(ScratchFolder(), Self.labels))
        let method = KnownFeatures((0..<40).map { [Double($0), sin(Double($0))] })
        let features = try readout.measure(method, covariates: .features, name: "features")
        #expect(features.map(\.metric) == ["Uno 25 %", "Uno 50 %", "Uno 75 %", "Harrell", "Antolini"])
        #expect(features[3].mean > 0.9 && features[3].count == 40)
        let clinical = try readout.measure(nil, covariates: .clinical, name: "clinical")
        #expect(abs(clinical[3].mean - 0.5) < 0.25)
        let both = try readout.measure(method, covariates: .both, name: "both")
        #expect(both[3].mean > 0.85)
    }

    @Test("few events: folds without comparable subjects are left out and counted")
    func fewEvents() throws {
        let cohort = try Self.cohort(ScratchFolder()) {
            ["time": Double($0) + 1, "event": $0 == 3 || $0 == 20 ? 1 : 0, "age": Double($0 % 5)]
        }
        let method = KnownFeatures((0..<40).map { [Double($0 % 7)] })
        let found = try Self.readout(cohort).measure(method, covariates: .features, name: "features")
        let harrell = try #require(found.first { $0.metric == "Harrell" })
        #expect(harrell.folds.count < 25 && harrell.note.contains("folds are left out: no two of"))
    }

    @Test(
        "follow-up that cannot be is refused in a sentence",
        arguments: [
            (["time": -1.0, "event": 1], "has time -1.0"), (["time": 1, "event": 2], "event 2.0; expected"),
            (["event": 1], "0 subjects have the labels time, event"),
        ])
    func refused(labels: [String: Double], words: String) throws {
        let cohort = try Self.cohort(ScratchFolder()) { _ in labels }
        let failure = #expect(throws: Failure.self) { try Self.readout(cohort) }
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "none")")
    }

    @Test("tied and zero times, an event for everybody, nobody censored: what is defined is given, what is not says why")
    func extremes() throws {
        let tied = try Self.readout(try Self.cohort(ScratchFolder()) { ["time": Double($0 / 10), "event": $0 % 4 == 0 ? 0 : 1] })
        let method = KnownFeatures((0..<40).map { [Double($0)] })
        let found = try tied.measure(method, covariates: .features, name: "features")
        #expect(found.allSatisfy { $0.folds.allSatisfy(\.isFinite) } && found[3].folds.count == 25)
        let all = try Self.readout(try Self.cohort(ScratchFolder()) { ["time": 10 - 0.2 * Double($0), "event": 1] })
        let uncensored = try all.measure(method, covariates: .features, name: "features")
        #expect(uncensored[0].folds.isEmpty && uncensored[0].mean.isNaN)
        #expect(uncensored[0].note.contains("25 of 25 folds are left out: no training subject is censored"))
        #expect(uncensored[3].mean > 0.9)
    }

    @Test("a column that has no events on one side in some folds: those are dropped, counted, and the column named")
    func separation() throws {
        // One event among women: the fold that tests it trains on none.
        let cohort = try Self.cohort(ScratchFolder()) { subject in
            let isWoman = subject % 2 == 0
            return [
                "time": 1 + Double((subject * 17) % 40), "event": isWoman ? (subject == 6 ? 1 : 0) : 1, "sex": isWoman ? 0 : 1,
                "age": Double((subject * 7) % 30) + 50,
            ]
        }
        let found = try Self.readout(cohort).measure(nil, covariates: .clinical, name: "clinical")
        let harrell = try #require(found.first { $0.metric == "Harrell" })
        #expect(harrell.folds.count == 20 && harrell.folds.allSatisfy(\.isFinite))
        #expect(harrell.note.contains("5 of 25 folds are left out: the Cox model has no finite solution: sex"), "\(harrell.note)")
    }

    @Test("clinical columns that are the same for all are refused by name")
    func constant() throws {
        let cohort = try Self.cohort(ScratchFolder()) { Self.labels($0).merging(["age": 60, "sex": 1]) { $1 } }
        let failure = #expect(throws: Failure.self) { try Self.readout(cohort).measure(nil, covariates: .clinical, name: "clinical") }
        let text = failure?.description ?? ""
        #expect(text.contains("all 25 folds are left out") && text.contains("age, sex are the same for all"), "\(text)")
    }

    @Test("nobody with an event, and a clinical column that orders the deaths perfectly, are refused in a sentence")
    func hopeless() throws {
        for events in 0..<2 {
            let censored = try Self.cohort(ScratchFolder()) { ["time": Double($0), "event": $0 < events ? 1 : 0] }
            let none = #expect(throws: Failure.self) { try Self.readout(censored) }
            #expect(none?.description.contains("\(events) of 40 subjects with the labels time, event have an event") == true)
        }
        let perfect = try Self.readout(try Self.cohort(ScratchFolder()) { ["time": 40 - Double($0), "event": 1, "age": Double($0)] })
        let failure = #expect(throws: Failure.self) { try perfect.measure(nil, covariates: .clinical, name: "clinical") }
        #expect(failure?.description.contains("no finite solution: age orders the events perfectly") == true)
    }
}
