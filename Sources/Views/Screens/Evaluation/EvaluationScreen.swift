import StudyResults
import TerminalKit

/// Where the parts of the evaluation screen lie.
package struct EvaluationLayout {
    package var status: Rect
    /// Empty where the window is narrow: then the chosen experiment alone is shown.
    package var list: Rect
    package var page: Rect

    /// Columns that the list's longest line takes, with its sign.
    private static let widest = (ExperimentName.allCases.map { EvaluationText.title($0).count }.max() ?? 0) + 5

    package init(_ content: Rect) {
        var area = content
        status = area.takeTop(1)
        list = Rect(column: 0, row: 0, columns: 0, rows: 0)
        if area.columns >= 64, area.rows >= 8 {
            let column = area.takeLeft(area.columns >= 170 ? Self.widest : area.columns >= 130 ? 46 : area.columns >= 100 ? 30 : 17)
            list = Rect(column: column.column, row: column.row, columns: column.columns - 1, rows: column.rows)
        }
        page = area
    }

    /// The experiment under the mouse.
    package func experiment(column: Int, row: Int) -> ExperimentName? {
        let names = ExperimentName.allCases
        let index = row - list.row - 1
        return list.contains(column: column, row: row) && names.indices.contains(index) ? names[index] : nil
    }
}

