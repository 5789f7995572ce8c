import Foundation

/// One line of `preparation.jsonl`: what a run of the preparation did. Whoever watches a running preparation folds these.
public struct PreparationEvent: Codable, Equatable, Sendable {
    public enum Kind: String, Codable, Sendable {
        /// A run begins: `request` and `subjects` say of what.
        case started
        /// A subject was begun.
        case began
        /// A subject is done, or was done before: `outcome`.
        case subject
        /// Patches are brought into landmark order: `done` of `total`.
        case patches
        /// All is written.
        case finished
        /// The user stopped the run; what is done stays.
        case interrupted
        /// The run failed: `message`.
        case fault
    }

    public var kind: Kind
    /// Seconds since 1970.
    public var time: Double
    public var request: PreparationRequest?
    /// In the manifest's order.
    public var subjects: [String]?
    public var subject: String?
    public var outcome: SubjectOutcome?
    public var done: Int?
    public var total: Int?
    public var message: String?

    public init(
        _ kind: Kind, request: PreparationRequest? = nil, subjects: [String]? = nil, subject: String? = nil, outcome: SubjectOutcome? = nil,
        done: Int? = nil, total: Int? = nil, message: String? = nil
    ) {
        self.kind = kind
        time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        self.request = request
        self.subjects = subjects
        self.subject = subject
        self.outcome = outcome
        self.done = done
        self.total = total
        self.message = message
    }
}

/// What a preparation was asked for, so that it can be run again.
public struct PreparationRequest: Codable, Equatable, Sendable {
    /// The table, or the folder of scans.
    public var cohort: String
    public var settings: PreparationSettings
    /// What the scans at work may take together, bytes.
    public var memoryBytes: Int
}

/// What became of one subject: one line of `quality.csv`.
public struct SubjectOutcome: Codable, Equatable, Sendable {
    public var subject: String
    public var quality: SubjectQuality
    /// Also of a refused one, as soon as its scan could be read.
    public var acquisition: CTAcquisition?
    /// Why percentages of low attenuation are to be taken with care; nil in files of earlier versions.
    public var cautions: [String]?
    /// Where the time went when it was computed.
    public var times: StageTimes
    /// True where it was done before and nothing that it depends on has changed.
    public var isReused: Bool

    public init(
        subject: String, quality: SubjectQuality, acquisition: CTAcquisition? = nil, cautions: [String]? = nil,
        times: StageTimes = StageTimes(), isReused: Bool = false
    ) {
        self.subject = subject
        self.quality = quality
        self.acquisition = acquisition
        self.cautions = cautions
        self.times = times
        self.isReused = isReused
    }

    public var seconds: Double { times.total }
}

/// Seconds that each stage of a subject's preparation took.
public struct StageTimes: Codable, Equatable, Sendable {
    /// Reading the scan (and the mask), and taking their checksums.
    public var reading = 0.0
    public var lungs = 0.0
    public var registration = 0.0
    /// Reorienting and resampling to 1 mm.
    public var resampling = 0.0
    /// Cutting patches and writing all files.
    public var writing = 0.0

    public init() {}

    public var total: Double { stages.map(\.seconds).reduce(0, +) }

    /// In order, with their names.
    public var stages: [(name: String, seconds: Double)] {
        [("reading", reading), ("lungs", lungs), ("registration", registration), ("resampling", resampling), ("writing", writing)]
    }

    static var all: [WritableKeyPath<StageTimes, Double>] { [\.reading, \.lungs, \.registration, \.resampling, \.writing] }

    public static func + (a: StageTimes, b: StageTimes) -> StageTimes {
        var sum = a
        for stage in all { sum[keyPath: stage] += b[keyPath: stage] }
        return sum
    }
}

/// Measures stages one after another.
public final class StageClock {
    public private(set) var times = StageTimes()
    private var last = ContinuousClock.now

    public init() {}

    /// The time since the last call belongs to this stage.
    public func end(_ stage: WritableKeyPath<StageTimes, Double>) {
        let now = ContinuousClock.now
        times[keyPath: stage] += (now - last) / .seconds(1)
        last = now
    }
}
