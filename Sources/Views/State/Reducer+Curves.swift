/// Looking at the curves, and what lies below them.
extension WorkbenchState {
    mutating func runCurves(_ command: CommandID) -> [Effect] {
        let whole = training.steps
        switch command {
        case .nextPage:
            view.curves.page = view.curves.page.next
            // A run without a probe has no such page.
            if view.curves.page == .probe, training.latestProbe == nil { view.curves.page = view.curves.page.next }
            message = Message(text: view.curves.page.title, isFault: false)
        case .nextAxis:
            view.curves.axis = view.curves.axis.next
            message = Message(text: "against \(view.curves.axis.rawValue)", isFault: false)
        case .toggleLogarithm: view.curves.logarithmic.toggle()
        case .zoomIn: view.curves.zoom(by: 0.5, about: nil, in: whole)
        case .zoomOut: view.curves.zoom(by: 2, about: nil, in: whole)
        case .panLeft: view.curves.pan(by: -0.25, in: whole)
        case .panRight: view.curves.pan(by: 0.25, in: whole)
        case .showAllSteps:
            view.curves.span = nil
            view.curves.end = nil
        case .followNewest: view.curves.end = nil
        case .curveCursorLeft: view.curves.moveCursor(by: -0.01, in: whole)
        case .curveCursorRight: view.curves.moveCursor(by: 0.01, in: whole)
        case .hideCurveCursor: view.curves.cursor = nil
        case .smoother: changeSmoothing(by: 1)
        case .rougher: changeSmoothing(by: -1)
        case .nextPanel: view.curves.panel = view.curves.panel.next
        case .panelUp: chooseLandmark(by: -1)
        case .panelDown: chooseLandmark(by: 1)
        default: break
        }
        return []
    }

    private mutating func changeSmoothing(by step: Int) {
        view.curves.changeSmoothing(by: step)
        let percent = view.curves.smoothingPercent
        message = Message(
            text: percent == 0 ? "no smoothing" : "the line is the mean over \(percent) % of what is shown; the band stays raw",
            isFault: false)
    }

    /// The next landmark in the table by loss.
    private mutating func chooseLandmark(by step: Int) {
        guard view.curves.panel == .landmarks else {
            message = Message(text: "press w for the table of landmarks", isFault: false)
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
            }
        }
        // Below a chart, on its axis: earlier or later steps.
        if mouse.action == .press, let later = layout.axisSide(column: mouse.column, row: mouse.row) {
            view.curves.pan(by: later ? 0.25 : -0.25, in: training.steps)
        }
        return []
    }
}
