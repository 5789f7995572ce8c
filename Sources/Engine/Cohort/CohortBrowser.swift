import Dispatch
import Foundation
import Synchronization

/// One subject of a cohort that is being prepared, or was.
public struct CohortSubject: Equatable, Sendable {
    public var id: String
    /// True while it is being worked on.
    public var isAtWork = false
    /// Nil until it is done.
    public var outcome: SubjectOutcome?
    public var review: CohortReview.Entry?

    public init(id: String, isAtWork: Bool = false, outcome: SubjectOutcome? = nil, review: CohortReview.Entry? = nil) {
        self.id = id
        self.isAtWork = isAtWork
        self.outcome = outcome
        self.review = review
    }
}

/// How a cohort's preparation stands.
public struct CohortSnapshot: Equatable, Sendable {
    /// In the manifest's order.
    public var subjects: [CohortSubject]
    /// True while a process prepares it.
    public var isRunning: Bool
    /// Landmarks brought into order so far, of how many; nil before that stage.
    public var patches: (done: Int, total: Int)?
    /// Why the last run failed.
    public var fault: String?
    /// True where reviews changed since the patches were written: they take effect at the next run.
    public var needsRun: Bool

    public init(
        subjects: [CohortSubject], isRunning: Bool = false, patches: (done: Int, total: Int)? = nil, fault: String? = nil,
        needsRun: Bool = false
    ) {
        self.subjects = subjects
        self.isRunning = isRunning
        self.patches = patches
        self.fault = fault
        self.needsRun = needsRun
    }

    public static func == (a: CohortSnapshot, b: CohortSnapshot) -> Bool {
        a.subjects == b.subjects && a.isRunning == b.isRunning && a.fault == b.fault && a.needsRun == b.needsRun
            && a.patches?.done == b.patches?.done && a.patches?.total == b.patches?.total
    }
}

/// A subject's scan with what its quality is judged by, all on the CT's grid.
public struct CohortVolumes: Sendable {
    /// HU.
    public var ct: Volume<Int16>
    /// 1 right, 2 left; also of a refused subject, to see why.
    public var lungs: Volume<UInt8>?
    /// The atlas's lungs after registration; nil where there is none.
    public var atlasLungs: Volume<UInt8>?
    /// Centres of the patches, continuous voxels of the CT.
    public var landmarks: [Point3]

    public init(ct: Volume<Int16>, lungs: Volume<UInt8>? = nil, atlasLungs: Volume<UInt8>? = nil, landmarks: [Point3] = []) {
        self.ct = ct
        self.lungs = lungs
        self.atlasLungs = atlasLungs
        self.landmarks = landmarks
    }
}

/// Looks into a prepared folder while it is made and afterwards: subjects, volumes, the user's review, and preparing again.
public final class CohortBrowser: Sendable {
    private struct State {
        var watch: PreparationWatch
        var request: PreparationRequest?
        var subjects: [String] = []
        var outcomes: [String: SubjectOutcome] = [:]
        var atWork: Set<String> = []
        var patches: (done: Int, total: Int)?
        var fault: String?
        /// `prepared.json` as it was read last, and of which file.
        var description: (stamp: [Int], value: PreparedDescription)?
    }

    private let folder: PreparedFolder
    private let parallel: Parallel
    private let state: Mutex<State>

    public init(_ prepared: URL, parallel: Parallel) {
        folder = PreparedFolder(prepared)
        self.parallel = parallel
        state = Mutex(State(watch: PreparationWatch(prepared)))
    }

    // MARK: Looking

