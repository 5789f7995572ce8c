import Foundation
import Foundations
import Imaging

/// Takes one subject from its scan to its patches, or says why not.
struct SubjectPreparation {
    let atlas: Atlas
    let folder: PreparedFolder
    let settings: PreparationSettings
    let store: PatchAssembly
    let review: CohortReview
    let parallel: Parallel

    /// What became of a subject: where it was not refused, a record for `prepared.json`.
    struct Result {
        var outcome: SubjectOutcome
        var record: SubjectRecord?
    }

    /// - Throws: `Failure` where the output folder cannot be written; whatever is wrong with the subject is told by the outcome.
    func run(_ row: CohortManifest.Row) throws -> Result {
        let known = FinishedSubject.read(row.subject, in: folder)
        let acceptsRefused = review.acceptsRefused(row.subject)
        let isSameInput: Bool
        let corrections: Corrections
        do {
            corrections = try self.corrections(row)
            isSameInput =
                try known?.hasSameInputs(row, corrected: corrections.list?.mask, acceptsRefused: acceptsRefused) ?? false
        } catch let failure as Failure {
            var result = refused(row, failure)
            result.outcome.quality.acceptanceFault = failure.description
            return result
        }
        if let known, isSameInput, known.isCurrent(atlas: atlas, settings: settings, in: folder), store.hasPatches(of: known) {
            var record = known.record
            record.labels = row.labels
            if !FileStamp.isFolder(row.image) { record.image = folder.written(row.image) }
            let outcome = SubjectOutcome(
                subject: row.subject, quality: record.quality, acquisition: record.acquisition, cautions: record.cautions,
                times: known.times, isReused: true)
            return Result(outcome: outcome, record: record)
        }
        return try compute(row, corrections, known: isSameInput && known?.hasLungs(in: folder) == true ? known : nil)
    }

    /// A reader's corrections of a subject's lungs.
    private struct Corrections {
        /// Those that count; nil where there are none.
        var list: CorrectedLungs?
        /// Why others do not.
        var reason: String?
    }

    /// - Throws: `Failure` where their list is damaged, or the scan cannot be read.
    private func corrections(_ row: CohortManifest.Row) throws -> Corrections {
        guard let list = try CorrectedLungs.read(row.subject, in: folder), !list.steps.isEmpty else { return Corrections() }
        guard try FileStamp(row.image, known: list.image).checksum == list.image.checksum else {
            return Corrections(reason: CorrectedLungs.otherScan)
        }
        return Corrections(list: list)
    }

    /// The lungs as the reader corrected them; else as an earlier run found them in the same inputs; else as they are found now.
    private func findLungs(
        _ row: CohortManifest.Row, _ corrections: Corrections, known: FinishedSubject?, in ct: Volume<Int16>, clock: StageClock
    ) throws -> SegmentedLungs {
        if let list = corrections.list {
            return PreparedImage.judged(try list.read(row.subject, matching: ct, in: folder), ct)
        }
        if let known, case let mask = try folder.readLungs(row.subject), mask.sharesGrid(with: ct) {
            return known.lungQuality.map { SegmentedLungs(mask: mask, quality: $0) } ?? PreparedImage.judged(mask, ct)
        }
        let given = try row.lungs.map { try LungMask.readLabels($0) }
        clock.end(\.reading)
        let files = ([row.image] + (row.lungs.map { [$0] } ?? [])).map(\.path).joined(separator: " with ")
        return try Failure.naming(files) { try PreparedImage.findLungs(in: ct, given: given, parallel: parallel) }
    }

