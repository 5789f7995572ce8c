import Foundation
import Synchronization

/// Prepares a cohort: lungs, registration to the atlas, 1 mm image and patches of every subject, several at once.
///
/// A subject that is done is never done again unless its inputs, the atlas or the settings change; a bad one is reported in `quality.csv` and
/// left out. What is on disk is complete at any moment, so that an interrupted run goes on where it was.
public struct Preparation: Sendable {
    /// How a run ended.
    public struct Report: Sendable {
        /// One line of `quality.csv` for each subject, in the manifest's order.
        public let qualities: [(subject: String, quality: SubjectQuality, seconds: Double)]
        /// Subjects that were not computed because they were done before.
        public let reused: Int
        /// True where `isCancelled` ended the run before all subjects were done.
        public let interrupted: Bool

        /// Subjects whose patches are there.
        public var prepared: Int { qualities.count { $0.quality.verdict != .refused } }
    }

    private let manifest: CohortManifest
    private let atlas: Atlas
    private let folder: PreparedFolder
    private let settings: PreparationSettings
    private let parallel: Parallel

    public init(manifest: CohortManifest, atlas: Atlas, folder: URL, settings: PreparationSettings = .init(), parallel: Parallel) {
        self.manifest = manifest
        self.atlas = atlas
        self.folder = PreparedFolder(folder)
        self.settings = settings
        self.parallel = parallel
    }