    /// How things stand. Cheap: what was read before is not read again.
    public func snapshot() throws -> CohortSnapshot {
        let review = try CohortReview(of: folder.root)
        return try state.withLock { state in
            for event in try state.watch.read() { Self.fold(event, into: &state) }
            let description = try readDescription(&state)
            let isRunning = state.watch.isRunning
            let names = state.subjects.isEmpty ? description?.subjects.map(\.id) ?? [] : state.subjects
            let records = Dictionary(uniqueKeysWithValues: (description?.subjects ?? []).map { ($0.id, $0) })
            let subjects = names.map { name in
                CohortSubject(
                    id: name, isAtWork: isRunning && state.atWork.contains(name),
                    outcome: state.outcomes[name] ?? records[name].map(Self.outcome), review: review.entries[name])
            }
            let isUsed = Set(records.keys)
            let needsRun =
                description != nil
                && subjects.contains { subject in
                    guard let outcome = subject.outcome, outcome.quality.verdict != .refused else { return false }
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
        state.description = try folder.readDescription().map { (stamp, $0) }
        return state.description?.value
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
            state.outcomes[outcome.subject] = outcome
        case .patches: state.patches = (event.done ?? 0, event.total ?? 0)
        case .fault: state.fault = event.message
        case .finished, .interrupted: break
        }
    }

    private static func outcome(_ record: SubjectRecord) -> SubjectOutcome {
        SubjectOutcome(subject: record.id, quality: record.quality, acquisition: record.acquisition, times: StageTimes(), isReused: true)
    }

    /// Reads a subject's scan, and what was made of it.
    /// - Throws: `Failure` where the scan cannot be read.
    public func volumes(_ id: String) throws -> CohortVolumes {
        let finished = FinishedSubject.read(id, in: folder)
        let record = try finished?.record ?? folder.readDescription()?.subjects.first { $0.id == id }
        let image = try record.map { folder.resolved($0.image) } ?? scan(of: id)
        let ct = try CTImage.read(image, parallel: parallel).volume
        let lungs = try? NiftiFile.readLabels(folder.lungs(id)).mapVoxels { UInt8(clamping: $0) }
        var found = CohortVolumes(ct: ct, lungs: lungs.flatMap { $0.sharesGrid(with: ct) ? $0 : nil })
        if let record, let atlas = try? AtlasFolder.read(folder.atlas), finished.map({ $0.atlas == atlas.checksum }) ?? true {
            let map = Affine3(rowMajor: record.atlasToSubject)
            try overlay(atlas, through: map, onto: &found)
        }
        return found
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
            atlas.lungs, onto: ct.extent, voxelToWorld: ct.voxelToWorld, through: subjectToAtlas, fill: 0, parallel: parallel)
        // A patch runs along the scan's own axes, in the atlas's order, from where the landmark's corner goes.
        let axes = Orientation(from: ct.voxelToWorld, to: atlas.lungs.voxelToWorld).apply(to: ct.voxelToWorld, extent: ct.extent)
        let half = (0..<3).map { axes[column: $0] / length(axes[column: $0]) * Double(Atlas.patchSide / 2) }.reduce(.zero, +)
        volumes.landmarks = atlas.landmarks.map {
            worldToVoxel(atlasToSubject(atlas.lungs.voxelToWorld($0.point)) + half)
        }
    }

    // MARK: Changing

    /// Records what the user thinks of a subject; nil takes it back. It takes effect at the next run.
    public func review(_ id: String, _ entry: CohortReview.Entry?) throws {
        try state.withLock { _ in
            var review = try CohortReview(of: folder.root)
            review.entries[id] = entry
            try review.write(to: folder.root)
        }
    }

    /// Prepares the cohort again in the background of this process, these subjects from the start; the rest stays as far as it is current.
    /// - Throws: `Failure` where a preparation is running already, or it is not known what was asked for.
    public func prepareAgain(_ ids: [String]) throws {
        let request = try state.withLock { state in
            for event in try state.watch.read() { Self.fold(event, into: &state) }
            guard !state.watch.isRunning else { throw Failure("the cohort is being prepared; wait until that is done") }
            return state.request
        }
        guard let request else {
            throw Failure("\(folder.root.path) does not say what it was prepared from; run `workbench prepare` with that cohort")
        }
        let preparation = Preparation(
            manifest: try CohortManifest(contentsOf: URL(fileURLWithPath: request.cohort)), atlas: try AtlasFolder.read(folder.atlas),
            folder: folder.root, settings: request.settings, memory: MemoryBudget(bytes: request.memoryBytes), parallel: parallel)
        for id in ids { unlink(FinishedSubject.file(id, in: folder).path) }
        DispatchQueue(label: "preparation", qos: .utility).async { [self] in
            Parallel.stepBack()
            do { _ = try preparation.run() } catch { state.withLock { $0.fault = "\(error)" } }
        }
    }
}
