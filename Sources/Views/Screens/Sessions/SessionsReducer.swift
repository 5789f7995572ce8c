import TerminalKit

/// The list of sessions.
extension WorkbenchState {
    mutating func listSessions() -> [Effect] {
        sessions.lastListed = now
        return [.listSessions]
    }

    /// Shows the list; the chosen session stays chosen wherever it is now, also under another name.
    mutating func show(_ entries: [SessionSummary], demoOffered: Bool) {
        let before = sessions.entries.indices.contains(sessions.chosen) ? sessions.entries[sessions.chosen].name : nil
        var wanted = sessions.wanted ?? before
        sessions.wanted = nil
        // Where the name was refused, the list has the old one still, and whatever has the new one is another session.
        if let renaming = sessions.renaming, !entries.contains(where: { $0.name == renaming.from }) {
            sessions.renaming = nil
            if wanted == renaming.from { wanted = renaming.to }
            sessions.marked = sessions.marked.map { $0 == renaming.from ? renaming.to : $0 }
        }
        sessions.entries = entries
        sessions.isListed = true
        sessions.demoOffered = demoOffered
        sessions.chosen = entries.firstIndex { $0.name == wanted } ?? max(0, min(sessions.chosen, entries.count - 1))
    }

    mutating func runSessions(_ command: CommandID) -> [Effect] {
        let last = max(0, sessions.entries.count - 1)
        switch command {
        case .selectNext: sessions.chosen = min(last, sessions.chosen + 1)
        case .selectPrevious: sessions.chosen = max(0, sessions.chosen - 1)
        case .selectFirst: sessions.chosen = 0
        case .selectLast: sessions.chosen = last
        case .openSession:
            guard sessions.entries.indices.contains(sessions.chosen) else {
                message = Message(text: "there is no session yet; d starts the demo", isFault: false)
                return []
            }
            return [.openSession(sessions.entries[sessions.chosen].name)]
        case .newRun: return [.readRun(nil)]
        case .forkRun, .continueRun, .deleteSession, .renameSession, .noteSession, .markSession: return runChosen(command)
        case .compareSessions:
            let present = sessions.marked.filter { name in sessions.entries.contains { $0.name == name } }
            guard !present.isEmpty else {
                message = Message(text: "mark two sessions or more with Space first", isFault: false)
                return []
            }
            message = Message(text: "reading \(present.count) journals …", isFault: false)
            return [.compareSessions(present)]
        case .startDemo:
            guard sessions.demoOffered else {
                message = Message(text: "the demo cannot be started from here; run `workbench demo`", isFault: true)
                return []
            }
            return [.startDemo]
        default: break
        }
        return []
    }

    /// What is done to the chosen session.
    private mutating func runChosen(_ command: CommandID) -> [Effect] {
        guard sessions.entries.indices.contains(sessions.chosen) else {
            message = Message(text: "there is no session yet; n starts a run, d the demo", isFault: false)
            return []
        }
        let entry = sessions.entries[sessions.chosen]
        switch command {
        case .forkRun: return [.readRun(entry.name)]
        case .continueRun: return [.continueRun(entry.name)]
        case .deleteSession: overlay = .confirmDelete(entry.name)
        case .renameSession: overlay = .entry(TextEntry(purpose: .rename, name: entry.name, text: entry.name))
        case .noteSession: overlay = .entry(TextEntry(purpose: .note, name: entry.name, text: entry.remark ?? ""))
        default:
            if let at = sessions.marked.firstIndex(of: entry.name) {
                sessions.marked.remove(at: at)
            } else {
                sessions.marked.append(entry.name)
            }
            sessions.chosen = min(sessions.entries.count - 1, sessions.chosen + 1)
        }
        return []
    }

    mutating func handleSessions(_ mouse: Mouse, _ content: Rect) -> [Effect] {
        switch mouse.action {
        case .wheelUp: return runSessions(.selectPrevious)
        case .wheelDown: return runSessions(.selectNext)
        case .press:
            guard let index = SessionsScreen.entry(row: mouse.row, content, sessions) else { return [] }
            if index == sessions.chosen { return runSessions(.openSession) }
            sessions.chosen = index
            return []
        default: return []
        }
    }

    // MARK: comparison

    /// Shows curves over each other, unless a session was opened while they were read.
    mutating func show(_ comparison: RunComparison) {
        guard session == nil else { return }
        sessions.comparison = comparison
        sessions.curves = CurveView()
        message = nil
    }

    mutating func runComparison(_ command: CommandID) {
        guard let comparison = sessions.comparison else { return }
        if command == .closeComparison {
            if sessions.curves.cursor == nil { sessions.comparison = nil }
            sessions.curves.cursor = nil
        } else if sessions.curves.run(command, in: comparison.steps), command == .smoother || command == .rougher {
            message = Message(text: sessions.curves.smoothingSentence, isFault: false)
        }
    }

    mutating func handleComparison(_ mouse: Mouse) -> [Effect] {
        switch mouse.action {
        case .wheelUp: runComparison(.zoomIn)
        case .wheelDown: runComparison(.zoomOut)
        default: break
        }
        return []
    }
}
