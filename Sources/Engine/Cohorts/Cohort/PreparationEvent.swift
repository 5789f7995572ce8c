import Foundation
import Imaging

/// One line of `preparation.jsonl`: what a run of the preparation did. Whoever watches a running preparation folds these.
package struct PreparationEvent: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
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

    package var kind: Kind
    /// Seconds since 1970.
    package var time: Double
    package var request: PreparationRequest?
    /// In the manifest's order.
    package var subjects: [String]?
    package var subject: String?
    package var outcome: SubjectOutcome?
    package var done: Int?
    package var total: Int?
    package var message: String?

    package init(
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
package struct PreparationRequest: Codable, Equatable, Sendable {
    /// The table, or the folder of scans.
    package var cohort: String
    package var settings: PreparationSettings
    /// What the scans at work may take together, bytes.
    package var memoryBytes: Int
}

/// What became of one subject: one line of `quality.csv`.
package struct SubjectOutcome: Codable, Equatable, Sendable {
    package var subject: String
    package var quality: SubjectQuality
    /// Also of a refused one, as soon as its scan could be read.
    package var acquisition: CTAcquisition?
    /// Why percentages of low attenuation are to be taken with care; nil in files of earlier versions.
    package var cautions: [String]?
    /// Where the time went when it was computed.
    package var times: StageTimes
    /// True where it was done before and nothing that it depends on has changed.
    package var isReused: Bool

    package init(
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

    package var seconds: Double { times.total }
}

/// Seconds that each stage of a subject's preparation took.
package struct StageTimes: Codable, Equatable, Sendable {
    /// Reading the scan (and the mask), and taking their checksums.
    package var reading = 0.0
    package var lungs = 0.0
    package var registration = 0.0
    /// Reorienting and resampling to 1 mm.
    package var resampling = 0.0
    /// Cutting patches and writing all files.
    package var writing = 0.0

    package init() {}

    package var total: Double { stages.map(\.seconds).reduce(0, +) }

    /// In order, with their names.
    package var stages: [(name: String, seconds: Double)] {
        [("reading", reading), ("lungs", lungs), ("registration", registration), ("resampling", resampling), ("writing", writing)]
    }

    static var all: [WritableKeyPath<StageTimes, Double>] { [\.reading, \.lungs, \.registration, \.resampling, \.writing] }

    package static func + (a: StageTimes, b: StageTimes) -> StageTimes {
        var sum = a
        for stage in all { sum[keyPath: stage] += b[keyPath: stage] }
        return sum
    }
}

/// Measures stages one after another.
package final class StageClock {
    package private(set) var times = StageTimes()
    private var last = ContinuousClock.now

    package init() {}

    /// The time since the last call belongs to this stage.
    package func end(_ stage: WritableKeyPath<StageTimes, Double>) {
        let now = ContinuousClock.now
        times[keyPath: stage] += (now - last) / .seconds(1)
        last = now
    }
}
