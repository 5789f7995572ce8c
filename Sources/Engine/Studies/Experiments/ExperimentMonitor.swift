import Foundations

/// What a run of experiments tells while it works, and whether it is to stop.
struct ExperimentMonitor: Sendable {
    let effort = ExperimentEffort()
    var journal: ExperimentJournal?
    /// Told of every event, also of those that the journal leaves out.
    let report: @Sendable (ExperimentEvent) -> Void
    let isCancelled: @Sendable () -> Bool

    func tell(_ event: ExperimentEvent) {
        journal?.append(event)
        report(event)
    }

    func tell(_ stage: String, _ done: Int, of total: Int, detail: String? = nil) {
        tell(StageProgress(stage: stage, done: done, total: total, detail: detail))
    }

    func tell(_ stage: StageProgress) { tell(ExperimentEvent(.progress, stage: stage, secondsLeft: effort.secondsLeft)) }

    /// - Throws: `Cancelled` where the user asked to stop; what is done stays.
    func checkCancelled() throws { if isCancelled() { throw Cancelled() } }
}

/// The user interrupted an experiment; what is done is kept.
package struct Cancelled: Error {
    package init() {}
}
