import Dispatch
import Foundation
import Foundations
import Imaging
import Synchronization

/// Looks into a prepared folder while it is made and afterwards: subjects, volumes, the user's review, and preparing again.
package final class CohortBrowser: Sendable {
    private struct State {
        var watch: PreparationWatch
        var request: PreparationRequest?
        var subjects: [String] = []
        var outcomes: [String: SubjectOutcome] = [:]
        var atWork: Set<String> = []
        var patches: (done: Int, total: Int)?
        var fault: String?
        /// Lists of lung corrections as they were read last, by subject.
        var corrections: [String: (times: FileTimes, list: CorrectedLungs?)] = [:]
        /// `prepared.json` as it was read last, and of which file; what is to be said of scans under several subjects.
        var description: (stamp: [Int], value: PreparedDescription, shared: [String: String])?
    }

    private let folder: PreparedFolder
    private let parallel: Parallel
    /// Scans to look at are read on the thread that asks: helpers leave the processors to everybody else, so that it would wait for them.
    private let reading = Parallel(threads: 1)
    private let state: Mutex<State>
    /// One change of a subject's lungs at a time.
    private let correcting = Mutex(())

    package init(_ prepared: URL, parallel: Parallel) {
        folder = PreparedFolder(prepared)
        self.parallel = parallel
        state = Mutex(State(watch: PreparationWatch(prepared)))
    }

    // MARK: Looking

    /// How things stand. Cheap: what was read before is not read again.
    package func snapshot() throws -> CohortSnapshot {
        let review = try CohortReview(of: folder.root)
        return try state.withLock { state in
            for event in try state.watch.read() { Self.fold(event, into: &state) }
            let description = try readDescription(&state)
            let isRunning = state.watch.isRunning
            let names = state.subjects.isEmpty ? description?.subjects.map(\.id) ?? [] : state.subjects
            let corrections = readCorrections(&state)
            let records = Dictionary(uniqueKeysWithValues: (description?.subjects ?? []).map { ($0.id, $0) })
            let subjects = names.map { name in
                CohortSubject(
                    id: name, isAtWork: isRunning && state.atWork.contains(name),
                    outcome: (state.outcomes[name] ?? records[name].map(Self.outcome))?.noting(state.description?.shared[name]),
                    review: review.entries[name],
                    corrections: corrections[name]?.steps.count ?? 0)
            }
            let isUsed = Set(records.keys)
            let needsRun = subjects.contains { subject in
                guard let quality = subject.outcome?.quality else { return false }
                let leftOut = quality.reasons.contains(CorrectedLungs.otherScan)
                if quality.correctedLungs != corrections[subject.id]?.mask, !leftOut { return true }
                if (quality.isAccepted == true) != review.acceptsRefused(subject.id),
                    quality.verdict == .refused || quality.isAccepted == true
                {
                    return true
                }
                guard description != nil, quality.verdict != .refused else { return false }
                return isUsed.contains(subject.id) == review.isExcluded(subject.id)
            }
            return CohortSnapshot(
                subjects: subjects, isRunning: isRunning, patches: isRunning ? state.patches : nil, fault: isRunning ? nil : state.fault,
                needsRun: needsRun && !isRunning)
        }
    }

    /// Thousands of subjects are not read again while the file is the same.
    private func readDescription(_ state: inout State) throws -> PreparedDescription? {
        var status = stat()
        guard stat(folder.description.path, &status) == 0 else { return nil }
        let stamp = [Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
        if let known = state.description, known.stamp == stamp { return known.value }
        state.description = try folder.readDescription().map { (stamp, $0, SharedScans.of($0.subjects)) }
        return state.description?.value
    }

    /// By subject; lists that are damaged are told where the subject is read.
    private func readCorrections(_ state: inout State) -> [String: CorrectedLungs] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.correctedFolder.path)) ?? []
        var found: [String: (times: FileTimes, list: CorrectedLungs?)] = [:]
        for name in names where name.hasSuffix(".json") && !name.hasPrefix(".") {
            let id = String(name.dropLast(5))
            let times = FileTimes([folder.corrections(id)])
            if let known = state.corrections[id], known.times == times {
                found[id] = known
            } else {
                found[id] = (times, try? CorrectedLungs.read(id, in: folder))
            }
        }
        state.corrections = found
        return found.compactMapValues(\.list)
    }

    private static func fold(_ event: PreparationEvent, into state: inout State) {
        switch event.kind {
        case .started:
            state.request = event.request
            state.subjects = event.subjects ?? []
            (state.outcomes, state.atWork, state.patches, state.fault) = ([:], [], nil, nil)
        case .began: event.subject.map { _ = state.atWork.insert($0) }
        case .subject:
            guard let outcome = event.outcome else { return }
            state.atWork.remove(outcome.subject)
            state.outcomes[outcome.subject] = outcome.limited()
        case .patches: state.patches = (event.done ?? 0, event.total ?? 0)
        case .fault: state.fault = event.message
        case .finished, .interrupted: break
        }
    }

    private static func outcome(_ record: SubjectRecord) -> SubjectOutcome {
        SubjectOutcome(
            subject: record.id, quality: record.quality, acquisition: record.acquisition, cautions: record.cautions, times: StageTimes(),
            isReused: true
        ).limited()
    }

    /// The times of what a subject is read from: while they are the same, `volumes` gives the same.
    package func times(_ id: String) -> FileTimes {
        let record = FinishedSubject.read(id, in: folder)?.record
        let image = record.map { folder.resolved($0.image) } ?? (try? scan(of: id))
        let own = [folder.description, folder.lungs(id), folder.doubtful(id), folder.corrections(id), FinishedSubject.file(id, in: folder)]
        return FileTimes(own + [folder.atlas] + [image].compactMap { $0 })
    }

    /// Reads a subject's scan, and what was made of it.
    /// - Parameter isWanted: asked between files; where it says no, the reading ends with `CancellationError`.
    /// - Throws: `Failure` where the scan cannot be read.
    package func volumes(_ id: String, isWanted: @Sendable () -> Bool = { true }) throws -> CohortVolumes {
        func check() throws { guard isWanted() else { throw CancellationError() } }
        try check()
        let finished = FinishedSubject.read(id, in: folder)
        let record = try finished?.record ?? folder.readDescription()?.subjects.first { $0.id == id }
        let image = try record.map { folder.resolved($0.image) } ?? scan(of: id)
        // Before the reading: what changes meanwhile is noticed.
        let times = FileTimes([input(of: id, record) ?? image])
        let ct = try CTImage.read(image, parallel: reading).volume
        try check()
        let lungs = try? folder.readLungs(id)
        try check()
        var found = CohortVolumes(ct: ct, lungs: lungs.flatMap { $0.sharesGrid(with: ct) ? $0 : nil })
        found.imageTimes = times
        correct(id, &found)
        if let record, let atlas = try? AtlasFolder.read(folder.atlas), finished.map({ $0.atlas == atlas.checksum }) ?? true {
            let map = Affine3(rowMajor: record.atlasToSubject)
            try overlay(atlas, through: map, onto: &found)
        }
        return found
    }

    /// What the user gave as a subject's scan; nil where that is not known.
    private func input(of id: String, _ record: SubjectRecord?) -> URL? { (try? scan(of: id)) ?? record.map { folder.resolved($0.image) } }

    /// Puts the reader's corrections into a subject's lungs, or says why they are not there.
    private func correct(_ id: String, _ volumes: inout CohortVolumes) {
        do {
            guard let list = try CorrectedLungs.read(id, in: folder) else { return }
            guard let image = input(of: id, FinishedSubject.read(id, in: folder)?.record),
                try FileStamp(image, known: list.image).checksum == list.image.checksum
            else { throw Failure("the lungs of \(id) were corrected on another scan than it has now: those corrections are left out") }
            volumes.lungs = try list.read(id, matching: volumes.ct, in: folder)
            volumes.corrections = list.steps.count
        } catch { volumes.correctionFault = "\(error)" }
    }

    /// Where the cohort that was asked for has a subject's scan.
    private func scan(of id: String) throws -> URL {
        let request = try state.withLock { state in
            for event in try state.watch.read() { Self.fold(event, into: &state) }
            return state.request
        }
        let rows = try request.map { try CohortManifest(contentsOf: URL(fileURLWithPath: $0.cohort)).rows } ?? []
        guard let row = rows.first(where: { $0.subject == id }) else { throw Failure("\(folder.root.path) has no subject \(id)") }
        return row.image
    }

    private func overlay(_ atlas: Atlas, through atlasToSubject: Affine3, onto volumes: inout CohortVolumes) throws {
        let ct = volumes.ct
        guard let subjectToAtlas = atlasToSubject.inverse, let worldToVoxel = ct.voxelToWorld.inverse else { return }
        volumes.atlasLungs = try Resampler.nearest(
            atlas.lungs, onto: ct.extent, voxelToWorld: ct.voxelToWorld, through: subjectToAtlas, fill: 0, parallel: reading)
        // A patch runs along the scan's own axes, in the atlas's order, from where the landmark's corner goes.
        let axes = Orientation(from: ct.voxelToWorld, to: atlas.lungs.voxelToWorld).apply(to: ct.voxelToWorld, extent: ct.extent)
        let half = (0..<3).map { axes[column: $0] / length(axes[column: $0]) * Double(Atlas.patchSide / 2) }.reduce(.zero, +)
        volumes.landmarks = atlas.landmarks.map {
            worldToVoxel(atlasToSubject(atlas.lungs.voxelToWorld($0.point)) + half)
        }
    }

    // MARK: Changing

    /// Records what the user thinks of a subject; nil takes it back. It takes effect at the next run.
    package func review(_ id: String, _ entry: CohortReview.Entry?) throws {
        try state.withLock { _ in
            var review = try CohortReview(of: folder.root)
            review.entries[id] = entry
            try review.write(to: folder.root)
        }
    }

    /// Changes the corrections of a subject's lungs; they take effect at the next run.
    /// - Parameter shown: the subject as the reader sees it.
    /// - Returns: the subject with its lungs as they are now.
    /// - Throws: `Failure` where its scan is not the one that is shown, or the correction cannot be made.
    package func correct(_ id: String, _ change: LungCorrectionChange, _ shown: CohortVolumes) throws -> CohortVolumes {
        try correcting.withLock { _ in
            guard let image = input(of: id, FinishedSubject.read(id, in: folder)?.record), let mask = shown.lungs else {
                throw Failure("\(id) has no lung mask to correct yet: prepare it first")
            }
            guard shown.imageTimes == nil || FileTimes([image]) == shown.imageTimes else {
                throw Failure("the scan of \(id) has changed since it was read: its lungs are not corrected; look at it again first")
            }
            var volumes = shown
            volumes.correctionFault = nil
            if change == .removeAll, shown.correctionFault != nil {
                // A list that is damaged, or of another scan: what is shown is without it.
                try CorrectedLungs.remove(id, in: folder)
                return volumes
            }
            let stamp = try FileStamp(image, known: (try? CorrectedLungs.read(id, in: folder))?.image)
            (volumes.lungs, volumes.corrections) = try CorrectedLungs.change(
                change, id, image: stamp, shown: mask, ct: shown.ct, in: folder)
            return volumes
        }
    }

    /// Prepares the cohort again in the background of this process, these subjects from the start; the rest stays as far as it is current.
    /// - Throws: `Failure` where a preparation is running already, or it is not known what was asked for.
    package func prepareAgain(_ ids: [String]) throws {
        let request = try state.withLock { state in
            for event in try state.watch.read() { Self.fold(event, into: &state) }
            guard !state.watch.isRunning else { throw Failure("the cohort is being prepared; wait until that is done") }
            return state.request
        }
        guard let request else {
            throw Failure("\(folder.root.path) does not say what it was prepared from; run `workbench prepare` with that cohort")
        }
        guard PreparationSettings.registrationRange.contains(request.settings.registrationMillimetres), request.memoryBytes > 0 else {
            throw Failure("\(folder.journal.path) is damaged; run `workbench prepare` with the cohort")
        }
        let preparation = Preparation(
            manifest: try CohortManifest(contentsOf: URL(fileURLWithPath: request.cohort)), atlas: try AtlasFolder.read(folder.atlas),
            folder: folder.root, settings: request.settings, memory: MemoryBudget(bytes: request.memoryBytes), parallel: parallel)
        for id in ids { unlink(FinishedSubject.file(id, in: folder).path) }
        DispatchQueue(label: "preparation", qos: .utility).async { [self] in
            Parallel.lowerThreadPriority()
            do { _ = try preparation.run() } catch { state.withLock { $0.fault = "\(error)" } }
        }
    }
}