/// The experiments with their state, and of the chosen one its table and plots, comparisons, claims, and how the numbers were made.
package enum EvaluationScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = EvaluationLayout(content)
        drawStatus(state, &painter, layout.status)
        drawList(state, &painter, layout.list)
        drawPage(state, &painter, layout.page)
    }

    // MARK: status and list

    private static func drawStatus(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let snapshot = state.evaluation.snapshot
        if let fault = snapshot.fault {
            painter.spans([(" ✗ ", .bad), (fault, .bad)], row: area.row, column: area.column, width: area.columns)
            return
        }
        let done = snapshot.entries.count { $0.state == .done }
        var spans: [(String, Style)] = [(" \(done) of \(snapshot.entries.count) done", .strong)]
        let failed = snapshot.entries.count { if case .failed = $0.state { true } else { false } }
        if failed > 0 { spans.append((", \(failed) failed", .bad)) }
        if snapshot.isRunning {
            spans.append(("  ● ", .good))
            if let left = snapshot.secondsLeft { spans.append(("about \(Text.duration(left)) left  ", .good)) }
            if let stage = snapshot.stage {
                spans.append(("\(stage.stage) \(stage.done)/\(stage.total)", .plain))
                if let detail = stage.detail { spans.append(("  \(detail)", .faint)) }
            }
        } else if let profile = snapshot.profile {
            spans.append(("  profile \(profile.rawValue)", .faint))
        }
        painter.spans(spans, row: area.row, column: area.column, width: area.columns)
    }

    private static func drawList(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 2 else { return }
        painter.heading("Experiments", area)
        for (offset, entry) in state.evaluation.snapshot.entries.prefix(area.rows - 1).enumerated() {
            let row = area.row + 1 + offset
            let isChosen = entry.name == state.evaluation.chosen
            if isChosen { painter.fill(Rect(column: area.column, row: row, columns: area.columns, rows: 1), Cell(" ", .selected)) }
            let (sign, style) = EvaluationText.sign(entry.state)
            painter.text(sign, row: row, column: area.column + 1, isChosen ? .selected : style)
            let text = area.columns >= 24 ? EvaluationText.title(entry.name) : entry.name.heading
            painter.text(text, row: row, column: area.column + 3, width: area.columns - 3, isChosen ? .selected : .plain)
        }
    }

    // MARK: the page

    /// What is left of a page below its heading.
    private static func body(_ page: Rect) -> Rect {
        var rest = page
        _ = rest.takeTop(1)
        return rest
    }

    /// Where the plots of the results lie.
    static func plot(_ page: Rect) -> Rect {
        var area = body(page)
        _ = area.takeBottom(area.rows >= 14 ? 4 : 2)
        return area
    }

    /// The last line that a page of text can begin with.
    static func lastLine(_ state: WorkbenchState) -> Int {
        let area = body(EvaluationLayout(Chrome.content(state.size)).page)
        let count =
            state.evaluation.page == .results
            ? 2 * (state.evaluation.entry.result.map { MeasurementTable($0).rows.count } ?? 0) + 3
            : EvaluationText.lines(state.evaluation.page, state.evaluation, width: area.columns - 2).count
        return max(0, count - (count > area.rows && state.evaluation.page != .results ? area.rows - 1 : area.rows))
    }

    private static func drawPage(_ state: WorkbenchState, _ painter: inout Painter, _ page: Rect) {
        let evaluation = state.evaluation
        let entry = evaluation.entry
        let name = page.columns >= 60 ? "\(entry.name.heading). \(entry.name.title)" : entry.name.heading
        let right = evaluation.page.rawValue + (page.columns >= 56 ? ", v: \(next(evaluation.page).rawValue)" : "")
        let room = page.columns - right.count - 10
        painter.heading(name.count > room ? String(name.prefix(max(0, room - 1))) + "…" : name, page, right: right)
        let area = body(page)
        guard let result = entry.result,
            !(evaluation.page == .results && result.measurements.isEmpty && result.groups.isEmpty && result.curves.isEmpty)
        else {
            if evaluation.page == .claims { return drawText(state, &painter, area) }
            return drawState(state, &painter, area)
        }
        guard evaluation.page == .results else { return drawText(state, &painter, area) }
        if !result.groups.isEmpty {
            drawBoxes(result, evaluation, &painter, area, page)
        } else if !result.curves.isEmpty {
            drawCurves(result, evaluation, &painter, area)
        } else {
            EvaluationTable(result).draw(&painter, area, firstLine: evaluation.firstLine, firstColumn: evaluation.firstColumn)
        }
    }

    private static func next(_ page: EvaluationState.Page) -> EvaluationState.Page {
        let all = EvaluationState.Page.allCases
        return all[((all.firstIndex(of: page) ?? 0) + 1) % all.count]
    }

    private static func drawText(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let lines = EvaluationText.lines(state.evaluation.page, state.evaluation, width: area.columns - 2)
        // A text that goes on leaves its last row to say so.
        let rows = lines.count > area.rows ? area.rows - 1 : area.rows
        let first = min(state.evaluation.firstLine, max(0, lines.count - rows))
        for (offset, line) in lines.dropFirst(first).prefix(rows).enumerated() {
            painter.spans(line, row: area.row + offset, column: area.column + 1, width: area.columns - 1)
        }
        guard first + rows < lines.count else { return }
        painter.textRight("PgDn: \(lines.count - first - rows) more ", row: area.endRow - 1, endColumn: area.endColumn, width: 20, .key)
    }

    /// Of an experiment without a result: why there is none.
    private static func drawState(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let entry = state.evaluation.entry
        let text: String
        var style = Style.faint
        switch entry.state {
        case .failed(let sentence):
            text = "It could not be run: \(sentence)"
            style = .bad
        case .running: text = "It is being computed."
        case .waiting: text = "It waits for its turn."
        case .interrupted: text = "It was interrupted: s goes on with it, S with all."
        case .notRun, .done:
            text = state.evaluation.isListed ? "It was not run yet: s runs it, S runs all." : "looking …"
        }
        for (offset, line) in Overlays.wrap(text, max(10, area.columns - 4)).enumerated() where offset + 1 < area.rows {
            painter.text(line, row: area.row + 1 + offset, column: area.column + 2, width: area.columns - 3, style)
        }
        guard entry.state == .running, let stage = state.evaluation.snapshot.stage, area.rows > 5, area.columns > 24 else { return }
        let row = area.row + 3
        painter.text(stage.stage, row: row, column: area.column + 2, width: area.columns - 3)
        painter.bar(
            Double(stage.done) / Double(max(1, stage.total)), row: row + 1, column: area.column + 2, width: min(60, area.columns - 4), .good
        )
    }

    private static let colours = [Colour(hex: 0x56B4E9), Colour(hex: 0xD55E00), Colour(hex: 0x00A878), Colour(hex: 0xCC79A7)]

    /// A chart a target, then the part of the boxes that is enough, then the table as far as there is room.
    private static func drawCurves(_ result: ExperimentResult, _ evaluation: EvaluationState, _ painter: inout Painter, _ rect: Rect) {
        var area = rect
        let sentences = result.savings.flatMap { Overlays.wrap($0.sentence, max(10, area.columns - 2)) }
        let targets = ExperimentReport.ordered(result.curves.map(\.target))
        var table = area.takeBottom(area.rows >= 34 && !result.measurements.isEmpty ? area.rows * 2 / 5 : 0)
        if table.rows > 0 { painter.heading("Table", table.takeTop(1)) }
        let text = area.takeBottom(area.rows >= 14 ? sentences.count + 1 : 0)
        for (offset, line) in sentences.enumerated() where offset + 1 < text.rows {
            painter.text(line, row: text.row + 1 + offset, column: text.column + 1, width: text.columns - 1, .strong)
        }
        let isBeside = area.columns >= 80
        for (index, target) in targets.enumerated() {
            var place =
                isBeside
                ? Rect(
                    column: area.column + index * area.columns / targets.count, row: area.row, columns: area.columns / targets.count,
                    rows: area.rows)
                : Rect(
                    column: area.column, row: area.row + index * area.rows / targets.count, columns: area.columns,
                    rows: area.rows / targets.count)
            let title = place.takeTop(1)
            painter.text(" \(target), F1 against % of the boxes", row: title.row, column: title.column, width: title.columns, .strong)
            let lines = result.curves.filter { $0.target == target }.enumerated().map { place, curve in
                FractionChart.Line(
                    name: curve.series, colour: colours[place % colours.count], x: curve.x, mean: curve.mean, lower: curve.lower,
                    upper: curve.upper)
            }
            FractionChart(lines).draw(&painter, place)
        }
        if table.rows > 4 {
            EvaluationTable(result).draw(&painter, table, firstLine: evaluation.firstLine, firstColumn: evaluation.firstColumn)
        }
    }

    private static func drawBoxes(
        _ result: ExperimentResult, _ evaluation: EvaluationState, _ painter: inout Painter, _ area: Rect, _ page: Rect
    ) {
        let plots = plot(page)
        BoxPlots(result, evaluation.point).draw(&painter, plots)
        var lines: [EvaluationText.Line] = []
        if let point = evaluation.chosenPoint, result.groups.indices.contains(point.group) {
            let group = result.groups[point.group]
            lines.append([
                (" ◆ \(point.subject)", .key), ("  \(Text.fixed(point.value, 1)) % \(group.series), \(group.name)", .plain),
                ("  Enter opens it", .faint),
            ])
        } else {
            lines.append([(" ] and [ choose a subject, Enter opens it", .faint)])
        }
        for m in result.measurements {
            lines.append([
                (" \(m.target)  \(m.metric) ", .plain), (EvaluationTable.mean(m), .strong),
                (" \(EvaluationTable.interval(m))  \(m.note), n \(m.count)", .plain),
            ])
        }
        for (offset, line) in lines.enumerated() where plots.endRow + offset < area.endRow {
            painter.spans(line, row: plots.endRow + offset, column: area.column, width: area.columns)
        }
    }
}
