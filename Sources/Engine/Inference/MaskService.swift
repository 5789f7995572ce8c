import Cohorts
import Dispatch
import Foundation
import Foundations
import Learning
import Masks
import SessionFormat
import Synchronization

/// Does in the background what a viewer of masks asks for: predictions, boxes, fine-tuning. Never waits, reports as it goes.
///
/// One job at a time, and none while a run works on the session: with its next checkpoint every prediction would be stale.
package final class MaskService: MaskWork {
    /// Points are classified so far apart where a subject has no mask yet, mm.
    package static let defaultStride = 4

    private struct Job {
        var slice = MaskSlice(axis: 2, index: 0)
        var isStopped = false
        var isRunning = false
    }

    private let session: SessionFolder
    private let cohort: @Sendable () -> URL?
    private let parallel: Parallel
    private let queue = DispatchQueue(label: "masks", qos: .userInitiated)
    private let boxQueue = DispatchQueue(label: "boxes", qos: .userInitiated)
    private let job = Mutex(Job())
    /// Held while files are written; true when nothing may be written any more.
    private let gate = Mutex(false)
    private let trains = Mutex(false)

    /// - Parameter cohort: where the prepared cohort lies; nil while there is none.
    package init(_ session: SessionFolder, cohort: @escaping @Sendable () -> URL?, parallel: Parallel) {
        self.session = session
        self.cohort = cohort
        self.parallel = parallel
    }

    /// True while this process works on the session to fine-tune.
    package var holdsSession: Bool { trains.withLock { $0 } }

    /// Takes a request and returns at once.
    /// - Parameter report: is called on a queue of the service's.
    package func perform(_ request: MaskRequest, report: @escaping @Sendable (MaskReport) -> Void) {
        switch request {
        case .readBoxes: boxes(report) { try SessionBoxes.read($0) }
        case .change(let change):
            boxes(report) { [self] in try write { [session] in try SessionBoxes.apply(change, to: session) } ?? SessionBoxes.read($0) }
        case .look(let slice): job.withLock { $0.slice = slice }
        case .stop: job.withLock { $0.isStopped = true }
        case .predict(let subject, let slice):
            start(slice, report) { [self] in try predict(subject, report) }
        case .planFineTuning:
            boxQueue.async { [self] in report(Self.outcome { .planned(try usableBoxes().plan) }) }
        case .fineTune: start(nil, report) { [self] in try fineTune(report) }
        }
    }

    /// Lets nothing further be written, and returns when nothing is being written: the process may end.
    package func finish() {
        perform(.stop) { _ in }
        gate.withLock { $0 = true }
    }

    // MARK: jobs

    private var isStopped: Bool { job.withLock { $0.isStopped } }

    private static func outcome(_ work: () throws -> MaskReport) -> MaskReport {
        do { return try work() } catch { return .failed("\(error)") }
    }

    private func boxes(
        _ report: @escaping @Sendable (MaskReport) -> Void, _ work: @escaping @Sendable (SessionFolder) throws -> [LesionBox]
    ) {
        boxQueue.async { [session] in
            do { report(.boxes(try work(session))) } catch {
                report(.boxesFailed("\(error)"))
                // What was not written is not shown either.
                if let known = try? SessionBoxes.read(session) { report(.boxes(known)) }
            }
        }
    }

    private func start(
        _ slice: MaskSlice?, _ report: @escaping @Sendable (MaskReport) -> Void, _ work: @escaping @Sendable () throws -> MaskReport
    ) {
        let isFree = job.withLock { job in
            guard !job.isRunning else { return false }
            job = Job(slice: slice ?? job.slice, isRunning: true)
            return true
        }
        guard isFree else {
            report(.failed("a prediction or fine-tuning goes on in this session already; Esc stops it"))
            return
        }
        queue.async { [self] in
            Parallel.lowerThreadPriority()
            let result = Self.outcome(work)
            job.withLock { $0.isRunning = false }
            report(result)
        }
    }

    /// Runs `body`, unless writing has come to its end; nil then.
    private func write<Result>(_ body: () throws -> Result) throws -> Result? {
        try gate.withLock { isClosed in isClosed ? nil : try body() }
    }

    private func requireNoRun() throws {
        guard !FileLock.isHeld(session) else {
            throw Failure(
                "a run works on \(session.name), whose encoder changes with every checkpoint; predict and fine-tune when it is finished or stopped"
            )
        }
    }

    private func catalogue() throws -> CohortCatalogue {
        guard let folder = cohort() else { throw Failure("\(session.name) has no prepared cohort yet") }
        return try session.catalogue(at: folder)
    }

    // MARK: predicting

    private func predict(_ id: String, _ report: @escaping @Sendable (MaskReport) -> Void) throws -> MaskReport {
        try requireNoRun()
        let catalogue = try catalogue()
        let subject = try catalogue.subject(id)
        let classifiers = try classifiers()
        for classifier in classifiers { try classifier.requireFit() }
        let image = try catalogue.image(of: subject, parallel: parallel)
        let stride = strideOfMasks(id)
        let prediction = try ProgressivePrediction(
            image, atlas: catalogue.atlas, classifiers: classifiers, stride: stride, parallel: parallel)
        report(.predictionBegan(prediction.beginning(subject: id)))
        let masks = try prediction.run(
            wanted: { job.withLock { $0.slice } }, isCancelled: { isStopped }, isClassified: { report(.writing) },
            report: { report(.part($0)) })
        guard let masks, !isStopped else { return .stopped }
        let segmentation = SessionSegmentation(
            session, atlas: catalogue.atlas, classifiers: classifiers, stride: stride, parallel: parallel)
        let written: Void? = try write { try segmentation.write(masks, of: subject, image, journal: try Journal(session)) }
        return written == nil ? .stopped : .predicted(subject: id)
    }

    /// The session's classifiers that fit its encoder.
    private func classifiers() throws -> [Classifier] {
        let present = try EmphysemaSubtype.allCases.filter { try Classifier.checksum(session, $0) != nil }
        guard !present.isEmpty else {
            throw Failure("\(session.name) has no classifier yet; place boxes with C, S and G, then F fine-tunes with them")
        }
        let model = try InferenceModel.open(session, parallel: parallel)
        let found = present.map { subtype in Result { try Classifier.read(session, subtype, model: model) } }
        let fitting = found.compactMap { try? $0.get() }
        return fitting.isEmpty ? [try found[0].get()] : fitting
    }

    /// As fine as the masks that the subject has.
    private func strideOfMasks(_ id: String) -> Int {
        let strides = EmphysemaSubtype.allCases.compactMap { subtype in
            try? MaskProvenance.read(beside: session.mask(subject: id, subtype: subtype.rawValue)).stride
        }
        return strides.filter { [1, 2, 4, 8, 16].contains($0) }.min() ?? Self.defaultStride
    }

    // MARK: fine-tuning

    /// The boxes of the cohort's subjects, placed on their CTs, and what would be done with them.
    private func usableBoxes() throws -> (boxes: [LesionBox], plan: FineTuningPlan) {
        try requireNoRun()
        let all = try SessionBoxes.read(session)
        let subjects = Dictionary(uniqueKeysWithValues: try catalogue().subjects.map { ($0.id, $0) })
        let usable = all.filter { box in subjects[box.subject].map { box.fits(image: $0.imageChecksum) } ?? false }
        var present: [EmphysemaSubtype: [String: String]] = [:]
        for subtype in EmphysemaSubtype.allCases { present[subtype] = try Classifier.metadata(session, subtype) }
        return (usable, try FineTuningPlan(boxes: usable, unused: all.count - usable.count, present: present))
    }

    private func fineTune(_ report: @escaping @Sendable (MaskReport) -> Void) throws -> MaskReport {
        do {
            let (boxes, plan) = try usableBoxes()
            let lock = try FileLock(session)
            trains.withLock { $0 = true }
            defer {
                trains.withLock { $0 = false }
                withExtendedLifetime(lock) {}
            }
            guard let folder = cohort() else { throw Failure("\(session.name) has no prepared cohort yet") }
            let prepared = try session.cohort(at: folder)
            var options = FineTuning.Options()
            options.otherSubtypeIsNegative = true
            let classifiers = try FineTuning(
                model: try InferenceModel.open(session, parallel: parallel), cohort: prepared, subjects: prepared.subjects.map(\.id),
                parallel: parallel
            ).fit(plan.subtypes, boxes: boxes, options: options) {
                report(.fineTuning(StageProgress(stage: "fine-tune", done: $0, total: $1)))
            }
            guard !isStopped else { return .stopped }
            let trained = ClassifiersTrained(classifiers)
            let written: Void? = try write {
                for classifier in classifiers { try classifier.write(session) }
                try Journal(session).append(.classifiers(trained))
            }
            return written == nil ? .stopped : .fineTuned("fine-tuned \(trained.summary)")
        } catch {
            let refused = ClassifiersTrained(subtypes: [], summary: "", refusal: "\(error)")
            // A journal that cannot be written to does not hide why fine-tuning failed.
            _ = try? write { try Journal(session).append(.classifiers(refused)) }
            throw error
        }
    }
}
