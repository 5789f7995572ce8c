import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat
import StudyResults

/// Runs experiments on a prepared cohort and writes their report: everything that is finished stays finished, so that an interrupted run goes
/// on where it was.
package struct ExperimentRun {
    /// What is asked for.
    package struct Options: Sendable {
        package var profile = ExperimentProfile.quick
        /// A session whose encoder stands for the method; nil pre-trains one.
        package var session: SessionFolder?
        /// The reader's boxes; nil looks for `boxes.csv` in the cohort's folder and beside its images.
        package var boxes: URL?
        /// Columns that are read out besides the paper's.
        package var targets: [String] = []
        package var parallel = Parallel.allProcessors

        package init() {}
    }

    /// What came of a run.
    package struct Outcome: Sendable {
        /// In the order that was asked for.
        package var results: [ExperimentResult] = []
        package var failures: [ExperimentFailure] = []
    }

    private let options: Options
    let folder: ExperimentFolder
    let cohort: PreparedCohort
    let library: EncoderLibrary
    let monitor: ExperimentMonitor
    let pieces: ExperimentPieces
    /// Covers cohort, boxes, profile and settings.
    private let key: String
    static let seed: UInt64 = 7

    var profile: ExperimentProfile { options.profile }
    var parallel: Parallel { options.parallel }
    var extraTargets: [String] { options.targets }
    var testFraction: Double { 1 / Double(profile.folds - 1) }

    /// - Parameters:
    ///   - folder: receives the report; sessions, features and results are kept in it.
    ///   - report: what happens, for example the progress of the piece at work.
    ///   - isCancelled: asked between pieces; where it says yes, `run` throws `Cancelled`.
    /// - Throws: `Failure` where the cohort is too small or has not got a column that is asked for, or the session does not fit it.
    package init(
        cohort: PreparedCohort, folder: URL, options: Options, report: @escaping @Sendable (ExperimentEvent) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        try self.init(
            cohort: cohort, folder: ExperimentFolder(folder), options: options,
            monitor: ExperimentMonitor(report: report, isCancelled: isCancelled))
    }

    init(cohort: PreparedCohort, folder: ExperimentFolder, options: Options, monitor: ExperimentMonitor) throws {
        guard cohort.subjects.count >= 2 * options.profile.folds else {
            throw Failure(
                "\(cohort.folder.path) has \(cohort.subjects.count) subjects; \(options.profile.folds)-fold cross-validation needs at least \(2 * options.profile.folds)"
            )
        }
        for column in options.targets { _ = try ReadoutTarget(column: column, of: cohort.catalogue) }
        self.cohort = cohort
        self.folder = folder
        self.options = options
        self.monitor = monitor
        library = try EncoderLibrary(
            cohort: cohort, folder: folder, given: options.session, profile: options.profile, parallel: options.parallel, monitor: monitor)
        key = try Self.key(cohort, options, settings: library.baseSettings())
        pieces = ExperimentPieces(folder: folder, key: key)
    }

    /// Runs experiments in order and writes the report after each; one that fails does not keep the others from being run.
    package func run(_ names: [ExperimentName]) throws -> Outcome {
        monitor.tell(ExperimentEvent(.opened, key: key))
        try plan(names.filter { finished($0) == nil })
        var outcome = Outcome()
        for name in names {
            try monitor.checkCancelled()
            do {
                if let result = finished(name) {
                    outcome.results.append(result)
                } else {
                    monitor.tell(ExperimentEvent(.began, name: name))
                    outcome.results.append(try compute(name))
                }
                monitor.tell(ExperimentEvent(.done, name: name))
            } catch let failure as Failure {
                outcome.failures.append(ExperimentFailure(name: name, sentence: failure.description))
                monitor.tell(ExperimentEvent(.failed, name: name, message: failure.description))
            }
            try ExperimentReport(
                results: ExperimentName.allCases.compactMap(finished), failures: outcome.failures, run: describe()
            ).write(to: folder.root)
        }
        return outcome
    }

    private func compute(_ name: ExperimentName) throws -> ExperimentResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = ExperimentResult(name: name, profile: profile, key: key)
        switch name {
        case .table2: try imageReadouts(&result)
        case .table3: try survival(&result)
        case .table4: try severity(&result)
        case .table5: try subtypes(&result)
        case .table6, .table7, .table9: try ablation(&result)
        case .table8: try misplaced(&result)
        case .figure4: try labelEfficiency(&result)
        case .figure5: try emphysemaByStage(&result)
        }
        result.seconds = (clock.now - start) / .seconds(1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(Seal.sealed(json: encoder.encode(result)), to: folder.result(name))
        return result
    }

    /// The result of an earlier run with the same inputs.
    private func finished(_ name: ExperimentName) -> ExperimentResult? {
        (try? ExperimentResult.read(name, in: folder)).flatMap { $0.key == key ? $0 : nil }
    }

    private static func key(_ cohort: PreparedCohort, _ options: Options, settings: TrainingSettings) throws -> String {
        let prepared = try WholeFile.read(cohort.folder.appendingPathComponent("prepared.json"), kind: "prepared cohort")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let boxes = (try? boxesFile(cohort, options)).flatMap { try? Data(contentsOf: $0) } ?? Data()
        let session = try options.session.map { try Checksum.sha256(of: $0.checkpoint(step: Checkpoint($0).step)) } ?? ""
        return Checksum.sha256(
            prepared + (try encoder.encode(settings)) + boxes
                + Data("\(options.profile.rawValue) \(options.targets) \(session) \(WorkbenchVersion.text)".utf8))
    }

    /// The reader's boxes that lie in the cohort's subjects; contradictions among them are noted.
    func boxes(noting result: inout ExperimentResult) throws -> [LesionBox] {
        let boxes = try boxes()
        for sentence in LesionBox.contradictions(boxes) { result.note("Boxes: \(sentence)") }
        return boxes
    }

    /// The reader's boxes that lie in the cohort's subjects.
    func boxes() throws -> [LesionBox] {
        let file = try Self.boxesFile(cohort, options)
        let boxes = try LesionBox.read(file)
        let leftOut = Set(try cohort.catalogue.leftOut(boxes, of: file.path).map(\.subject))
        return boxes.filter { !leftOut.contains($0.subject) }
    }

    private static func boxesFile(_ cohort: PreparedCohort, _ options: Options) throws -> URL {
        if let boxes = options.boxes { return boxes }
        let folders = [cohort.folder] + cohort.subjects.prefix(1).map { $0.image.deletingLastPathComponent() }
        let candidates = folders.map { $0.appendingPathComponent("boxes.csv") }
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw Failure("there is no \(candidates.map(\.path).joined(separator: " or ")); name the reader's boxes with --boxes")
        }
        return found
    }

    /// What the report says of the run as a whole.
    private func describe() throws -> [String] {
        let settings = try library.baseSettings()
        return [
            "Cohort: \(cohort.folder.path), \(cohort.subjects.count) subjects, \(cohort.atlas.landmarks.count) landmarks; profile \(profile.rawValue), seed \(Self.seed)",
            "Pre-training (unlabelled, on all subjects, as in the paper): "
                + TrainingSetting.all.filter { !["checkpointEvery", "keepCheckpoints"].contains($0.name) }.map {
                    "\($0.name)=\($0.value(in: settings))"
                }.joined(separator: ", "),
            "± is the standard deviation over folds (and repetitions); [ ] a 95 % bootstrap interval of the mean over folds, subjects drawn within each fold "
                + "(\(profile.bootstrapDraws) draws, first repetition); differences are paired over folds, p plain is the t-test as in the paper, p corrected that of "
                + "Nadeau and Bengio, whose interval is given",
        ]
    }
}