    /// - Parameter known: what an earlier run made from the same inputs, whose mask is still there.
    private func compute(_ row: CohortManifest.Row, _ corrections: Corrections, known: FinishedSubject?) throws -> Result {
        let clock = StageClock()
        let stamps: (image: FileStamp, lungs: FileStamp?)
        var scan: CTImage?
        let prepared: (image: PreparedImage, quality: SubjectQuality)
        // Also of a refused subject: to see why.
        var lungs: SegmentedLungs?
        let acceptsRefused = review.acceptsRefused(row.subject)
        do {
            stamps = (try FileStamp(row.image), try row.lungs.map { try FileStamp($0) })
            let ct = try CTImage.read(row.image, parallel: parallel)
            scan = ct
            let found = try findLungs(row, corrections, known: known, in: ct.volume, clock: clock)
            lungs = found
            clock.end(\.lungs)
            guard found.quality.verdict != .refused || acceptsRefused else { throw Failure(found.quality.reasons.joined(separator: "; ")) }
            prepared = try PreparedImage.prepare(
                ct: ct.volume, lungs: found, atlas: atlas, settings: settings, acceptsRefused: acceptsRefused, clock: clock,
                parallel: parallel)
        } catch let failure as Failure {
            if let lungs { try write(lungs.mask, of: row) }
            var outcome = refused(row, failure, lungs?.quality, clock.times)
            outcome.outcome.quality.correctedLungs = corrections.list?.mask
            outcome.outcome.quality.acceptanceFault = acceptsRefused ? failure.description : acceptanceFault(lungs, failure)
            if acceptsRefused {
                outcome.outcome.quality.isAccepted = true
                outcome.outcome.quality.reasons = ["accepted by the reader, but it cannot be prepared: \(failure)"]
            } else if let fault = outcome.outcome.quality.acceptanceFault, fault != failure.description {
                outcome.outcome.quality.reasons.append("it cannot be accepted either: \(fault)")
            }
            outcome.outcome.quality.reasons += [corrections.reason].compactMap { $0 }
            if let scan {
                outcome.outcome.acquisition = scan.acquisition
                outcome.outcome.cautions = ScanCautions.of(scan.acquisition, voxelToWorld: scan.volume.voxelToWorld)
            }
            return outcome
        }
        guard let ct = scan, let lungs else { preconditionFailure("SubjectPreparation: prepared without a scan") }
        var quality = prepared.quality
        quality.correctedLungs = corrections.list?.mask
        if let reason = corrections.reason {
            quality.verdict = .warning
            quality.reasons.append(reason)
        }
        if !ct.headerNotes.isEmpty {
            quality.verdict = .warning
            quality.reasons += ct.headerNotes
        }
        // From here on only the output folder can fail, and that is no fault of the subject's.
        var image = (file: row.image, checksum: stamps.image.checksum)
        if FileStamp.isFolder(row.image) {
            image.file = folder.image(row.subject)
            try ct.write(to: image.file)
            image.checksum = try Checksum.sha256(of: image.file)
        }
        try write(lungs.mask, of: row)
        try ItkTransformFile.write(prepared.image.atlasToSubject, to: folder.transform(row.subject))
        try writePatches(prepared.image, to: FinishedSubject.patches(row.subject, in: folder))
        clock.end(\.writing)
        let record = SubjectRecord(
            id: row.subject, image: folder.written(image.file), imageChecksum: image.checksum, givenLungs: row.lungs.map(folder.written),
            givenLungsChecksum: stamps.lungs?.checksum, atlasToSubject: prepared.image.atlasToSubject.rowMajor, quality: quality,
            acquisition: ct.acquisition, cautions: ScanCautions.of(ct.acquisition, voxelToWorld: ct.volume.voxelToWorld),
            labels: row.labels)
        let finished = FinishedSubject(
            atlas: atlas.checksum, settings: settings, image: stamps.image, givenLungs: stamps.lungs, record: record, times: clock.times,
            lungs: try FileStamp(folder.lungs(row.subject)),
            patches: try Checksum.sha256(of: FinishedSubject.patches(row.subject, in: folder)), lungQuality: lungs.quality)
        try finished.write(in: folder)
        // Corrections that were all taken back have nothing to tell once the lungs were found without them.
        if corrections.list == nil, corrections.reason == nil { try CorrectedLungs.remove(row.subject, in: folder) }
        let outcome = SubjectOutcome(
            subject: row.subject, quality: quality, acquisition: ct.acquisition, cautions: record.cautions, times: clock.times)
        return Result(outcome: outcome, record: record)
    }

    /// Why a refused subject could not be prepared even where the reader accepted it, so that this is known before; nil where it could.
    /// - Parameter failure: why it is refused.
    private func acceptanceFault(_ lungs: SegmentedLungs?, _ failure: Failure) -> String? {
        guard let mask = lungs?.mask.withoutDoubtful else { return failure.description }
        do {
            _ = try PreparedImage.register(mask, atlas: atlas, settings: settings, acceptsRefused: true, parallel: parallel)
            return nil
        } catch { return "\(error)" }
    }

    /// Writes the lungs, and apart from them what may not be lung: whoever reads the lungs then need not know of it.
    private func write(_ mask: Volume<UInt8>, of row: CohortManifest.Row) throws {
        try NiftiFile.write(mask.withoutDoubtful, to: folder.lungs(row.subject), like: row.image)
        let doubtful = folder.doubtful(row.subject)
        if mask.voxels.contains(LungCorrection.doubtful) {
            try NiftiFile.write(mask.mapVoxels { $0 == LungCorrection.doubtful ? $0 : 0 }, to: doubtful, like: row.image)
        } else if unlink(doubtful.path) != 0, errno != ENOENT {
            throw Failure.system("remove \(doubtful.path)")
        }
    }

    private func refused(
        _ row: CohortManifest.Row, _ failure: Failure, _ lungs: LungMaskQuality? = nil, _ times: StageTimes = StageTimes()
    ) -> Result {
        // Refused lungs have their reasons one by one.
        let reasons = lungs.flatMap { $0.verdict == .refused ? $0.reasons : nil } ?? [failure.description]
        let quality = SubjectQuality(
            verdict: .refused, reasons: reasons, rightMillilitres: lungs?.rightMillilitres ?? 0,
            leftMillilitres: lungs?.leftMillilitres ?? 0)
        return Result(outcome: SubjectOutcome(subject: row.subject, quality: quality, acquisition: nil, times: times), record: nil)
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
}
