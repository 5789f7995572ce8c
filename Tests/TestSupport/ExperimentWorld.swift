import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat

/// What experiments are made of.
package enum ExperimentWorld {
    /// A cohort of 12 with a session trained for one step.
    package static func make(_ scratch: borrowing ScratchFolder) throws -> (cohort: PreparedCohort, session: SessionFolder) {
        let cohort = try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 12, landmarks: 2) {
            ["fev1pp": 40 + 3 * Double($0), "gold": Double($0 % 3)]
        }.cohort
        let session = SessionFolder(scratch.url.appendingPathComponent("session"))
        var settings = TrainingSettings()
        settings.batch = 12
        settings.experts = 1
        settings.epochs = 1
        settings.neighbours = 0
        settings.batchKeys = .include
        settings.bankStart = .empty
        settings.bankScope = .all
        settings.conditioning = .concatenation
        try Trainer.create(session, cohort: cohort, settings: settings)
        _ = try Trainer(session, cohort: cohort, options: Trainer.Options(), journal: Journal(session)).run()
        return (cohort, session)
    }
}
