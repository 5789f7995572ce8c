import StudyResults

/// The evaluation screen: the experiments, and what is looked at of the chosen one.
package struct EvaluationState: Equatable, Sendable {
    /// What is shown of an experiment.
    package enum Page: String, CaseIterable, Sendable {
        case results, comparisons, claims, method
    }

    package var snapshot = ExperimentSnapshot()
    package var isListed = false
    package var chosen = ExperimentName.table2
    package var page = Page.results
    /// The first line shown of a page that is longer than the screen.
    package var firstLine = 0
    /// The first column shown of a table that is wider than the screen.
    package var firstColumn = 0
    /// The chosen point of the box plots, counted through all of them.
    package var point: Int?
    var lastListed = -Double.infinity

    package var entry: ExperimentSnapshot.Entry {
        snapshot.entries.first { $0.name == chosen } ?? ExperimentSnapshot.Entry(name: chosen, state: .notRun)
    }

    package var points: [EvaluationPoint] { entry.result.map(EvaluationPoint.all) ?? [] }

    package var chosenPoint: EvaluationPoint? {
        let points = points
        return point.flatMap { points.indices.contains($0) ? points[$0] : nil }
    }
}

/// One subject in the box plots of a result.
package struct EvaluationPoint: Equatable, Sendable {
    /// The place of its group in the result.
    package let group: Int
    package let subject: String
    package let value: Double

    /// Group by group, each from its least value up.
    package static func all(_ result: ExperimentResult) -> [EvaluationPoint] {
        result.groups.enumerated().flatMap { index, group in
            zip(group.subjects, group.values).map { EvaluationPoint(group: index, subject: $0, value: $1) }
                .sorted { ($0.value, $0.subject) < ($1.value, $1.subject) }
        }
    }
}
