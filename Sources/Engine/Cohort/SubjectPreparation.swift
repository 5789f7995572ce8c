import Foundation

/// Takes one subject from its scan to its patches, or says why not.
struct SubjectPreparation {
    let atlas: Atlas
    let folder: PreparedFolder
    let settings: PreparationSettings
    let store: PatchAssembly
    let parallel: Parallel

    /// What became of a subject: where it was not refused, a record for `prepared.json`.
    struct Result {
        var outcome: SubjectOutcome
        var record: SubjectRecord?
    }

    /// - Throws: `Failure` where the output folder cannot be written; whatever is wrong with the subject is told by the outcome.
    func run(_ row: CohortManifest.Row) throws -> Result {
        let known = FinishedSubject.read(row.subject, in: folder)
        let isSameInput: Bool
        do { isSameInput = try known?.hasSameInputs(row) ?? false } catch let failure as Failure { return refused(row, failure) }
        if let known, isSameInput, known.isCurrent(atlas: atlas, settings: settings, in: folder), store.hasPatches(of: known.record) {
            var record = known.record
            record.labels = row.labels
            if !CTImage.isFolder(row.image) { record.image = folder.written(row.image) }
            let outcome = SubjectOutcome(
                subject: row.subject, quality: record.quality, acquisition: record.acquisition, times: known.times, isReused: true)
            return Result(outcome: outcome, record: record)
        }
        return try compute(row, lungs: isSameInput && known?.hasLungs(in: folder) == true ? folder.lungs(row.subject) : nil)
    }

    /// - Parameter lungs: the mask that an earlier run made from the same inputs.
    private func compute(_ row: CohortManifest.Row, lungs ready: URL?) throws -> Result {
        let clock = StageClock()
        let stamps: (image: FileStamp, lungs: FileStamp?)
        let ct: CTImage
        let prepared: (image: PreparedImage, quality: SubjectQuality)
        // Also of a refused subject: to see why.
        var lungs: SegmentedLungs?
        do {
            stamps = (try FileStamp(row.image), try row.lungs.map { try FileStamp($0) })
            ct = try CTImage.read(row.image, parallel: parallel)
            let given = try (ready ?? row.lungs).map { try NiftiFile.readLabels($0) }
            clock.end(\.reading)
            let files = ([row.image] + (row.lungs.map { [$0] } ?? [])).map(\.path).joined(separator: " with ")
            let found = try Failure.naming(files) {
                try PreparedImage.findLungs(in: ct.volume, given: given, atlas: atlas, parallel: parallel)
            }
            lungs = found
            clock.end(\.lungs)
            guard found.quality.verdict != .refused else { throw Failure(found.quality.reasons.joined(separator: "; ")) }
            prepared = try PreparedImage.prepare(
                ct: ct.volume, lungs: found, atlas: atlas, settings: settings, clock: clock, parallel: parallel)
        } catch let failure as Failure {
            if let lungs { try NiftiFile.write(lungs.mask, to: folder.lungs(row.subject), like: row.image) }
            return refused(row, failure, lungs?.quality, clock.times)
        }
        var quality = prepared.quality
        if !ct.headerNotes.isEmpty {
            quality.verdict = .warning
            quality.reasons += ct.headerNotes
        }
        // From here on only the output folder can fail, and that is no fault of the subject's.
        var image = (file: row.image, checksum: stamps.image.checksum)
        if CTImage.isFolder(row.image) {
            image.file = folder.image(row.subject)
            try ct.write(to: image.file)
            image.checksum = try Checksum.sha256(of: image.file)
        }
        try NiftiFile.write(prepared.image.lungs, to: folder.lungs(row.subject), like: row.image)
        try ItkTransformFile.write(prepared.image.atlasToSubject, to: folder.transform(row.subject))
        try writePatches(prepared.image, to: FinishedSubject.patches(row.subject, in: folder))
        clock.end(\.writing)
        let record = SubjectRecord(
            id: row.subject, image: folder.written(image.file), imageChecksum: image.checksum, givenLungs: row.lungs.map(folder.written),
            givenLungsChecksum: stamps.lungs?.checksum, atlasToSubject: prepared.image.atlasToSubject.rowMajor, quality: quality,
            acquisition: ct.acquisition, labels: row.labels)
        let finished = FinishedSubject(
            atlas: atlas.checksum, settings: settings, image: stamps.image, givenLungs: stamps.lungs, record: record, times: clock.times,
            lungs: try FileStamp(folder.lungs(row.subject)))
        try finished.write(in: folder)
        let outcome = SubjectOutcome(subject: row.subject, quality: quality, acquisition: ct.acquisition, times: clock.times)
        return Result(outcome: outcome, record: record)
    }

    private func refused(
        _ row: CohortManifest.Row, _ failure: Failure, _ lungs: LungMaskQuality? = nil, _ times: StageTimes = StageTimes()
    ) -> Result {
        let quality = SubjectQuality(
            verdict: .refused, reasons: [failure.description], rightMillilitres: lungs?.rightMillilitres ?? 0,
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
