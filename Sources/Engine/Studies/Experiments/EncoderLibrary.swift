import Cohorts
import Foundation
import Foundations
import Imaging
import Learning
import Network
import SessionFormat
import StudyResults

/// The encoders of the experiments, each pre-trained once, in a session folder of its own, and what they say of the cohort.
final class EncoderLibrary {
    private let cohort: PreparedCohort
    private let folder: ExperimentFolder
    /// A session of the user's that stands for the method itself.
    private let given: SessionFolder?
    private let profile: ExperimentProfile
    private let parallel: Parallel
    private let monitor: ExperimentMonitor
    private var models: [EncoderVariant: InferenceModel] = [:]
    private var diseased: PreparedCohort?

    init(
        cohort: PreparedCohort, folder: ExperimentFolder, given: SessionFolder?, profile: ExperimentProfile, parallel: Parallel,
        monitor: ExperimentMonitor
    ) throws {
        self.cohort = cohort
        self.folder = folder
        self.given = given
        self.profile = profile
        self.parallel = parallel
        self.monitor = monitor
        if let given { try SessionDescription.read(given).requireAtlas(cohort.atlas.checksum, ofCohort: cohort.folder, in: given) }
    }

    /// The method's own pre-training settings.
    func baseSettings() throws -> TrainingSettings {
        try given.map { try SessionDescription.read($0).settings }
            ?? profile.settings(subjects: cohort.subjects.count, landmarks: cohort.atlas.landmarks.count)
    }

    /// The cohort that a variant sees: its own, or the one prepared with the diseased atlas.
    func cohort(of variant: EncoderVariant) throws -> PreparedCohort {
        guard variant == .diseasedAtlas else { return cohort }
        if let diseased { return diseased }
        let prepared = try prepareDiseased()
        diseased = prepared
        return prepared
    }

    /// A variant's encoder; trained, or trained on, where it is not there yet.
    /// - Throws: `Cancelled` where the user interrupted; the session goes on from its checkpoint next time.
    func model(_ variant: EncoderVariant) throws -> InferenceModel {
        if let model = models[variant] { return model }
        let model: InferenceModel
        if variant.isUntrained {
            model = try .random(
                settings: variant.settings(try baseSettings()), cohort: cohort, subjects: cohort.subjects.map(\.id), parallel: parallel)
        } else if variant == .drasclr, let given {
            model = try .open(given, parallel: parallel)
        } else {
            model = try .open(try train(variant), parallel: parallel)
        }
        models[variant] = model
        return model
    }

    /// Steps of a variant's pre-training that are done, of how many; nil where nothing is trained for it.
    func steps(_ variant: EncoderVariant) throws -> (done: Int, total: Int)? {
        guard !variant.isUntrained, variant != .drasclr || given == nil else { return nil }
        let settings = variant.settings(try baseSettings())
        let total = cohort.atlas.landmarks.count * max(1, cohort.subjects.count / settings.batch) * settings.epochs
        return (min(total, folder.session(variant).checkpointSteps.last ?? 0), total)
    }

    private func train(_ variant: EncoderVariant) throws -> SessionFolder {
        let session = folder.session(variant)
        let cohort = try cohort(of: variant)
        let settings = variant.settings(try baseSettings())
        if FileManager.default.fileExists(atPath: session.description.path) {
            let found = try SessionDescription.read(session)
            guard found.settings == settings, found.atlas == cohort.atlas.checksum else {
                throw Failure(
                    "\(session.root.path) was trained with other settings than this experiment asks for; choose another --out, or remove it"
                )
            }
        } else {
            try Trainer.create(session, cohort: cohort, settings: settings)
        }
        defer { monitor.effort.end(.training(variant)) }
        // One that was killed behind its last checkpoint is opened once more, so that its journal tells of its end.
        if try JournalTail.completion(of: session) != nil { return session }
        try monitor.checkCancelled()
        let progress = try steps(variant).map { Double($0.done) / Double($0.total) }
        monitor.effort.begin(.training(variant), at: progress ?? 0)
        var options = Trainer.Options()
        options.resume = true
        options.parallel = parallel
        options.task = "experiment"
        options.wantsStop = { [monitor] done, total in
            monitor.effort.reach(Double(done) / Double(total))
            monitor.tell("pre-train \(variant.title)", done, of: total)
            return monitor.isCancelled()
        }
        let end = try TrainingJob(folder: session, cohort: cohort, options: options).run()
        guard end.outcome == RunFinished.Outcome.done.rawValue else { throw Cancelled() }
        return session
    }

