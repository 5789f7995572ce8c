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
        package var subjects = 20
        /// Every fifth subject is held out: neither pre-training nor fine-tuning sees it.
        package var heldOutEvery = 5
        package var steps = 400
        package var batch = 16
        package var stride = 4
        package var seed: UInt64 = 7

        package init() {}
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
        let training = cohort.subjects.enumerated().filter { ($0.offset + 1) % settings.heldOutEvery != 0 }.map(\.element.id)
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

        let held = cohort.subjects.filter { !training.contains($0.id) }
        let agreements = try predict(held, cohort: cohort, classifiers: classifiers, journal: journal, report)
        return DemoSummary(
            settings: settings, training: trainingSettings, landmarks: cohort.atlas.landmarks.count, trainingSubjects: training.count,
            heldOut: held.map(\.id), classifiers: classifiers, agreements: agreements, secondsToTrained: trained - began,
            seconds: Journal.now() - began
        ).lines
    }

    private func makePhantoms(_ report: @escaping @Sendable (StageProgress) -> Void) throws {
        // Written last: where it is there, all scans are.
        let finished = session.phantomBoxes
        if FileManager.default.fileExists(atPath: finished.path) { return }
        let total = settings.subjects
        report(StageProgress(stage: "phantoms", done: 0, total: total))
        _ = try PhantomCohort.write(
            ThoraxPhantom(size: .compact, seed: settings.seed), subjects: total, to: session.phantom, parallel: parallel
        ) { report(StageProgress(stage: "phantoms", done: $0, total: total)) }
    }

    private func prepare(_ report: @escaping @Sendable (StageProgress) -> Void) throws -> PreparedCohort {
        let mask = try LungMask.readKept(
            session.phantom.appendingPathComponent("atlas.lungs.nii.gz"), advice: "delete \(session.phantom.path) and start the demo again")
        let atlas = try Atlas(lungs: Resampler.labelsToMillimetres(mask, parallel: parallel))
        let manifest = try CohortManifest(contentsOf: session.phantom.appendingPathComponent("cohort.csv"))
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

    /// Masks of the held-out subjects; those of the pre-trained encoder stay in the session.
    /// - Returns: `[encoder][subtype][subject]`, against lesions and against regions, and last that of a threshold at -950 HU against both subtypes together.
    private func predict(
        _ held: [PreparedSubject], cohort: PreparedCohort, classifiers: [[Classifier]], journal: Journal,
        _ report: @escaping @Sendable (StageProgress) -> Void
    ) throws -> DemoSummary.Agreements {
        var result = DemoSummary.Agreements(
            masks: classifiers.map { $0.map { _ in [] } }, regions: classifiers.map { $0.map { _ in [] } },
            faultless: EmphysemaSubtype.allCases.map { _ in [] }, threshold: [])
        let segmentation = SessionSegmentation(
            session, atlas: cohort.atlas, classifiers: classifiers[0], stride: settings.stride, parallel: parallel)
        let total = held.count * classifiers.count
        for (index, subject) in held.enumerated() {
            let truths = try EmphysemaSubtype.allCases.map { try truth(subject, $0.rawValue) }
            let lungs = try subject.readLungs()
            let regions = zip(EmphysemaSubtype.allCases, truths).map { LesionRegion.voxels($1, lungs: lungs, subtype: $0) }
            for encoder in classifiers.indices {
                report(
                    StageProgress(
                        stage: "masks", done: index * classifiers.count + encoder, total: total,
                        detail: "\(subject.id), \(classifiers[encoder][0].encoder.name)"))
                let masks: [EmphysemaMask]
                if encoder == 0 {
                    masks = try segmentation.segment(subject, cohort: cohort.catalogue, journal: journal) { _, _ in }
                } else {
                    let image = try cohort.catalogue.image(of: subject, parallel: parallel)
                    masks =
                        try EmphysemaMask.segment(
                            image, atlas: cohort.atlas, classifiers: classifiers[encoder], stride: settings.stride, parallel: parallel)?
                        .masks ?? []
                }
                for (subtype, mask) in masks.enumerated() {
                    result.masks[encoder][subtype].append(MaskAgreement(mask: mask.mask, truth: truths[subtype]))
                    result.regions[encoder][subtype].append(MaskAgreement(mask: mask.mask, truth: regions[subtype]))
                }
            }
            for subtype in EmphysemaSubtype.allCases.indices {
                result.faultless[subtype].append(MaskAgreement(mask: regions[subtype], truth: truths[subtype]))
            }
            result.threshold.append(try threshold(subject, truths: truths))
        }
        report(StageProgress(stage: "masks", done: total, total: total))
        return result
    }

    private func truth(_ subject: PreparedSubject, _ kind: String) throws -> Volume<UInt8> {
        try NiftiFile.readLabels(session.phantom.appendingPathComponent("\(subject.id).\(kind).nii.gz")).mapVoxels { $0 == 0 ? 0 : 1 }
    }

    /// Voxels of the found lungs below -950 HU against the union of both truths.
    private func threshold(_ subject: PreparedSubject, truths: [Volume<UInt8>]) throws -> MaskAgreement {
        let ct = try NiftiFile.readCT(subject.image)
        let lungs = try subject.readLungs()
        var low = truths[0]
        var union = truths[0]
        for i in ct.voxels.indices {
            low.voxels[i] = lungs.voxels[i] != 0 && ct.voxels[i] < -950 ? 1 : 0
            union.voxels[i] = truths.contains { $0.voxels[i] != 0 } ? 1 : 0
        }
        return MaskAgreement(mask: low, truth: union)
    }
}
