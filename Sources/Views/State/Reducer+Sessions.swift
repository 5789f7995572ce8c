/// The list of sessions.
extension WorkbenchState {
    mutating func listSessions() -> [Effect] {
        sessions.lastListed = now
        return [.listSessions]
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

    mutating func handleSessions(_ mouse: Mouse, _ content: Rect) -> [Effect] {
        switch mouse.action {
        case .wheelUp: return runSessions(.selectPrevious)
        case .wheelDown: return runSessions(.selectNext)
        case .press:
            guard let index = SessionsScreen.entry(row: mouse.row, content, sessions) else { return [] }
            if index == sessions.chosen { return runSessions(.openSession) }
            sessions.chosen = index
            return []
        }
    }
}
