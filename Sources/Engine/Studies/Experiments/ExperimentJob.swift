import Cohorts
import Foundation
import Foundations
import SessionFormat
import StudyResults

/// What experiments are made of, so that they can be run again.
package struct ExperimentRequest: Codable, Equatable, Sendable {
    /// A prepared cohort, or a `cohort.csv`, or a folder that holds one.
    package var cohort: String
    /// The atlas folder with which a cohort is prepared that is not yet.
    package var atlas: String?
    /// A session whose encoder stands for the method.
    package var session: String?
    /// The reader's boxes, where they do not lie beside the cohort.
    package var boxes: String?
    /// Columns that are read out besides the paper's.
    package var targets: [String] = []
    package var profile = ExperimentProfile.quick

    package init(cohort: URL) { self.cohort = cohort.standardizedFileURL.path }

    fileprivate func options(_ parallel: Parallel) -> ExperimentRun.Options {
        var options = ExperimentRun.Options()
        options.profile = profile
        options.session = session.map { SessionFolder(URL(fileURLWithPath: $0, isDirectory: true)) }
        options.boxes = boxes.map { URL(fileURLWithPath: $0) }
        options.targets = targets
        options.parallel = parallel
        return options
    }

    /// Where the prepared cohort lies, or will lie: in the experiments' folder where the one asked for is not prepared.
    func preparedFolder(_ folder: ExperimentFolder) -> URL {
        let place = PreparedFolder(URL(fileURLWithPath: cohort, isDirectory: true))
        let isPrepared = [place.description, place.journal].contains { FileManager.default.fileExists(atPath: $0.path) }
        return isPrepared ? place.root : folder.prepared
    }
}

/// A run of experiments as it is asked for. Whoever runs it, `progress.jsonl` tells how it goes.
package struct ExperimentJob: Sendable {
    package var names: [ExperimentName]
    package var request: ExperimentRequest
    package var folder: ExperimentFolder
    package var parallel: Parallel

    package init(_ names: [ExperimentName], _ request: ExperimentRequest, folder: ExperimentFolder, parallel: Parallel = .allProcessors) {
        self.names = names
        self.request = request
        self.folder = folder
        self.parallel = parallel
    }

    /// Runs to the end.
    /// - Parameters:
    ///   - report: told of everything that happens, from any thread.
    ///   - isCancelled: asked between pieces.
    /// - Throws: `Cancelled` where the user interrupted; `Failure` where another process works in the folder, or the cohort cannot be used.
    package func run(
        report: @escaping @Sendable (ExperimentEvent) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> ExperimentRun.Outcome {
        let prepared = request.preparedFolder(folder)
        let preparation = prepared == folder.prepared ? try preparation() : nil
        let lock = try FileLock(
            folder.lock, of: "the experiments' folder \(folder.root.path)", advice: "watch it with `workbench open`, or stop it first")
        defer { withExtendedLifetime(lock) {} }
        AtomicFile.removeLeftovers(in: folder.root)
        let monitor = ExperimentMonitor(journal: try ExperimentJournal(folder), report: report, isCancelled: isCancelled)
        monitor.tell(ExperimentEvent(.started, names: names, request: request))
        do {
            if let preparation, try preparation.run(progress: { monitor.tell($0) }, isCancelled: isCancelled).interrupted {
                throw Cancelled()
            }
            let run = try ExperimentRun(
                cohort: PreparedCohort(prepared), folder: folder, options: request.options(parallel), monitor: monitor)
            let outcome = try run.run(names)
            monitor.tell(ExperimentEvent(.finished))
            return outcome
        } catch {
            monitor.tell(error is Cancelled ? ExperimentEvent(.interrupted) : ExperimentEvent(.failed, message: "\(error)"))
            throw error
        }
    }

    /// Prepares the cohort in the experiments' folder; what was prepared before stays.
    private func preparation() throws -> Preparation {
        let cohort = URL(fileURLWithPath: request.cohort)
        let table = cohort.appendingPathComponent("cohort.csv")
        let manifest = try CohortManifest(contentsOf: FileManager.default.fileExists(atPath: table.path) ? table : cohort)
        guard let atlas = request.atlas else {
            throw Failure(
                "\(cohort.path) is a cohort that is not prepared; give the atlas to prepare it with (--atlas, from `workbench atlas`), or a folder that `workbench prepare` made"
            )
        }
        return Preparation(
            manifest: manifest, atlas: try AtlasFolder.read(URL(fileURLWithPath: atlas, isDirectory: true)), folder: folder.prepared,
            parallel: parallel)
    }
}
