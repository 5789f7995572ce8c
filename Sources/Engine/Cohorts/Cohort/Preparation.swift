import Foundation
import Foundations
import Imaging
import Synchronization

/// Prepares a cohort: lungs, registration to the atlas, 1 mm image and patches of every subject, several at once.
///
/// A subject that is done is never done again unless its inputs, the atlas or the settings change; a bad one is reported in `quality.csv` and
/// left out. What is on disk is complete at any moment, so that a run that was interrupted, or killed, goes on where it was.
package struct Preparation: Sendable {
    /// How a run ended.
    package struct Report: Sendable {
        /// In the manifest's order.
        package let outcomes: [SubjectOutcome]
        /// Subjects whose patches are there.
        package let prepared: Int
        /// Subjects that the user's review leaves out.
        package let excluded: [String]
        /// Scans that were worked on at once.
        package let atOnce: Int
        /// True where `isCancelled` ended the run before all subjects were done.
        package let interrupted: Bool
        /// Scans that belong to several subjects, in sentences.
        package let warnings: [String]

        /// Subjects that were not computed because they were done before.
        package var reused: Int { outcomes.count { $0.isReused } }
    }

    private let manifest: CohortManifest
    private let atlas: Atlas
    private let folder: PreparedFolder
    private let settings: PreparationSettings
    private let memory: MemoryBudget
    private let parallel: Parallel

    /// - Parameter memory: what the scans at work may take together.
    package init(
        manifest: CohortManifest, atlas: Atlas, folder: URL, settings: PreparationSettings = .init(), memory: MemoryBudget = .ofThisMachine,
        parallel: Parallel
    ) {
        self.manifest = manifest
        self.atlas = atlas
        self.folder = PreparedFolder(folder)
        self.settings = settings
        self.memory = memory
        self.parallel = parallel
    }

    /// - Parameters:
    ///   - progress: stage `prepare` with subjects done and the last one's outcome, then stage `patches` with landmarks done.
    ///   - isCancelled: asked before each subject; where it says yes, those begun are finished and the run ends.
    /// - Throws: `Failure` where the folder cannot be written or another process prepares it, or not one subject could be prepared.
    package func run(
        progress: @escaping @Sendable (StageProgress) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> Report {
        try manifest.requireSomeImage()
        let lock = try FileLock(folder.lock, of: "the prepared cohort \(folder.root.path)", advice: "wait for it, or stop it first")
        return try withExtendedLifetime(lock) {
            AtomicFile.removeLeftovers(in: folder.root)
            let request = PreparationRequest(cohort: manifest.source.path, settings: settings, memoryBytes: memory.bytes)
            let journal = try PreparationJournal(folder.journal)
            journal.append(PreparationEvent(.started, request: request, subjects: manifest.rows.map(\.subject)))
            do {
                let report = try prepare(journal, progress: progress, isCancelled: isCancelled)
                journal.append(PreparationEvent(report.interrupted ? .interrupted : .finished))
                return report
            } catch {
                journal.append(PreparationEvent(.fault, message: "\(error)"))
                throw error
            }
        }
    }

    private func prepare(
        _ journal: PreparationJournal, progress: @escaping @Sendable (StageProgress) -> Void, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> Report {
        let review = try CohortReview(of: folder.root)
        let store = try PatchAssembly(folder: folder, atlas: atlas, settings: settings)
        if (try? AtlasFolder.read(folder.atlas))?.checksum != atlas.checksum { try AtlasFolder.write(atlas, to: folder.atlas) }

        let rows = manifest.rows
        let outer = Parallel(threads: memory.scansAtOnce(rows, parallel: parallel))
        let inner = Parallel(threads: max(1, parallel.threads / outer.threads))
        let work = SubjectPreparation(atlas: atlas, folder: folder, settings: settings, store: store, review: review, parallel: inner)
        let done = Mutex(0)
        let results = try outer.map(rows.count) { index -> SubjectPreparation.Result? in
            if isCancelled() { return nil }
            journal.append(PreparationEvent(.began, subject: rows[index].subject))
            let result = try work.run(rows[index])
            done.withLock { count in
                count += 1
                let detail = "\(rows[index].subject): \(result.outcome.quality.verdict.rawValue)"
                journal.append(PreparationEvent(.subject, outcome: result.outcome, done: count, total: rows.count))
                progress(StageProgress(stage: "prepare", done: count, total: rows.count, detail: detail))
            }
            return result
        }
        let found = results.compactMap { $0 }
        let records = found.compactMap(\.record)
        let kept = records.filter { !review.isExcluded($0.id) }
        let shared = SharedScans.of(kept)
        let outcomes = found.map { $0.outcome.noting(shared[$0.outcome.subject]) }
        try writeQuality(outcomes, review)
        let report = Report(
            outcomes: outcomes, prepared: kept.count, excluded: records.map(\.id).filter(review.isExcluded), atOnce: outer.threads,
            interrupted: found.count < rows.count, warnings: Self.sharedScans(records, manifest))
        if report.interrupted { return report }

        guard !kept.isEmpty else {
            let reason = records.isEmpty ? LungMaskQuality.summary(of: outcomes[0].quality.reasons) : "excluded in \(folder.review.path)"
            throw Failure("not one of the \(rows.count) subjects could be prepared; the first, \(rows[0].subject): \(reason)")
        }
        let description = PreparedDescription(atlas: atlas.checksum, settings: settings, subjects: kept)
        try store.assemble(description, parallel: parallel) { done, total in
            journal.append(PreparationEvent(.patches, done: done, total: total))
            progress(StageProgress(stage: "patches", done: done, total: total))
        }
        return report
    }

    /// Subjects with the same scan: one file under several names, or files of the same bytes.
    private static func sharedScans(_ records: [SubjectRecord], _ manifest: CohortManifest) -> [String] {
        var first: [String: String] = [:]
        let copies = records.compactMap { record -> String? in
            guard let other = first[record.imageChecksum] else {
                first[record.imageChecksum] = record.id
                return nil
            }
            return CohortManifest.sharedScan(other, record.id)
        }
        return manifest.warnings + copies.filter { !manifest.warnings.contains($0) }
    }

    private func writeQuality(_ outcomes: [SubjectOutcome], _ review: CohortReview) throws {
        let columns =
            [
                "subject", "verdict", "right_ml", "left_ml", "dice_before", "dice_after", "determinant", "patches_beyond", "kernel",
                "slice_mm", "contrast", "seconds",
            ] + StageTimes().stages.map { "\($0.name)_s" } + ["review", "note", "reasons", "cautions", "lungs"]
        func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
        let rows = outcomes.map { outcome in
            let quality = outcome.quality
            let entry = review.entries[outcome.subject]
            return [
                outcome.subject, quality.verdict.rawValue, number(quality.rightMillilitres, 0), number(quality.leftMillilitres, 0),
                number(quality.diceBefore, 4), number(quality.diceAfter, 4), number(quality.determinant, 4), "\(quality.patchesBeyond)",
                outcome.acquisition?.kernel ?? "", outcome.acquisition?.sliceMillimetres.map { number($0, 2) } ?? "",
                outcome.acquisition?.contrastAgent ?? "", number(outcome.seconds, 2),
            ] + outcome.times.stages.map { number($0.seconds, 2) } + [
                entry?.decision.rawValue ?? "", entry?.note ?? "", quality.reasons.joined(separator: "; "),
                (outcome.cautions ?? []).joined(separator: "; "), quality.correctedLungs == nil ? "" : "corrected",
            ]
        }
        try AtomicFile.write(Data(CSVTable.text(columns: columns, rows: rows).utf8), to: folder.quality)
    }
}
