import TerminalKit

/// The palette: commands of every screen, by name.
extension WorkbenchState {
    mutating func pressInPalette(_ key: Key, _ query: String, _ chosen: Int) -> [Effect] {
        let found = FuzzyMatch.commands(query, on: screen)
        switch key {
        case .escape: overlay = nil
        case .down, .tab: overlay = .palette(query: query, chosen: min(chosen + 1, max(0, found.count - 1)))
        case .up, .backTab: overlay = .palette(query: query, chosen: max(0, chosen - 1))
        case .enter where found.indices.contains(chosen):
            overlay = nil
            return visit(found[chosen].id)
        case .backspace: overlay = query.isEmpty ? nil : .palette(query: String(query.dropLast()), chosen: 0)
        case .character(let scalar) where query.count < 60: overlay = .palette(query: query + String(scalar), chosen: 0)
        default: break
        }
        return []
    }

    /// The command that a key means now, for the tape; nil where an overlay takes it as text.
    package func command(for key: Key) -> CommandID? {
        switch overlay {
        case nil: return CommandTable.command(for: key, on: screen)
        case .palette(let query, let chosen) where key == .enter:
            let found = FuzzyMatch.commands(query, on: screen)
            return found.indices.contains(chosen) ? found[chosen].id : nil
        default: return nil
        }
    }

    /// Runs a command; that of another screen there, unless only those should who have seen that screen: they are told its key.
    mutating func visit(_ id: CommandID) -> [Effect] {
        let command = CommandTable[id]
        guard !command.works(on: screen), let home = command.home else { return run(id) }
        let effects = run(home.command)
        guard screen == home else { return effects }
        guard id.needsItsScreen else { return effects + run(id) }
        message = Message(text: "here \(command.keys[0].name) does it: \(command.help)", isFault: false)
        return effects
    }
}
