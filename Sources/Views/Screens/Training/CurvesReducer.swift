import TerminalKit

/// Looking at the curves, and what lies below them.
extension WorkbenchState {
    mutating func runCurves(_ command: CommandID) -> [Effect] {
        if view.curves.run(command, in: training.steps) {
            if command == .smoother || command == .rougher { message = Message(text: view.curves.smoothingSentence, isFault: false) }
            return []
        }
        switch command {
        case .nextPage:
            view.curves.page = view.curves.page.next
            // A run without a probe has no such page.
            if view.curves.page == .probe, training.latestProbe == nil { view.curves.page = view.curves.page.next }
            message = Message(text: view.curves.page.title, isFault: false)
        case .nextAxis:
            view.curves.axis = view.curves.axis.next
            message = Message(text: "against \(view.curves.axis.rawValue)", isFault: false)
        case .nextPanel:
            view.curves.panel = view.curves.panel.next
            panelOffset = 0
        case .panelUp: movePanel(by: -1)
        case .panelDown: movePanel(by: 1)
        default: break
        }
        return []
    }

    /// The next landmark in the table by loss; else the lines of the panel a little on.
    private mutating func movePanel(by step: Int) {
        guard view.curves.panel == .landmarks else {
            let layout = TrainingLayout(Chrome.content(size), self)
            let towardsRest = TrainingPanels.restsAtEnd(self) ? -step : step
            panelOffset = max(0, min(TrainingPanels.furthest(self, layout.panel), panelOffset + towardsRest))
            return
        }
        let ranking = training.landmarksByLoss
        guard !ranking.isEmpty else { return }
        guard let at = view.landmark.flatMap({ ranking.firstIndex(of: $0) }) else {
            view.landmark = ranking[0]
            return
        }
        view.landmark = ranking[max(0, min(ranking.count - 1, at + step))]
    }

    // MARK: mouse

    mutating func handleTraining(_ mouse: Mouse, _ content: Rect) -> [Effect] {
        let layout = TrainingLayout(content, self)
        if let place = layout.place(column: mouse.column, row: mouse.row), !training.total.isEmpty {
            let scale = TrainingScreen.scale(self)
            let step = max(scale.steps.lowerBound, min(scale.steps.upperBound, scale.step(at: place)))
            switch mouse.action {
            case .press: view.curves.cursor = view.curves.cursor == step ? nil : step
            case .wheelUp: view.curves.zoom(by: 0.8, about: step, in: training.steps)
            case .wheelDown: view.curves.zoom(by: 1.25, about: step, in: training.steps)
            default: break
            }
            return []
        }
        if layout.panel.contains(column: mouse.column, row: mouse.row) {
            switch mouse.action {
            case .wheelUp: return runCurves(.panelUp)
            case .wheelDown: return runCurves(.panelDown)
            case .press:
                guard view.curves.panel == .landmarks, let line = layout.panelLine(column: mouse.column, row: mouse.row) else {
                    return runCurves(.nextPanel)
                }
                let ranking = training.landmarksByLoss
                let index = TrainingPanels.firstLandmark(self, rows: layout.tableRows) + line
                if ranking.indices.contains(index) { view.landmark = ranking[index] }
            default: break
            }
        }
        // Below a chart, on its axis: earlier or later steps.
        if mouse.action == .press, let later = layout.axisSide(column: mouse.column, row: mouse.row) {
            view.curves.pan(by: later ? 0.25 : -0.25, in: training.steps)
        }
        return []
    }
}
