import Cohorts
import Foundation
import Foundations
import Imaging
import Inference
import Learning
import Masks
import SessionFormat

/// The demonstration: phantom cohort → lungs → registration → patches → pre-training → fine-tuning of both subtypes → dense masks of held-out
/// subjects, with the engine's real code, and the same from random weights for comparison.
///
/// Everything lands in one session folder. A run that was interrupted goes on where it was.
package struct DemoRun: Sendable {
    /// What is run; printed with the result.
    package struct Settings: Sendable, Equatable {
        package var subjects = 30
        /// Subjects of another cohort that are held out; none: five of the cohort itself, chosen by their grade.
        package var testSubjects = 0
        package var testSeed: UInt64 = 0
        package var steps = 400
        package var batch = 16
        package var stride = 8
        package var seed: UInt64 = 7

        package init() {}

        /// Of `workbench experiment masks`: the cohort that is tested shares no random number with the one that is learned from.
        package static var masksExperiment: Settings {
            var settings = Settings()
            settings.subjects = 40
            settings.testSubjects = 40
            settings.testSeed = 2027
            return settings
        }
    }

    /// What the journal calls the run.
    package static let task = "demo"

    private let session: SessionFolder
    private let settings: Settings
    private let parallel: Parallel

    package init(_ session: SessionFolder, settings: Settings = .init(), parallel: Parallel = .allProcessors) {
        self.session = session
        self.settings = settings
        self.parallel = parallel
    }

    /// Where a demo prepares its cohort.
    package static func preparedFolder(_ session: SessionFolder) -> URL {
        session.root.appendingPathComponent("prepared", isDirectory: true)
    }

    private var preparedFolder: URL { Self.preparedFolder(session) }

    /// True where a demo began the session: it trains on a cohort of its own, made of its own phantoms.
    package static func isDemo(_ session: SessionFolder) throws -> Bool {
        let cohort = try SessionDescription.read(session).cohortFolder(session)
        return isOwn(cohort, session) && FileManager.default.fileExists(atPath: session.root.appendingPathComponent("phantom").path)
    }

    private static func isOwn(_ cohort: URL, _ session: SessionFolder) -> Bool {
        cohort.standardizedFileURL.path == preparedFolder(session).standardizedFileURL.path
    }

    /// True where the session holds a demo that ran to its end.
    package static func isFinished(_ session: SessionFolder) throws -> Bool {
        try requireDemo(session)
        return !((try? summary(of: session)) ?? []).isEmpty
    }

    /// Refuses a session that was not begun by a demo: the demo would mix its own cohort into it.
    private static func requireDemo(_ session: SessionFolder) throws {
        guard FileManager.default.fileExists(atPath: session.description.path) else { return }
        let cohort = try SessionDescription.read(session).cohortFolder(session)
        guard isOwn(cohort, session) else {
            throw Failure("\(session.root.path) holds a session that is no demo; choose another folder with --session")
        }
    }

    /// The lines that a finished demo printed; none where it did not run to its end.
    package static func summary(of session: SessionFolder) throws -> [String] {
        try JournalTail.completion(of: session)?.summary ?? []
    }

    /// Runs to the end, or until the user stops it.
    /// - Returns: the summary's lines; empty where the user stopped the run.
    package func run() throws -> [String] {
        try Self.requireDemo(session)
        let lock = try FileLock(session)
        let journal = try Journal(session)
        return try withExtendedLifetime(lock) {
            do {
                let summary = try stages(journal, earlierControlLines: lock.earlierControlLines)
                let outcome: RunFinished.Outcome = summary.isEmpty ? .stopped : .done
                try journal.append(.finished(RunFinished(outcome: outcome.rawValue, summary: summary)))
                try journal.synchronise()
                return summary
            } catch let failure as Failure {
                try? journal.append(.fault(RunFault(message: failure.description)))
                throw failure
            }
        }
    }

    private func stages(_ journal: Journal, earlierControlLines: Int) throws -> [String] {
        let began = Journal.now()
        let report: @Sendable (StageProgress) -> Void = { progress in
            // Progress is shown, not needed: a full disk is reported by the next event that is.
            try? journal.append(.progress(progress))
        }
        try makePhantoms(report)
        let cohort = try prepare(report)
        let held = heldOut(cohort)
        let training = cohort.subjects.map(\.id).filter { id in !held.contains { $0.id == id } }
        guard try pretrain(cohort, training: training, journal: journal, earlierControlLines: earlierControlLines) == .done else {
            return []
        }
        let trained = Journal.now()

        report(StageProgress(stage: "calibrate", done: 0, total: 2, detail: "pre-trained"))
        let model = try InferenceModel.open(session, parallel: parallel)
        let trainingSettings = try SessionDescription.read(session).settings
        report(StageProgress(stage: "calibrate", done: 1, total: 2, detail: "random weights"))
        let random = try InferenceModel.random(settings: trainingSettings, cohort: cohort, subjects: training, parallel: parallel)
        report(StageProgress(stage: "calibrate", done: 2, total: 2))

        let boxes = try LesionBox.read(session.phantomBoxes)
        var classifiers: [[Classifier]] = []
        for (index, encoder) in [model, random].enumerated() {
            report(StageProgress(stage: "fine-tune", done: index, total: 2, detail: encoder.name))
            var options = FineTuning.Options()
            options.seed = settings.seed
            options.otherSubtypeIsNegative = true
            classifiers.append(
                try FineTuning(model: encoder, cohort: cohort, subjects: training, parallel: parallel).fit(
                    EmphysemaSubtype.allCases, boxes: boxes, options: options))
        }
        for classifier in classifiers[0] { try classifier.write(session) }
        let seen = Set(training)
        try SessionBoxes.add(cohort.catalogue.identified(boxes.filter { seen.contains($0.subject) }), to: session)
        report(StageProgress(stage: "fine-tune", done: 2, total: 2))

        let study = MaskStudy(
            session: session, cohort: cohort, stride: settings.stride, parallel: parallel, truth: truth(_:_:), journal: journal)
        let methods = try study.run(held, classifiers: classifiers, report)
        return DemoSummary(
            settings: settings, training: trainingSettings, landmarks: cohort.atlas.landmarks.count, trainingSubjects: training.count,
            heldOut: held, classifiers: classifiers, methods: methods, secondsToTrained: trained - began,
            seconds: Journal.now() - began
        ).lines
    }

    private static let testPrefix = "test-"

    /// The subjects that neither pre-training nor fine-tuning sees: those of the other cohort, or by grade two with centrilobular emphysema alone, two
    /// with paraseptal, one without any.
    private func heldOut(_ cohort: PreparedCohort) -> [PreparedSubject] {
        if settings.testSubjects > 0 { return cohort.subjects.filter { $0.id.hasPrefix(Self.testPrefix) } }
        var left = cohort.subjects
        func take(_ fits: (_ cle: Double, _ paraseptal: Double) -> Bool) -> PreparedSubject? {
            guard let place = left.lastIndex(where: { fits($0.labels["cle"] ?? 0, $0.labels["paraseptal"] ?? 0) }) else { return nil }
            return left.remove(at: place)
        }
        return [
            take { $0 >= 4 && $1 == 0 }, take { $0 == 3 && $1 == 0 }, take { $0 == 0 && $1 == 2 }, take { $0 > 0 && $1 == 2 },
            take { $0 == 0 && $1 == 0 },
        ].compactMap { $0 }
    }

    /// The phantoms of the cohort that is tested.
    private var testFolder: URL { session.root.appendingPathComponent("phantom-test", isDirectory: true) }

    private func truth(_ subject: PreparedSubject, _ kind: String) throws -> Volume<UInt8> {
        let isTest = subject.id.hasPrefix(Self.testPrefix)
        let name = isTest ? "phantom-\(subject.id.dropFirst(Self.testPrefix.count))" : subject.id
        let file = (isTest ? testFolder : session.phantom).appendingPathComponent("\(name).\(kind).nii.gz")
        return try NiftiFile.readLabels(file).mapVoxels { $0 == 0 ? 0 : 1 }
    }

    /// Both cohorts in one table, those that are tested under names of their own.
    private func manifestFile() throws -> URL {
        let own = session.phantom.appendingPathComponent("cohort.csv")
        guard settings.testSubjects > 0 else { return own }
        let table = try CSVTable(contentsOf: own)
        let test = try CSVTable(contentsOf: testFolder.appendingPathComponent("cohort.csv"))
        let (subject, image) = (try table.column("subject"), try table.column("image"))
        func rows(_ table: CSVTable, in folder: URL, prefix: String) -> [[String]] {
            table.rows.map { row in
                var fields = row.fields
                if !prefix.isEmpty { fields[subject] = prefix + fields[subject].dropFirst("phantom-".count) }
                fields[image] = folder.appendingPathComponent(row.fields[image]).path
                return fields
            }
        }
        let file = session.root.appendingPathComponent("cohort.csv")
        let text = CSVTable.text(
            columns: table.columns, rows: rows(table, in: session.phantom, prefix: "") + rows(test, in: testFolder, prefix: Self.testPrefix)
        )
        try AtomicFile.write(Data(text.utf8), to: file)
        return file
    }

    private func makePhantoms(_ report: @escaping @Sendable (StageProgress) -> Void) throws {
        for (folder, count, seed) in [
            (session.phantom, settings.subjects, settings.seed), (testFolder, settings.testSubjects, settings.testSeed),
        ] where count > 0 {
            // Written last: where it is there, all scans are.
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("boxes.csv").path) { continue }
            report(StageProgress(stage: "phantoms", done: 0, total: count))
            _ = try PhantomCohort.write(ThoraxPhantom(size: .compact, seed: seed), subjects: count, to: folder, parallel: parallel) {
                report(StageProgress(stage: "phantoms", done: $0, total: count))
            }
        }
    }

    private func prepare(_ report: @escaping @Sendable (StageProgress) -> Void) throws -> PreparedCohort {
        let mask = try LungMask.readKept(
            session.phantom.appendingPathComponent("atlas.lungs.nii.gz"), advice: "delete \(session.phantom.path) and start the demo again")
        let atlas = try Atlas(lungs: Resampler.labelsToMillimetres(mask, parallel: parallel))
        let manifest = try CohortManifest(contentsOf: manifestFile())
        _ = try Preparation(manifest: manifest, atlas: atlas, folder: preparedFolder, parallel: parallel).run(progress: report)
        return try PreparedCohort(preparedFolder)
    }

    private func pretrain(_ cohort: PreparedCohort, training: [String], journal: Journal, earlierControlLines: Int) throws
        -> RunFinished.Outcome
    {
        if !FileManager.default.fileExists(atPath: session.description.path) {
            var wanted = TrainingSettings()
            wanted.fitSmallCohort()
            wanted.batch = settings.batch
            wanted.seed = settings.seed
            wanted.checkpointEvery = 100
            wanted.keepCheckpoints = 2
            let stepsPerEpoch = cohort.atlas.landmarks.count * max(1, training.count / settings.batch)
            wanted.epochs = (settings.steps + stepsPerEpoch - 1) / stepsPerEpoch
            try Trainer.create(session, cohort: cohort, trainingSubjects: training, settings: wanted)
        }
        var options = Trainer.Options()
        options.resume = true
        options.parallel = parallel
        options.task = Self.task
        options.earlierControlLines = earlierControlLines
        return try Trainer(session, cohort: cohort, options: options, journal: journal).run()
    }
}
