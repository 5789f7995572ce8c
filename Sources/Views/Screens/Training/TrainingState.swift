import Foundation
import Foundations
import SessionFormat
import TerminalKit

/// What the journal amounts to: the fold behind the training screen and the landmarks' colours.
package struct TrainingState: Equatable, Sendable {
    package var started: RunStarted?
    package var total = Series()
    package var local = Series()
    package var neighbour = Series()
    package var accuracy = Series()
    package var neighbourAccuracy = Series()
    package var learningRate = Series()
    /// Samples a second.
    package var speed = Series()
    package var gradientNorm = Series()
    /// Standard deviation of the embeddings' components.
    package var spread = Series()
    /// Seconds since the session began.
    package var times = Series()
    /// Memory of the process, 10⁶ bytes.
    package var memory = Series()
    /// What a probe read out of the encoder.
    package var probe = Series()
    package var latestProbe: ProbeReading?
    package var latest: StepMetrics?
    package var step = 0
    package var lastTime = 0.0
    /// The base learning rate: the first step's (the cosine starts at 1), or the last one set.
    package var baseLearningRate: Double?
    package var isPaused = false
    package var fault: RunFault?
    package var finished: RunFinished?
    package var lastCheckpointStep: Int?
    /// Stages in the order in which they began.
    package var stages: [StageProgress] = []
    package var logEntries: [LogEntry] = []
    package var marks: [Mark] = []
    /// Commands with what became of them.
    package var audit: [AuditLine] = []
    /// Commands that were sent and not journalled yet.
    package var pending: [SteeringCommand] = []
    package var landmarks: [Int: LandmarkRecord] = [:]
    /// (time, step) of recent steps, for the rate.
    private var recent: [Pace] = []

    /// Settings as they are steered now, as far as they are known.
    package private(set) var rates: [SteerableSetting: Double]
    /// What they were at each checkpoint.
    private var savedRates: [Int: [SteerableSetting: Double]] = [:]

    /// - Parameter rates: settings that the run began with.
    package init(rates: [SteerableSetting: Double] = [:]) { self.rates = rates }

    /// One line of the list of events.
    package struct LogEntry: Equatable, Sendable {
        package enum Kind: Sendable { case plain, command, good, fault }
        package var time: Double
        package var step: Int
        package var text: String
        package var kind: Kind
    }

    /// A command with what became of it.
    package struct AuditLine: Equatable, Sendable {
        package var time: Double
        package var step: Int
        package var command: String
        /// Nil: applied.
        package var refusal: String?
    }

    /// A command on the curves.
    package struct Mark: Equatable, Sendable {
        package var step: Int
        package var text: String
    }

    private struct Pace: Equatable, Sendable {
        var time: Double
        var step: Int
    }

    /// Steps a second over the last steps; nil before there are two.
    package var stepsPerSecond: Double? {
        guard let first = recent.first, let last = recent.last, last.time > first.time, last.step > first.step else { return nil }
        return Double(last.step - first.step) / (last.time - first.time)
    }

    /// Seconds until the last step at the present rate.
    package var secondsLeft: Double? {
        guard let rate = stepsPerSecond, let started, finished == nil, started.totalSteps > step else { return nil }
        return Double(started.totalSteps - step) / rate
    }

    /// A setting as it is steered now; nil where that is not known.
    package func steered(_ setting: SteerableSetting) -> Double? {
        setting == .learningRate ? baseLearningRate ?? rates[setting] : rates[setting]
    }

    /// Takes the settings that the run began with, where they were not known.
    mutating func begin(with rates: [SteerableSetting: Double]) { self.rates.merge(rates) { known, _ in known } }

    /// The neighbour loss has a part in the run.
    package var hasNeighbours: Bool { (neighbour.summary(0..<neighbour.count)?.maximum ?? 0) > 0 }

    /// The last loss at a landmark.
    package func loss(landmark: Int) -> Double? { landmarks[landmark]?.loss.last.map { Double($0.value) } }

    /// A quantity's present value at a landmark.
    package func value(_ quantity: LandmarkQuantity, landmark: Int) -> Double? { landmarks[landmark].flatMap(quantity.value) }

    /// The smallest and largest present value of a quantity over the landmarks.
    package func range(_ quantity: LandmarkQuantity) -> ClosedRange<Double>? {
        let values = landmarks.values.compactMap(quantity.value)
        guard let low = values.min(), let high = values.max() else { return nil }
        return low...high
    }

    /// The one who computes did not say goodbye yet.
    package var isOver: Bool { finished != nil || fault != nil }

    private static var curves: [WritableKeyPath<TrainingState, Series>] {
        [
            \.total, \.local, \.neighbour, \.accuracy, \.neighbourAccuracy, \.learningRate, \.speed, \.gradientNorm, \.spread, \.times,
            \.memory, \.probe,
        ]
    }
    private static let keptHappenings = 500
    private static let keptMarks = 200

    package mutating func fold(_ unlimited: JournalEntry) {
        let entry = unlimited.limited()
        step = entry.step
        lastTime = entry.t
        switch entry.event {
        case .started(let run): start(run, entry)
        case .step(let metrics): add(metrics, entry)
        case .epoch(let epoch):
            note(entry, "epoch \(epoch.epoch + 1) done, mean loss \(Self.number(epoch.meanLoss))")
        case .checkpoint(let checkpoint):
            lastCheckpointStep = entry.step
            savedRates[entry.step] = rates
            note(entry, "checkpoint \(checkpoint.file), \(Self.megabytes(checkpoint.bytes))", .good)
        case .command(let applied): apply(applied, entry)
        case .progress(let progress) where progress.stage == started?.task:
            // The batch was steered, and with it how many steps there are.
            started?.totalSteps = progress.total
        case .progress(let progress):
            if let index = stages.firstIndex(where: { $0.stage == progress.stage }) {
                stages[index] = progress
            } else {
                stages.append(progress)
            }
            if progress.total > 0, progress.done >= progress.total {
                note(entry, "\(progress.stage): \(progress.total) of \(progress.total) done")
            }
        case .mask(let mask): note(entry, "mask of \(mask.subject), \(mask.subtype)", .good)
        case .classifiers(let trained):
            note(
                entry, trained.refusal.map { "fine-tuning failed: \($0)" } ?? "fine-tuned \(trained.summary)",
                trained.refusal == nil ? .good : .fault)
        case .probe(let reading):
            latestProbe = reading
            if let value = reading.value { probe.append(step: entry.step, value) }
            note(entry, reading.sentence, reading.value == nil ? .fault : .plain)
        case .fault(let found):
            fault = found
            isPaused = false
            note(entry, found.message, .fault)
        case .finished(let run):
            finished = run
            isPaused = false
            pending = []
            note(entry, run.outcome == "done" ? "finished" : run.outcome, .good)
            for line in run.summary { note(entry, line) }
        }
    }

    private mutating func start(_ run: RunStarted, _ entry: JournalEntry) {
        started = run
        isPaused = false
        fault = nil
        finished = nil
        recent = []
        note(entry, "\(run.task) \(run.resumedFrom.map { "resumed at step \($0)" } ?? "started"), \(run.threads) threads, \(run.isa)")
        for line in run.notes { note(entry, line) }
        forget(after: run.resumedFrom ?? 0)
    }

    /// Steps that are computed again, or that a roll back has abandoned.
    private mutating func forget(after step: Int) {
        recent = []
        for curve in Self.curves { self[keyPath: curve].truncate(after: step) }
        for landmark in Array(landmarks.keys) {
            landmarks[landmark]?.truncate(after: step)
            if landmarks[landmark]?.loss.isEmpty == true { landmarks[landmark] = nil }
        }
        marks.removeAll { $0.step > step }
    }

    private mutating func add(_ metrics: StepMetrics, _ entry: JournalEntry) {
        latest = metrics
        total.append(step: entry.step, metrics.loss)
        local.append(step: entry.step, metrics.local)
        neighbour.append(step: entry.step, metrics.neighbour)
        accuracy.append(step: entry.step, metrics.acc1)
        neighbourAccuracy.append(step: entry.step, metrics.acc1_neighbour)
        learningRate.append(step: entry.step, metrics.lr)
        speed.append(step: entry.step, metrics.samples_per_s)
        gradientNorm.append(step: entry.step, metrics.gradient_norm)
        spread.append(step: entry.step, metrics.embedding_sd)
        times.append(step: entry.step, entry.t)
        if let memory = metrics.memory_mb { self.memory.append(step: entry.step, memory) }
        landmarks[metrics.landmark, default: LandmarkRecord()].add(metrics, step: entry.step)
        if baseLearningRate == nil { baseLearningRate = metrics.lr }
        recent.append(Pace(time: entry.t, step: entry.step))
        if recent.count > 64 { recent.removeFirst(recent.count - 64) }
    }

    private mutating func apply(_ applied: CommandApplied, _ entry: JournalEntry) {
        if let index = pending.firstIndex(of: applied.command) { pending.remove(at: index) }
        let refusal = applied.refusal.flatMap { $0.isEmpty ? nil : $0 }
        audit.append(AuditLine(time: entry.t, step: entry.step, command: "\(applied.command)", refusal: refusal))
        if audit.count > Self.keptHappenings { audit.removeFirst(audit.count - Self.keptHappenings) }
        if let refusal {
            note(entry, "\(applied.command) refused: \(refusal)", .fault)
            return
        }
        note(entry, "applied \(applied.command)", .command)
        switch applied.command {
        case .pause: isPaused = true
        case .resume, .stop: isPaused = false
        case .rollBack(let target):
            forget(after: target)
            step = target
            lastCheckpointStep = target
            fault = nil
            if let saved = savedRates[target] {
                rates = saved
                baseLearningRate = saved[.learningRate] ?? baseLearningRate
            }
            savedRates = savedRates.filter { $0.key <= target }
        case .singleStep, .checkpoint, .unreadable: break
        case .set(let setting, let value):
            rates[setting] = value
            if setting == .learningRate { baseLearningRate = value }
        }
        // Time stood still: the rate starts anew.
        if applied.command == .resume || applied.command == .pause { recent = [] }
        marks.append(Mark(step: step, text: "\(applied.command)"))
        if marks.count > Self.keptMarks { marks.removeFirst(marks.count - Self.keptMarks) }
    }

    private mutating func note(_ entry: JournalEntry, _ text: String, _ kind: LogEntry.Kind = .plain) {
        logEntries.append(LogEntry(time: entry.t, step: entry.step, text: text, kind: kind))
        if logEntries.count > Self.keptHappenings { logEntries.removeFirst(logEntries.count - Self.keptHappenings) }
    }

    /// From the first step to the newest.
    package var steps: ClosedRange<Int> {
        let first = total.steps.first ?? 0
        return first...max(first + 1, total.steps.last ?? 1)
    }

    fileprivate static func number(_ value: Double) -> String { String(format: "%.3f", value) }
    private static func megabytes(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1e6) }
}

extension ProbeReading {
    /// For the list of events.
    var sentence: String {
        let what = "probe of \(column) on \(subjects) subjects"
        guard let value else { return "\(what) failed: \(complaint ?? "no value")" }
        return "\(what): \(metric) \(TrainingState.number(value)), guessing \(TrainingState.number(baseline))"
    }
}
