import Screens
import TerminalKit
import Testing

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
            let own = CommandTable.commands(on: screen).map(\.id)
            #expect(FuzzyMatch.commands("", on: screen).map(\.id).starts(with: own))
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

    @Test func paletteRanksWordsBeforeInitialsBeforeLetters() {
        #expect(FuzzyMatch.commands("lr", on: .training).first?.id == .enterLearningRate)
        #expect(FuzzyMatch.commands("lr", on: .masks).first?.id == .enterLearningRate)
        #expect(FuzzyMatch.commands("pause", on: .masks).first?.id == .pauseResume)
        #expect(FuzzyMatch.commands("chkpt", on: .training).contains { $0.id == .checkpoint })
        #expect(FuzzyMatch.commands("stop", on: .evaluation).first?.id == .stopExperiments, "this screen's first")
        #expect(FuzzyMatch.commands("?!", on: .masks).isEmpty)
        // Every command is found from everywhere, but for those of curves that may not be there.
        for screen in ScreenID.allCases {
            let found = Set(FuzzyMatch.commands("", on: screen).map(\.id))
            #expect(found == Set(CommandID.allCases.filter { $0 != .closeComparison || screen == .comparison }))
        }
    }

    @Test func paletteGoesToAnotherScreenAndRunsWhatIsSafeThere() {
        func choose(_ words: String, _ state: inout WorkbenchState) -> [Effect] {
            _ = state.press(":")
            for scalar in words.unicodeScalars { _ = state.reduce(.key(.character(scalar))) }
            return state.press("Enter")
        }
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 3)))
        _ = state.press("3", ":")
        for scalar in "pause".unicodeScalars { _ = state.reduce(.key(.character(scalar))) }
        #expect(state.shown.contains("pause the training, or resume it") && state.shown.contains("Training"))
        // The tape has the command, not what the palette would find by then.
        #expect(state.command(for: .enter) == .pauseResume)
        #expect(state.press("Enter").contains(.steer(.pause)))
        #expect(state.screen == .training && state.overlay == nil)

        // A box about a cross-hair that nobody has seen is not placed.
        _ = choose("box of healthy lung", &state)
        #expect(state.screen == .masks && state.message?.text.contains("here G does it") == true)
        _ = choose("delete the session", &state)
        #expect(state.screen == .sessions && state.overlay == nil)
        _ = choose("zzz", &state)
        #expect(state.shown.contains("nothing matches"))

        // Without a session there is no other screen.
        _ = state.press("Esc")
        #expect(choose("pause", &state) == [] && state.message?.text.contains("open a session first") == true)
    }

    @Test func aTapesCommandOfAnotherScreenGoesThere() {
        var state = World.state()
        _ = state.reduce(.command(.invert))
        #expect(state.screen == .masks && state.view.inverted)
    }
}
