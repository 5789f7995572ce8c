import Foundation

/// Runs experiments on a prepared cohort and writes their report: everything that is finished stays finished, so that an interrupted run goes
/// on where it was.
public struct ExperimentRun {
    /// What is asked for.
    public struct Options: Sendable {
        public var profile = ExperimentProfile.quick
        /// A session whose encoder stands for the method; nil pre-trains one.
        public var session: SessionFolder?
        /// The reader's boxes; nil looks for `boxes.csv` in the cohort's folder and beside its images.
        public var boxes: URL?
        /// Columns that are read out besides the paper's.
        public var targets: [String] = []
        public var parallel = Parallel.allProcessors

        public init() {}
    }

    private let options: Options
    private let folder: URL
    let cohort: PreparedCohort
    let library: EncoderLibrary
    let report: @Sendable (StageProgress) -> Void
    let isCancelled: @Sendable () -> Bool
    static let seed: UInt64 = 7

    var profile: ExperimentProfile { options.profile }
    var parallel: Parallel { options.parallel }
    var extraTargets: [String] { options.targets }
    var testFraction: Double { 1 / Double(profile.folds - 1) }

    /// - Parameters:
    ///   - folder: receives the report; sessions, features and results are kept in it.
    ///   - report: progress of the piece at work.
    ///   - isCancelled: asked between pieces; where it says yes, `run` throws `Cancelled`.
    public init(
        cohort: PreparedCohort, folder: URL, options: Options, report: @escaping @Sendable (StageProgress) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        guard cohort.subjects.count >= 2 * options.profile.folds else {
            throw Failure(
                "\(cohort.folder.path) has \(cohort.subjects.count) subjects; \(options.profile.folds)-fold cross-validation needs at least \(2 * options.profile.folds)"
            )
        }
        self.cohort = cohort
        self.folder = folder
        self.options = options
        self.report = report
        self.isCancelled = isCancelled
        library = try EncoderLibrary(
            cohort: cohort, folder: folder, given: options.session, profile: options.profile, parallel: options.parallel, report: report,
            isCancelled: isCancelled)
    }

    /// Runs experiments in order and writes the report after each.
    /// - Returns: the results, in the order of the names.
    public func run(_ names: [ExperimentName]) throws -> [ExperimentResult] {
        let key = try self.key()
        var results: [ExperimentResult] = []
        for (index, name) in names.enumerated() {
            if isCancelled() { throw Cancelled() }
            report(StageProgress(stage: "experiments", done: index, total: names.count, detail: name.rawValue))
            let result = try finished(name, key: key) ?? compute(name, key: key)
            results.append(result)
            try ExperimentReport(results: known(key), run: describe()).write(to: folder)
        }
        report(StageProgress(stage: "experiments", done: names.count, total: names.count))
        return results
    }

    private func compute(_ name: ExperimentName, key: String) throws -> ExperimentResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = ExperimentResult(name: name, profile: profile, key: key)
        switch name {
        case .table2: try imageReadouts(&result)
        case .table3: try survival(&result)
        case .table4: try severity(&result)
        case .table5: try subtypes(&result)
        case .table6:
            try ablation(&result, [.drasclr, .hypernetwork, .concatenation, .unconditioned], base: EncoderVariant.drasclr.title)
        case .table7: try ablation(&result, [.drasclr, .neighbours0, .neighbours1, .neighbours3], base: EncoderVariant.drasclr.title)
        case .table8: try misplaced(&result)
        case .table9: try ablation(&result, [.drasclr, .diseasedAtlas, .ownKeysKept], base: EncoderVariant.drasclr.title)
        case .figure4: try labelEfficiency(&result)
        case .figure5: try emphysemaByStage(&result)
        }
        result.seconds = (clock.now - start) / .seconds(1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(result), to: place(name))
        return result
    }

    private func place(_ name: ExperimentName) -> URL { folder.appendingPathComponent("results/\(name.rawValue).json") }

    private func finished(_ name: ExperimentName, key: String) throws -> ExperimentResult? {
        guard let data = try? Data(contentsOf: place(name)), let found = try? JSONDecoder().decode(ExperimentResult.self, from: data),
            found.key == key
        else { return nil }
        return found
    }

    /// All results that are there, also of earlier runs with the same inputs.
    private func known(_ key: String) throws -> [ExperimentResult] { try ExperimentName.allCases.compactMap { try finished($0, key: key) } }

    /// Covers cohort, boxes, profile and settings.
    private func key() throws -> String {
        let prepared = try WholeFile.read(cohort.folder.appendingPathComponent("prepared.json"), kind: "prepared cohort")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let settings = try encoder.encode(library.baseSettings())
        let boxes = (try? boxesFile()).flatMap { try? Data(contentsOf: $0) } ?? Data()
        let session = try options.session.map { try Checkpoint($0).step } ?? -1
        return Checksum.sha256(
            prepared + settings + boxes + Data("\(profile.rawValue) \(options.targets) \(session) \(WorkbenchVersion.text)".utf8))
    }

    /// The reader's boxes that lie in the cohort's subjects.
    func boxes() throws -> [LesionBox] {
        let file = try boxesFile()
        let boxes = try LesionBox.read(file)
        let leftOut = Set(try cohort.catalogue.leftOut(boxes, of: file.path).map(\.subject))
        return boxes.filter { !leftOut.contains($0.subject) }
    }

    private func boxesFile() throws -> URL {
        if let boxes = options.boxes { return boxes }
        let folders = [cohort.folder] + cohort.subjects.prefix(1).map { $0.image.deletingLastPathComponent() }
        let candidates = folders.map { $0.appendingPathComponent("boxes.csv") }
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw Failure("there is no \(candidates.map(\.path).joined(separator: " or ")); name the reader's boxes with --boxes")
        }
        return found
    }

    func cache(_ name: String) -> URL { folder.appendingPathComponent("features/\(name).safetensors") }

    /// What the report says of the run as a whole.
    private func describe() throws -> [String] {
        let settings = try library.baseSettings()
        return [
            "Cohort: \(cohort.folder.path), \(cohort.subjects.count) subjects, \(cohort.atlas.landmarks.count) landmarks; profile \(profile.rawValue), seed \(Self.seed)",
            "Pre-training (unlabelled, on all subjects, as in the paper): "
                + TrainingSetting.all.filter { !["checkpointEvery", "keepCheckpoints"].contains($0.name) }.map {
                    "\($0.name)=\($0.value(in: settings))"
                }.joined(separator: ", "),
            "Folds: \(profile.folds), by subject, stratified, \(profile.repetitions) repetition(s); penalties chosen by \(ImageReadout.innerFolds) folds inside the training subjects "
                + "(ridge \(ImageReadout.ridgePenalties), logistic C \(ImageReadout.logisticPenalties), Cox \(SurvivalReadout.penalties))",
            "± is the standard deviation over folds; [ ] a 95 % bootstrap interval over subjects (\(profile.bootstrapDraws) draws); differences are paired over folds, "
                + "p plain is the t-test as in the paper, p corrected that of Nadeau and Bengio",
        ]
    }
}
