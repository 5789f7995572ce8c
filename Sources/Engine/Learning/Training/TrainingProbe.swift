import Cohorts
import Foundation
import Foundations
import Network
import SessionFormat
import Statistics

/// Reads a label out of the encoder while it trains: frozen features, a linear readout, held-out subjects. What is learned shows long before
/// the loss tells. It works on a copy and draws nothing from the run's random numbers, so that the run's bytes stay as they are.
struct TrainingProbe {
    /// Labelled subjects that are read, at most: a probe takes seconds, not minutes.
    private static let subjectLimit = 512
    /// Landmarks whose mean the features are, at most.
    private static let landmarkLimit = 16
    /// Subjects that a session does not train on serve as the test from this number on; else folds of all subjects do.
    private static let leastHeldOut = 8
    private static let folds = 5
    /// Fixed, so that readings of different steps can be compared.
    private static let ridgePenalty = 100.0
    private static let logisticPenalty = 0.01

    private let cohort: PreparedCohort
    private let target: ReadoutTarget
    /// Rows of the cohort's store that have the label, and its value.
    private let rows: [Int]
    private let values: [Double]
    private let splits: [(training: [Int], test: [Int])]
    /// Landmarks that are read.
    private let landmarks: [Int]
    /// Rows that batch norm is calibrated on: the subjects that the session trains on.
    private let calibrated: [Int]
    private let seed: UInt64
    private let calibration: TrainingSettings.NormCalibration
    private let parallel: Parallel

    /// - Parameter trained: subjects that the session trains on.
    /// - Returns: nil where the settings ask for no probe.
    /// - Throws: `Failure` where the cohort does not have the label, or has one value of it only.
    init?(_ settings: TrainingSettings, cohort: PreparedCohort, trained: [String], parallel: Parallel) throws {
        guard settings.probeEvery > 0 else { return nil }
        target = try ReadoutTarget(column: settings.probeColumn, of: cohort.catalogue)
        let known = try target.values(of: cohort.catalogue)
        var generator = SeededGenerator(settings.seed, .probe)
        let chosen = generator.permutation(known.subjects.count).prefix(Self.subjectLimit).sorted()
        rows = chosen.map { known.subjects[$0] }
        values = chosen.map { known.values[$0] }
        guard Set(values).count > 1 else {
            throw Failure(
                "the label \(target.column) is \(values.first.map { "\($0)" } ?? "missing") for all \(rows.count) subjects; a probe needs one that differs"
            )
        }
        landmarks = generator.permutation(cohort.atlas.landmarks.count).prefix(Self.landmarkLimit).sorted()
        let training = Set(trained)
        calibrated = cohort.subjects.indices.filter { training.contains(cohort.subjects[$0].id) }
        splits = try Self.splits(target, values, isTrained: rows.map { training.contains(cohort.subjects[$0].id) }, seed: settings.seed)
        self.cohort = cohort
        self.parallel = parallel
        seed = settings.seed
        calibration = settings.bnCalibration
    }

    private static func splits(_ target: ReadoutTarget, _ values: [Double], isTrained: [Bool], seed: UInt64) throws
        -> [(training: [Int], test: [Int])]
    {
        let inside = values.indices.filter { isTrained[$0] }
        let outside = values.indices.filter { !isTrained[$0] }
        func differs(_ members: [Int]) -> Bool { Set(members.map { values[$0] }).count > 1 }
        if outside.count >= leastHeldOut, differs(inside), differs(outside) { return [(inside, outside)] }
        let folds =
            target.kind == .classes
            ? try SubjectFolds(labels: values.map { Int($0) }, count: Self.folds, seed: seed)
            : try SubjectFolds(values: values, count: Self.folds, seed: seed)
        return (0..<folds.count).map(folds.split).filter { differs($0.training) }
    }

    /// Reads the label out of an encoder as it is now. A readout that fails is told, and does not stop the run.
    /// - Throws: where patches are damaged.
    func read(_ encoder: PatchEncoder) throws -> ProbeReading {
        let began = Journal.now()
        let copy = encoder.copy()
        try BatchNormCalibration(encoder: copy, kernels: KernelSelection.best, parallel: parallel).run(
            calibration, cohort: cohort, rows: calibrated, seed: seed)
        let features = try FeatureExtractor(model: InferenceModel(encoder: copy, name: "probe"), parallel: parallel)
            .imageFeatures(cohort, rows: rows, landmarks: landmarks)
        let table = FeatureMatrix(values: features.values.map(Double.init), width: EncoderArchitecture.representation)
        let test = splits.flatMap(\.test)
        var reading = ProbeReading(
            column: target.column, metric: target.kind == .classes ? "balanced accuracy" : "R²",
            baseline: target.kind == .classes ? 1 / Double(Set(test.map { values[$0] }).count) : 0, subjects: test.count)
        do {
            reading.value = try score(table, test)
        } catch {
            reading.complaint = "\(error)"
        }
        reading.seconds = ((Journal.now() - began) * 1000).rounded() / 1000
        return reading
    }

    private func score(_ table: FeatureMatrix, _ test: [Int]) throws -> Double? {
        let penalty = target.kind == .classes ? Self.logisticPenalty : Self.ridgePenalty
        let predictions = try splits.flatMap { split in
            try target.predict(
                table.rows(split.training), split.training.map { values[$0] }, table.rows(split.test), penalty: penalty
            ).predictions
        }
        let truth = test.map { values[$0] }
        guard target.kind == .classes else { return LinearReadout.determination(target: truth, prediction: predictions) }
        return ClassificationScores.balancedAccuracy(truth.map { Int($0) }, predictions.map { Int($0) })
    }
}