    /// - Parameters:
    ///   - progress: stage `prepare` with subjects done and the last one's outcome, then stage `patches` with landmarks done.
    ///   - isCancelled: asked before each subject; where it says yes, those begun are finished and the run ends.
    /// - Throws: `Failure` where the folder cannot be written, or not one subject could be prepared.
    public func run(
        progress: @escaping @Sendable (StageProgress) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> Report {
        let store = try PatchAssembly(folder: folder, atlas: atlas, settings: settings)
        if (try? AtlasFolder.read(folder.atlas))?.checksum != atlas.checksum { try AtlasFolder.write(atlas, to: folder.atlas) }

        let rows = manifest.rows
        let outer = Parallel(threads: min(parallel.threads, rows.count))
        let inner = Parallel(threads: max(1, parallel.threads / outer.threads))
        let done = Mutex(0)
        let outcomes = try outer.map(rows.count) { index -> Outcome? in
            if isCancelled() { return nil }
            let outcome = try outcome(of: rows[index], store: store, parallel: inner)
            done.withLock { count in
                count += 1
                let detail = "\(rows[index].subject): \(outcome.quality.verdict.rawValue)"
                progress(StageProgress(stage: "prepare", done: count, total: rows.count, detail: detail))
            }
            return outcome
        }
        let found = zip(rows, outcomes).compactMap { row, outcome in outcome.map { (row, $0) } }
        let report = Report(
            qualities: found.map { ($0.subject, $1.quality, $1.seconds) }, reused: found.count { $1.isReused },
            interrupted: outcomes.contains { $0 == nil })
        try writeQuality(report)
        if report.interrupted { return report }

        let records = found.compactMap { $1.record }
        if records.isEmpty {
            throw Failure(
                "not one of the \(rows.count) subjects could be prepared; the first, \(rows[0].subject): \(report.qualities[0].quality.reasons.joined(separator: "; "))"
            )
        }
        let description = PreparedDescription(atlas: atlas.checksum, settings: settings, subjects: records)
        try store.assemble(description, parallel: parallel) { done, total in
            progress(StageProgress(stage: "patches", done: done, total: total))
        }
        return report
    }

    /// What became of one subject: a record, or a refusal with reasons.
    private struct Outcome {
        var record: SubjectRecord?
        var quality: SubjectQuality
        var seconds: Double
        var isReused = false
    }

    private func outcome(of row: CohortManifest.Row, store: PatchAssembly, parallel: Parallel) throws -> Outcome {
        let known = FinishedSubject.read(row.subject, in: folder)
        do {
            if let known, try known.isCurrent(atlas: atlas, settings: settings, row: row), store.hasPatches(of: known.record) {
                var record = known.record
                record.labels = row.labels
                record.image = folder.written(row.image)
                return Outcome(record: record, quality: record.quality, seconds: known.seconds, isReused: true)
            }
        } catch let failure as Failure {
            return Outcome(quality: SubjectQuality(verdict: .refused, reasons: [failure.description]), seconds: 0)
        }
        let clock = ContinuousClock()
        let start = clock.now
        func seconds() -> Double { (clock.now - start) / .seconds(1) }
        let prepared: (image: PreparedImage, quality: SubjectQuality)
        let stamps: (image: FileStamp, lungs: FileStamp?)
        do {
            stamps = (try FileStamp(row.image), try row.lungs.map { try FileStamp($0) })
            let ct = try NiftiFile.readCT(row.image)
            let given = try row.lungs.map { try NiftiFile.readLabels($0) }
            prepared = try Failure.naming(([row.image] + (row.lungs.map { [$0] } ?? [])).map(\.path).joined(separator: " with ")) {
                try PreparedImage.prepare(ct: ct, lungs: given, atlas: atlas, settings: settings, parallel: parallel)
            }
        } catch let failure as Failure {
            return Outcome(quality: SubjectQuality(verdict: .refused, reasons: [failure.description]), seconds: seconds())
        }
        // From here on only the output folder can fail, and that is no fault of the subject's.
        try NiftiFile.write(prepared.image.lungs, to: folder.lungs(row.subject))
        try ItkTransformFile.write(prepared.image.atlasToSubject, to: folder.transform(row.subject))
        try writePatches(prepared.image, to: FinishedSubject.patches(row.subject, in: folder))
        let record = SubjectRecord(
            id: row.subject, image: folder.written(row.image), imageChecksum: stamps.image.checksum,
            givenLungs: row.lungs.map(folder.written),
            givenLungsChecksum: stamps.lungs?.checksum, atlasToSubject: prepared.image.atlasToSubject.rowMajor, quality: prepared.quality,
            labels: row.labels)
        let finished = FinishedSubject(
            atlas: atlas.checksum, settings: settings, image: stamps.image, givenLungs: stamps.lungs, record: record, seconds: seconds())
        try finished.write(in: folder)
        return Outcome(record: record, quality: prepared.quality, seconds: finished.seconds)
    }

    private func writePatches(_ image: PreparedImage, to file: URL) throws {
        let corners = image.corners(atlas)
        var voxels = [Int16](repeating: 0, count: corners.count * PatchStore.patchVoxels)
        voxels.withUnsafeMutableBufferPointer { all in
            for (index, corner) in corners.enumerated() {
                let patch = all[index * PatchStore.patchVoxels..<(index + 1) * PatchStore.patchVoxels]
                PatchCutter.cut(image.image, corner: corner, into: UnsafeMutableBufferPointer(rebasing: patch))
            }
        }
        try AtomicFile.write(voxels.withUnsafeBytes { Data($0) }, to: file)
    }

    private func writeQuality(_ report: Report) throws {
        let columns = [
            "subject", "verdict", "right_ml", "left_ml", "dice_before", "dice_after", "determinant", "patches_beyond", "seconds", "reasons",
        ]
        let rows = report.qualities.map { subject, quality, seconds in
            [
                subject, quality.verdict.rawValue, String(format: "%.0f", quality.rightMillilitres),
                String(format: "%.0f", quality.leftMillilitres),
                String(format: "%.4f", quality.diceBefore), String(format: "%.4f", quality.diceAfter),
                String(format: "%.4f", quality.determinant),
                "\(quality.patchesBeyond)", String(format: "%.2f", seconds), quality.reasons.joined(separator: "; "),
            ]
        }
        try AtomicFile.write(Data(CSVTable.text(columns: columns, rows: rows).utf8), to: folder.quality)
    }
}
