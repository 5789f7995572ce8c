import Cohorts
import Foundation
import Foundations
import Imaging
import Inference
import Interface
import Learning
import Screens
import SessionFormat
import Studies
import StudyResults

/// Joins a session's files to the interface.
enum SessionViewing {
    /// The folder of a session.
    /// - Throws: `Failure` where there is none, or a newer program made it.
    static func folder(_ path: String) throws -> SessionFolder {
        let folder = SessionFolder(URL(fileURLWithPath: path, isDirectory: true))
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.root.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Failure("there is no session at \(folder.root.path): a session is a folder with a journal.jsonl")
        }
        guard FileManager.default.fileExists(atPath: folder.journal.path) else {
            throw Failure("\(folder.root.path) is not a session: it has no journal.jsonl")
        }
        if FileManager.default.fileExists(atPath: folder.description.path) { _ = try SessionDescription.read(folder) }
        return folder
    }

    /// What the interface needs of a session.
    /// - Parameters:
    ///   - job: the work of this process, where it is in this session.
    ///   - cohort: a prepared cohort to browse instead of the session's own.
    static func context(for folder: SessionFolder, job: EngineJob.Outcome? = nil, cohort: URL? = nil) -> SessionContext {
        let masks = MaskService(folder, cohort: { cohort ?? Self.cohort(of: folder) }, parallel: .allProcessors)
        var context = SessionContext(
            folder: folder, library: CohortLibrary(folder, cohort: cohort), atlas: { try atlas(of: folder) },
            cohort: SessionCohort { cohort ?? Self.cohort(of: folder) }, masks: masks,
            ownership: {
                // Fine-tuning from the viewer is no run.
                if masks.holdsSession { return .nobody }
                if let job, !job.isKnown { return .thisProcess }
                return FileLock.isHeld(folder) ? .otherProcess : .nobody
            },
            quitHint: job == nil
                ? nil : "The run saves a checkpoint and stops; `workbench open \(folder.root.relativePath)` resumes it.")
        context.patches = { try SeenPatches(folder, step: $0, neighbours: $1) }
        context.experiments = SessionExperiments(folder, experiments(of: folder))
        return context
    }

    /// What the interface needs to show a prepared cohort, or one that is being prepared, without any session.
    static func context(forPrepared folder: URL) throws -> SessionContext {
        var context = SessionContext(
            folder: SessionFolder(folder), library: EmptyLibrary(), atlas: { try atlas(of: SessionFolder(folder)) },
            cohort: CohortBrowser(folder, parallel: .allProcessors), ownership: { .nobody })
        context.firstScreen = .cohort
        return context
    }

    /// What the interface needs to show experiments that belong to no session.
    static func context(forExperiments browser: ExperimentBrowser) -> SessionContext {
        var context = SessionContext(
            folder: SessionFolder(browser.folder.root), library: EmptyLibrary(), atlas: { nil },
            cohort: SessionCohort { browser.cohort }, ownership: { .nobody })
        context.experiments = browser
        context.firstScreen = .evaluation
        return context
    }

    /// The experiments of a session: its encoder, on its cohort.
    private static func experiments(of folder: SessionFolder) -> ExperimentBrowser {
        let place = ExperimentFolder(folder.root.appendingPathComponent("experiments", isDirectory: true))
        let request = cohort(of: folder).map { cohort in
            var request = ExperimentRequest(cohort: cohort)
            request.session = folder.root.path
            return request
        }
        return ExperimentBrowser(place, request: request)
    }

    /// Where the session's cohort lies; the demo's before it has settings. Nil where there is none.
    private static func cohort(of folder: SessionFolder) -> URL? {
        if let description = try? SessionDescription.read(folder) { return description.cohortFolder(folder) }
        let demo = DemoRun.preparedFolder(folder)
        return FileManager.default.fileExists(atPath: demo.path) ? demo : nil
    }

    /// The session's atlas; nil where there is none yet.
    private static func atlas(of folder: SessionFolder) throws -> AtlasMap? {
        guard FileManager.default.fileExists(atPath: folder.atlas.appendingPathComponent("landmarks.csv").path) else { return nil }
        let atlas = try AtlasFolder.read(folder.atlas)
        return AtlasMap(atlas, ct: atlasImage(of: folder, atlas))
    }

    /// A CT for the atlas: its own, that of the cohort's atlas, or the demo's subject of which its atlas was made; nil where there is none that lies on
    /// the atlas's grid. It is there to be looked at only: one that cannot be read is left out.
    private static func atlasImage(of folder: SessionFolder, _ atlas: Atlas) -> Volume<Int16>? {
        var folders = [folder.atlas]
        if let cohort = cohort(of: folder) { folders.append(PreparedFolder(cohort).atlas) }
        for place in folders {
            if let image = try? AtlasFolder.readImage(place), image.sharesGrid(with: atlas.lungs) { return image }
        }
        let demo = folder.phantom.appendingPathComponent("atlas.ct.nii.gz")
        guard FileManager.default.fileExists(atPath: demo.path), let image = try? NiftiFile.readCT(demo) else { return nil }
        return try? Resampler.linear(
            image, onto: atlas.lungs.extent, voxelToWorld: atlas.lungs.voxelToWorld, parallel: .allProcessors)
    }

    /// The work that is left in a session, for a process that opens it; nil where it is finished, has no settings, or another process works
    /// on it.
    static func remainingWork(_ folder: SessionFolder) throws -> (@Sendable () throws -> [String])? {
        guard !FileLock.isHeld(folder) else { return nil }
        guard FileManager.default.fileExists(atPath: folder.description.path) else { return nil }
        if try JournalTail.completion(of: folder) != nil { return nil }
        if try DemoRun.isDemo(folder) {
            let demo = DemoRun(folder)
            return { try demo.run() }
        }
        let cohort = try folder.cohort()
        var options = Trainer.Options()
        options.resume = true
        let job = TrainingJob(folder: folder, cohort: cohort, options: options)
        return { try job.run().summary }
    }
}
