import TerminalKit

/// What frames every screen: the tabs above, hints or a message below.
package enum Chrome {
    /// The part between tabs and foot.
    package static func content(_ size: Size) -> Rect {
        Rect(column: 0, row: 1, columns: size.columns, rows: size.rows - 2)
    }

    private static let tabs = ScreenID.allCases.filter { $0 != .comparison }.map { ($0, $0.command) }

    /// The tabs' places; in a narrow window the current one alone has its name. Beside them the session has 16 columns, for its name and its sign.
    private static func tabSpans(_ state: WorkbenchState) -> [(screen: ScreenID, command: CommandID, text: String, column: Int)] {
        let width = state.size.columns
        var column = 0
        return tabs.map { screen, command in
            let key = CommandTable[command].keys[0].name
            let name = width >= 84 ? screen.title : width >= 69 || screen == current(state) ? screen.shortTitle : ""
            let text = name.isEmpty ? " \(key) " : " \(key) \(name) "
            defer { column += text.count }
            return (screen, command, text, column)
        }
    }

    /// The comparison lies over the list.
    private static func current(_ state: WorkbenchState) -> ScreenID { state.screen == .comparison ? .sessions : state.screen }

    /// The tab under the mouse.
    package static func tab(column: Int, row: Int, _ state: WorkbenchState) -> CommandID? {
        guard row == 0 else { return nil }
        return tabSpans(state).first { column >= $0.column && column < $0.column + $0.text.count }?.command
    }

    package static func draw(_ state: WorkbenchState, _ painter: inout Painter) {
        let width = state.size.columns
        var end = 0
        for tab in tabSpans(state) {
            let isCurrent = tab.screen == current(state)
            let isClosed = state.session == nil && tab.screen != .sessions
            end = painter.text(tab.text, row: 0, column: tab.column, isCurrent ? .selected : isClosed ? .faint : .plain)
        }
        if state.isLean { end = painter.text(" FEWER SHADES ", row: 0, column: end, .alarm) }
        drawSession(state, &painter, room: width - end - 2)
        drawFoot(state, &painter)
    }

    private static func drawSession(_ state: WorkbenchState, _ painter: inout Painter, room: Int) {
        guard let session = state.session, room >= 4 else { return }
        let (words, style) = condition(state)
        // The name comes first: where both have no room, the condition is told in fewer words, at last by its sign.
        let all = words.split(separator: " ")
        let shorter = (1...all.count).reversed().map { all.prefix($0).joined(separator: " ") }
        let word = shorter.first { $0.count + painter.columns(of: session.name) + 3 <= room } ?? shorter[shorter.count - 1]
        let end = state.size.columns - 1
        painter.textRight(word, row: 0, endColumn: end, width: room, style)
        painter.textRight(session.name, row: 0, endColumn: end - word.count - 2, width: max(0, room - word.count - 3), .strong)
    }

    /// How the session is, in a word, with a sign that does not need colour.
    package static func condition(_ state: WorkbenchState) -> (String, Style) {
        let training = state.training
        if training.fault != nil { return ("✗ fault", .bad) }
        if let finished = training.finished { return (finished.outcome == "done" ? "✓ finished" : "■ \(finished.outcome)", .good) }
        if training.started == nil, !state.cohort.snapshot.subjects.isEmpty {
            return state.cohort.snapshot.isRunning ? ("● preparing", .good) : ("■ prepared", .plain)
        }
        if training.started == nil, state.evaluation.isListed, state.session?.ownership == .nobody {
            return state.evaluation.snapshot.isRunning ? ("● evaluating", .good) : ("■ experiments", .plain)
        }
        switch state.session?.ownership ?? .nobody {
        case .nobody: return training.started == nil ? ("○ empty", .faint) : ("■ not running", .warning)
        case _ where training.isPaused: return ("‖ paused", .warning)
        case .thisProcess: return ("● running", .good)
        case .otherProcess: return ("● running elsewhere", .good)
        }
    }

    private static func drawFoot(_ state: WorkbenchState, _ painter: inout Painter) {
        let row = state.size.rows - 1
        let width = state.size.columns
        if let message = state.message {
            painter.text(message.isFault ? " ! " : " · ", row: row, column: 0, width: 3, message.isFault ? .bad : .title)
            painter.text(message.text, row: row, column: 3, width: width - 3, message.isFault ? .bad : .plain)
            return
        }
        if state.showsCounters {
            let cost = state.counters
            let text =
                " last frame \(cost.bytes) bytes, \(cost.cells) cells, render \(Text.fixed(cost.renderMilliseconds, 2)) ms, write "
                + "\(Text.fixed(cost.writeMilliseconds, 2)) ms; \(cost.frames) frames, \(cost.totalBytes / 1000) kB in all"
            painter.text(text, row: row, column: 0, width: width, .title)
            return
        }
        // Help is always shown, at the right; the screen's own hints fill what is left.
        let fixed = [CommandTable[.palette], CommandTable[.help], CommandTable[.quit]]
        let fixedWidth = fixed.reduce(0) { $0 + hintWidth($1) }
        var column = 0
        for command in CommandTable.commands(on: state.screen)
        where !command.hint.isEmpty && !fixed.contains(where: { $0.id == command.id }) && (state.isSteerable || !command.id.steersRun) {
            guard column + hintWidth(command) <= width - fixedWidth else { break }
            column = drawHint(command, &painter, row: row, column: column)
        }
        column = width - fixedWidth
        for command in fixed where column >= 0 { column = drawHint(command, &painter, row: row, column: column) }
    }

    private static func hintWidth(_ command: Command) -> Int { command.keys[0].name.count + command.hint.count + 4 }

    private static func drawHint(_ command: Command, _ painter: inout Painter, row: Int, column: Int) -> Int {
        let after = painter.text(" \(command.keys[0].name)", row: row, column: column, .key)
        return painter.text(" \(command.hint)", row: row, column: after, .faint) + 2
    }
}
