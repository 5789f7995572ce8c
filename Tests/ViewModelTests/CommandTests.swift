import Engine
import Testing
import Views

@Suite struct CommandTests {
    @Test func everyCommandIsInTheTableOnce() {
        #expect(CommandTable.all.map(\.id).sorted { $0.rawValue < $1.rawValue } == CommandID.allCases.sorted { $0.rawValue < $1.rawValue })
        for command in CommandTable.all {
            #expect(!command.keys.isEmpty && !command.help.isEmpty)
            for screen in ScreenID.allCases where command.works(on: screen) {
                for key in command.keys { #expect(CommandTable.command(for: key, on: screen) == command.id) }
            }
        }
    }

    /// `?` lists every command of the screen, with their keys; sentences are wrapped, never cut, and scroll to their end.
    @Test(
        arguments: [ScreenID.training, .atlas, .masks],
        [Size(columns: 40, rows: 12), Size(columns: 80, rows: 24), Size(columns: 120, rows: 40), Size(columns: 160, rows: 50)])
    func helpShowsTheTable(screen: ScreenID, size: Size) {
        var state = World.state(size.columns, size.rows)
        state.view.screen = screen
        _ = state.press("?")
        var seen: Set<String> = []
        var before = ""
        while state.shown != before {
            before = state.shown
            // What lies above and below the box is not the help's.
            for line in before.split(separator: "\n") where line.contains("│") {
                #expect(!line.contains("…"))
                for word in line.split(whereSeparator: { " │".contains($0) }) { seen.insert(String(word)) }
            }
            _ = state.press("Down")
        }
        for command in CommandTable.commands(on: screen) {
            for word in (command.help + " " + command.keyNames).split(separator: " ") { #expect(seen.contains(String(word)), "\(word)") }
        }
        _ = state.press("PgDn", "Home")
        #expect(state.overlay == .help(0))
        _ = state.press("End", "Up", "Down")
        #expect(state.shown == before)
        _ = state.press("x")
        #expect(state.overlay == nil)
    }

    @Test func paletteOffersTheTableAndRunsWhatIsChosen() {
        for screen in [ScreenID.training, .atlas, .masks] {
            #expect(FuzzyMatch.commands("", on: screen).map(\.id) == CommandTable.commands(on: screen).map(\.id))
            for command in CommandTable.commands(on: screen) {
                #expect(FuzzyMatch.commands(command.help, on: screen).first?.help == command.help)
            }
        }
        var state = World.state()
        state.view.screen = .masks
        _ = state.press(":")
        for scalar in "invert".unicodeScalars { _ = state.reduce(.key(.character(scalar))) }
        _ = state.press("Enter")
        #expect(state.view.inverted)
        #expect(FuzzyMatch.commands("qqqzz", on: .masks).isEmpty)
    }

    @Test func keyNamesGoBackAndForth() {
        let keys: [Key] = [
            .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .tab, .backTab, .enter, .escape, .backspace, .delete,
            .character(" "),
            .character("ä"), .character("-"), .control("l"),
        ]
        for key in keys { #expect(Key(name: key.name) == key) }
        #expect(Key(name: "Nonsense") == nil)
    }
}
