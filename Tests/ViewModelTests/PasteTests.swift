import Foundation
import Interface
import Screens
import TerminalKit
import Testing

/// Pasted text is text: it steers nothing.
@Suite("Pastes") struct PasteTests {
    private typealias Input = PasteDecoder.Input

    private static func keys(_ text: String) -> [PasteDecoder.Input] {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\u{1B}": .key(.escape)
            case "\n", "\r": .key(.enter)
            case "\t": .key(.tab)
            default: .key(.character(scalar))
            }
        }
    }

    private static let paste = "\u{1B}[200~q\nx\u{1B}[201~"

    @Test("marks are known in one piece and letter by letter, split at every place")
    func split() {
        var whole = PasteDecoder()
        #expect(whole.decode([.pasteBegins] + Self.keys("q\nx") + [.pasteEnds], now: 0) == [.paste("qx")])
        let inputs = Self.keys(Self.paste)
        for at in 0...inputs.count {
            var decoder = PasteDecoder()
            var found = decoder.decode(Array(inputs[..<at]), now: 1)
            found += decoder.decode(Array(inputs[at...]), now: 1.05)
            // Behind the first letter, ESC, it is late: the key is let go, and the rest is the mark all the same.
            #expect(found == (at == 1 ? [.key(.escape)] : []) + [.paste("qx")], "split at \(at)")
            #expect(decoder.deadline == nil)
        }
        // One letter at a time.
        var slow = PasteDecoder()
        let found = inputs.enumerated().flatMap { slow.decode([$0.element], now: Double($0.offset) * 0.09) }
        #expect(found == [.key(.escape), .paste("qx")])
    }

    @Test("keys stay keys: Esc after a moment, Esc and what begins like a mark but is none")
    func keysStay() {
        var decoder = PasteDecoder()
        #expect(decoder.decode(Self.keys("\u{1B}"), now: 0).isEmpty && decoder.deadline == PasteDecoder.escapeSeconds)
        #expect(decoder.decode([], now: 0.02).isEmpty)
        #expect(decoder.decode([], now: 0.03) == [.key(.escape)] && decoder.deadline == nil)
        // What begins like the rest of a mark after it is held, and is a key where it is none; much later it is a key at once.
        #expect(decoder.decode(Self.keys("["), now: 0.3).isEmpty)
        #expect(decoder.decode([], now: 0.45) == [.key(.character("["))])
        #expect(decoder.decode(Self.keys("\u{1B}"), now: 1).isEmpty && decoder.decode([], now: 1.03) == [.key(.escape)])
        #expect(decoder.decode(Self.keys("x["), now: 1.1) == [.key(.character("x")), .key(.character("["))])
        #expect(decoder.decode(Self.keys("\u{1B}"), now: 2).isEmpty && decoder.decode([], now: 2.03) == [.key(.escape)])
        #expect(decoder.decode(Self.keys("["), now: 2.6) == [.key(.character("["))])
        for text in ["\u{1B}x", "\u{1B}[", "\u{1B}[2", "\u{1B}[20x", "\u{1B}[202~", "\u{1B}\u{1B}q", "\u{1B}[200x"] {
            var decoder = PasteDecoder()
            let found = decoder.decode(Self.keys(text), now: 0) + decoder.decode([], now: 1)
            let wanted: [TerminalInput] = Self.keys(text).map { if case .key(let key) = $0 { .key(key) } else { .key(.escape) } }
            #expect(found == wanted, "\(text.debugDescription)")
        }
        // An end without a beginning is nothing.
        #expect(decoder.decode([.pasteEnds] + Self.keys("q"), now: 2) == [.key(.character("q"))])
        let press = TerminalInput.mouse(Mouse(.press, column: 1, row: 1))
        #expect(decoder.decode([.other(press)], now: 3) == [press])
    }

    @Test("a lost end does not keep the keyboard, and a paste that comes slowly is no key")
    func lostEnd() {
        var decoder = PasteDecoder()
        #expect(decoder.decode([.pasteBegins] + Self.keys("abc"), now: 0).isEmpty)
        // Slowly, but it comes.
        for step in 1...20 { #expect(decoder.decode(Self.keys("q"), now: Double(step) * 0.9).isEmpty) }
        #expect(decoder.deadline == 18 + PasteDecoder.stillSeconds)
        #expect(decoder.decode([], now: 19.1) == [.paste("abc" + String(repeating: "q", count: 20))])
        #expect(decoder.decode(Self.keys("q"), now: 19.2) == [.key(.character("q"))])
        // However much is pasted, only so much is kept.
        let found = decoder.decode([.pasteBegins] + Self.keys(String(repeating: "x", count: 100_000)) + [.pasteEnds], now: 20)
        #expect(found == [.paste(String(repeating: "x", count: PasteDecoder.mostCharacters))])
    }

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