    /// Where a variant's image-level features are kept.
    func file(_ variant: EncoderVariant, isMisplaced: Bool) -> URL {
        folder.features("\(variant.rawValue)\(isMisplaced ? "-misplaced" : "")")
    }

    /// Image-level features of the cohort, read back where the file holds those of this encoder and these patches.
    /// - Parameter isMisplaced: every patch is encoded as if it lay at another, seeded landmark.
    func features(_ variant: EncoderVariant, name: String? = nil, isMisplaced: Bool = false) throws -> EncoderFeatures {
        let model = try model(variant)
        let cohort = try cohort(of: variant)
        let title = name ?? variant.title
        let key = Checksum.sha256(
            Data("\(model.checksum) \(cohort.atlas.checksum) \(isMisplaced) \(try cohortChecksum(cohort))".utf8))
        let file = file(variant, isMisplaced: isMisplaced)
        let piece = ExperimentEffort.Piece.features(variant, isMisplaced: isMisplaced)
        defer { monitor.effort.end(piece) }
        let width = EncoderArchitecture.representation
        if let found = try? Safetensors(contentsOf: file), found.metadata["key"] == key {
            let values = try found.floats("h", shape: [cohort.subjects.count, width])
            return EncoderFeatures(name: title, ImageFeatures(subjects: cohort.subjects.map(\.id), model: model.name, values: values))
        }
        var misplaced: [Int]?
        if isMisplaced {
            var generator = SeededGenerator(7, .misplacement)
            misplaced = generator.permutation(cohort.atlas.landmarks.count)
        }
        try monitor.checkCancelled()
        monitor.effort.begin(piece)
        let features = try FeatureExtractor(model: model, parallel: parallel).imageFeatures(cohort, locationsOf: misplaced) { [monitor] in
            monitor.effort.reach(Double($0) / Double($1))
            monitor.tell("features of \(title)", $0, of: $1)
        }
        var writer = SafetensorsWriter(metadata: ["key": key, "model": model.name])
        writer.add("h", shape: [cohort.subjects.count, width], floats: features.values)
        try writer.write(to: file)
        return EncoderFeatures(name: title, features)
    }

    /// Covers the subjects and their images.
    private func cohortChecksum(_ cohort: PreparedCohort) throws -> String {
        let description = try WholeFile.read(cohort.folder.appendingPathComponent("prepared.json"), kind: "prepared cohort")
        return Checksum.sha256(description)
    }

    /// The cohort prepared with the lungs of its most diseased subject as atlas.
    private func prepareDiseased() throws -> PreparedCohort {
        let root = folder.root.appendingPathComponent("diseased-atlas", isDirectory: true)
        func burden(_ subject: PreparedSubject) -> Double { (subject.labels["cle"] ?? 0) + (subject.labels["paraseptal"] ?? 0) / 10 }
        guard let chosen = cohort.subjects.max(by: { burden($0) < burden($1) }), burden(chosen) > 0 else {
            throw Failure(
                "\(cohort.folder.path) has no subject with a cle or paraseptal score above 0, whose lungs could be the diseased atlas")
        }
        let mask = try chosen.readLungs()
        let atlas = try Atlas(lungs: Resampler.labelsToMillimetres(mask, parallel: parallel))
        let names = Array(Set(cohort.subjects.flatMap { $0.labels.keys })).sorted()
        let rows = cohort.subjects.map { subject in
            [subject.id, subject.image.path, subject.lungs.path] + names.map { name in subject.labels[name].map { "\($0)" } ?? "" }
        }
        let list = root.appendingPathComponent("cohort.csv")
        try AtomicFile.write(Data(CSVTable.text(columns: ["subject", "image", "lungs"] + names, rows: rows).utf8), to: list)
        let place = root.appendingPathComponent("prepared", isDirectory: true)
        let made = try Preparation(manifest: CohortManifest(contentsOf: list), atlas: atlas, folder: place, parallel: parallel).run(
            progress: { [monitor] in monitor.tell($0) }, isCancelled: monitor.isCancelled)
        if made.interrupted { throw Cancelled() }
        guard made.prepared == cohort.subjects.count else {
            throw Failure(
                "only \(made.prepared) of \(cohort.subjects.count) subjects could be aligned to \(chosen.id) as atlas; see \(place.path)/quality.csv"
            )
        }
        return try PreparedCohort(place)
    }
}
