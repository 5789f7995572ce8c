import Foundation
import TerminalKit

/// State → frame. Pure: the same state always gives the same cells.
package enum ScreenFrame {
    /// Below this size only a message is shown.
    package static let smallest = Size(columns: 40, rows: 12)

    package static func render(_ state: WorkbenchState) -> CellGrid {
        var painter = Painter(state.size, state.capabilities, isLean: state.isLean)
        guard state.size.columns >= smallest.columns, state.size.rows >= smallest.rows else {
            renderTooSmall(state, &painter)
            return painter.finish()
        }
        Chrome.draw(state, &painter)
        let content = Chrome.content(state.size)
        switch state.screen {
        case .sessions: SessionsScreen.draw(state, &painter, content)
        case .comparison:
            if let runs = state.sessions.comparison { ComparisonScreen.draw(runs, state.sessions.curves, &painter, content) }
        case .training: TrainingScreen.draw(state, &painter, content)
        case .atlas: AtlasScreen.draw(state, &painter, content)
        case .masks: MasksScreen.draw(state, &painter, content)
        case .cohort: CohortScreen.draw(state, &painter, content)
        case .evaluation: EvaluationScreen.draw(state, &painter, content)
        }
        Overlays.draw(state, &painter, content)
        return painter.finish()
    }

    /// Too small for a screen: what matters most, line by line.
    private static func renderTooSmall(_ state: WorkbenchState, _ painter: inout Painter) {
        var lines = ["window too small", "needs \(smallest.columns)x\(smallest.rows)"]
        if let started = state.training.started {
            lines.insert("step \(state.training.step)/\(started.totalSteps)", at: 0)
            if let loss = state.training.latest?.loss { lines.insert(String(format: "loss %.3f", loss), at: 1) }
        }
        lines.append("q quits")
        for (row, line) in lines.enumerated() { painter.text(line, row: row, column: 0, width: state.size.columns) }
    }
}
