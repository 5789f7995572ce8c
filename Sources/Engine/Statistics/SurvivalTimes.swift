import Foundations

/// Follow-up of subjects: a time each, and whether the event happened then or the subject was lost from sight (censored).
package struct SurvivalTimes: Equatable {
    package let times: [Double]
    package let events: [Bool]
    package var count: Int { times.count }

    /// - Throws: `Failure` where a time is negative or not finite.
    package init(times: [Double], events: [Bool]) throws {
        precondition(times.count == events.count, "SurvivalTimes: \(events.count) events, expected \(times.count)")
        if let bad = times.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw Failure("the survival time of subject \(bad + 1) is \(times[bad]); expected a number from 0")
        }
        self.times = times
        self.events = events
    }

    private init(unchecked times: [Double], _ events: [Bool]) {
        self.times = times
        self.events = events
    }

    package func rows(_ chosen: [Int]) -> SurvivalTimes {
        SurvivalTimes(unchecked: chosen.map { times[$0] }, chosen.map { events[$0] })
    }

    /// Calls `body` with each subject that had an event and the subjects known to have lived longer: those with a later time, and those
    /// censored at the same one.
    package func forEachComparable(_ body: (_ subject: Int, _ later: [Int]) throws -> Void) rethrows {
        for subject in times.indices where events[subject] {
            let time = times[subject]
            try body(subject, times.indices.filter { times[$0] > time || (times[$0] == time && !events[$0]) })
        }
    }
}
