import Foundation
import Interface
import Screens
import TerminalKit
import Testing

@Suite("Pastes into the screens")
struct PasteTests {
    @Test("outside of a text field a paste does nothing, on any screen and before any question")
    func ignored() throws {
        let everything = CommandTable.all.flatMap(\.keys).map(\.name).filter { $0.count == 1 }.joined() + "yY\n"
        for screen in ["0", "1", "2", "3", "4", "5"] {
            var state = World.state(80, 24)
            _ = state.reduce(.journal(World.journal(steps: 5)))
            _ = state.press(screen)
            var before = state
            #expect(state.reduce(.paste(everything)).isEmpty)
            #expect(state.message?.text.hasPrefix("a paste was ignored: ") == true && state.shown.contains("a paste was ignored"))
            before.message = state.message
            #expect(state == before)
        }
        // A question is answered by a key alone.
        var state = World.state(80, 24)
        _ = state.reduce(.journal(World.journal(steps: 5)))
        _ = state.press("x")
        #expect(state.overlay == .confirmStop)
        #expect(state.reduce(.paste("y")).isEmpty && state.overlay == .confirmStop)
        #expect(state.press("y").contains(.steer(.stop)))
    }

    @Test("in a text field it is text, without control characters, within the field's limit; Enter stays with the user")
    func fields() throws {
        var state = World.state(80, 24)
        _ = state.reduce(.journal(World.journal(steps: 5)))
        _ = state.press("e")
        #expect(state.reduce(.paste("lr=\n0.0\u{1B}\u{9B}2\r\n")).isEmpty)
        #expect(state.overlay == .prompt(text: "lr=0.02", complaint: nil))
        _ = state.reduce(.paste(String(repeating: "9", count: 500)))
        if case .prompt(let text, _) = state.overlay { #expect(text.count == 60) } else { Issue.record("the prompt is gone") }
        _ = state.press("Esc", ":")
        #expect(state.reduce(.paste("quit\n")).isEmpty && state.overlay == .palette(query: "quit", chosen: 0))
        // The list's own fields.
        var list = WorkbenchState(size: Size(columns: 80, rows: 24), capabilities: World.colour)
        _ = list.reduce(.sessionsListed([SessionSummary(name: "alpha", condition: .stopped)], demoOffered: false))
        _ = list.press("N")
        #expect(list.reduce(.paste("a note: D\ny\n")).isEmpty)
        #expect(list.press("Enter") == [.noteSession("alpha", "a note: Dy")])
        _ = list.press("R", "C-u")
        _ = list.reduce(.paste("肺"))
        #expect(list.press("Enter") == [.renameSession("alpha", to: "肺")])
    }

    @Test("a tape replays a paste into a field; one that was ignored leaves no text in it")
    func tape() throws {
        let folder = try World.session(World.journal(steps: 60))
        defer { World.remove(folder) }
        let script: [RecordingTerminal.Step] = [
            .waitFor("60 of 100"), .paste("secret"), .waitFor("a paste was ignored"), .key(.character("e")), .paste("lr=0.5"),
            .waitFor("lr=0.5"), .key(.escape), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 80, rows: 24), capabilities: World.colour, script: script)
        let context = World.context(folder, ownership: .otherProcess)
        #expect(try EventLoop(World.configuration(context), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        #expect(try !String(contentsOf: folder.tape, encoding: .utf8).contains("secret"))
        var shown: [String] = []
        try TapePlayer(tape: folder.tape, context: World.context(folder)).play { shown.append($0.text) }
        #expect(shown.contains { $0.contains("a paste was ignored") } && shown.contains { $0.contains("lr=0.5") })
    }
}
