import StudyResults
import TerminalKit

/// The experiments: which one is looked at, running them, and going from a point of a plot to its subject.
extension WorkbenchState {
    /// How often the experiments are looked at while they are on the screen, seconds.
    private static let evaluationPeriod = 1.0

    /// What the screen wants to know now.
    mutating func lookAtEvaluation() -> [Effect] {
        guard session != nil, screen == .evaluation, now - evaluation.lastListed >= Self.evaluationPeriod else { return [] }
        evaluation.lastListed = now
        return [.listExperiments]
    }

    mutating func show(_ snapshot: ExperimentSnapshot) {
        // The first look goes to what is being computed, else to what is there.
        if !evaluation.isListed, let first = Self.worthSeeing(snapshot) { evaluation.chosen = first }
        let points = evaluation.points
        evaluation.snapshot = snapshot
        evaluation.isListed = true
        if evaluation.points != points { evaluation.point = nil }
    }

    private static func worthSeeing(_ snapshot: ExperimentSnapshot) -> ExperimentName? {
        let running = snapshot.entries.first { $0.state == .running }
        return (running ?? snapshot.entries.first { $0.result != nil })?.name
    }

    mutating func runEvaluation(_ command: CommandID) -> [Effect] {
        let names = ExperimentName.allCases
        let at = names.firstIndex(of: evaluation.chosen) ?? 0
        switch command {
        case .nextExperiment: choose(names[min(at + 1, names.count - 1)])
        case .previousExperiment: choose(names[max(at - 1, 0)])
        case .nextEvaluationPage: turnPage()
        case .evaluationDown: evaluation.firstLine = min(evaluation.firstLine + 5, EvaluationScreen.lastLine(self))
        case .evaluationUp: evaluation.firstLine = max(0, evaluation.firstLine - 5)
        case .evaluationRight, .evaluationLeft: moveAcross(command == .evaluationRight ? 1 : -1)
        case .nextPoint, .previousPoint: movePoint(command == .nextPoint ? 1 : -1)
        case .openPoint: return openPoint()
        case .runExperiment: return start([evaluation.chosen])
        case .runAllExperiments: return start(names)
        case .stopExperiments:
            guard evaluation.snapshot.isRunning else { return notice("no experiments are being run") }
            return [.stopExperiments]
        default: break
        }
        return []
    }

    private mutating func notice(_ text: String) -> [Effect] {
        message = Message(text: text, isFault: false)
        return []
    }

    private mutating func choose(_ name: ExperimentName) {
        guard name != evaluation.chosen else { return }
        evaluation.chosen = name
        (evaluation.firstLine, evaluation.firstColumn, evaluation.point) = (0, 0, nil)
    }

    private mutating func turnPage() {
        let pages = EvaluationState.Page.allCases
        evaluation.page = pages[((pages.firstIndex(of: evaluation.page) ?? 0) + 1) % pages.count]
        evaluation.firstLine = 0
    }

    private mutating func start(_ names: [ExperimentName]) -> [Effect] {
        guard !evaluation.snapshot.isRunning else { return notice("experiments are being run; x stops them") }
        let left = names.filter { name in evaluation.snapshot.entries.contains { $0.name == name && $0.state != .done } }
        guard !left.isEmpty else { return notice("that is done already") }
        message = Message(text: left.count == 1 ? "running \(left[0].rawValue)" : "running \(left.count) experiments", isFault: false)
        evaluation.lastListed = -.infinity
        return [.startExperiments(left)]
    }

    // MARK: points

    /// Another stage of the box plots, or other columns of a table.
    private mutating func moveAcross(_ step: Int) {
        let points = evaluation.points
        guard !points.isEmpty else {
            let columns = evaluation.entry.result.map { MeasurementTable($0).columns.count } ?? 0
            evaluation.firstColumn = max(0, min(evaluation.firstColumn + step, columns - 1))
            return
        }
        let group = evaluation.chosenPoint?.group ?? (step > 0 ? -1 : points[points.count - 1].group + 1)
        let next = step > 0 ? points.firstIndex { $0.group > group } : points.lastIndex { $0.group < group }
        if let next { evaluation.point = points.firstIndex { $0.group == points[next].group } }
    }

    private mutating func movePoint(_ step: Int) {
        let count = evaluation.points.count
        guard count > 0 else {
            message = Message(text: "no point of a plot is a subject here; those of figure 5 are", isFault: false)
            return
        }
        evaluation.page = .results
        evaluation.point = evaluation.point.map { max(0, min(count - 1, $0 + step)) } ?? (step > 0 ? 0 : count - 1)
    }

    /// Shows the chosen point's subject: with its masks where the session has it, else in the cohort.
    private mutating func openPoint() -> [Effect] {
        guard let subject = evaluation.chosenPoint?.subject else {
            return notice(
                evaluation.points.isEmpty ? "no point of a plot is a subject here; those of figure 5 are" : "choose a point with ] and [")
        }
        if masks.subjects.contains(where: { $0.id == subject }) {
            view.screen = .masks
            return (masks.loading ?? masks.loaded?.id) == subject ? [] : load(subject: subject)
        }
        if cohort.isListed, !cohort.snapshot.subjects.contains(where: { $0.id == subject }) {
            return notice("\(subject) is not a subject of this session's cohort")
        }
        view.screen = .cohort
        guard (cohort.loading ?? cohort.loaded?.id) != subject else { return [] }
        (view.cohortSubject, view.cohortCursor) = (subject, nil)
        (cohort.loaded, cohort.loading, cohort.complaint) = (nil, nil, nil)
        return []
    }

    mutating func handleEvaluation(_ mouse: Mouse, _ content: Rect) -> [Effect] {
        let layout = EvaluationLayout(content)
        switch mouse.action {
        case .wheelUp:
            return runEvaluation(layout.list.contains(column: mouse.column, row: mouse.row) ? .previousExperiment : .evaluationUp)
        case .wheelDown:
            return runEvaluation(layout.list.contains(column: mouse.column, row: mouse.row) ? .nextExperiment : .evaluationDown)
        case .press:
            if let name = layout.experiment(column: mouse.column, row: mouse.row) { choose(name) }
            guard evaluation.page == .results, let result = evaluation.entry.result, !result.groups.isEmpty else { return [] }
            let plot = EvaluationScreen.plot(layout.page)
            guard let point = BoxPlots(result, evaluation.point).point(column: mouse.column, row: mouse.row, plot) else { return [] }
            if point == evaluation.point { return openPoint() }
            evaluation.point = point
            return []
        default: return []
        }
    }
}
