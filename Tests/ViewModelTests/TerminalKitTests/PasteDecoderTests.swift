import Foundation
import TerminalKit
import Testing

/// Pasted text is text: it steers nothing.
@Suite("Pastes") struct PasteDecoderTests {
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
        #expect(decoder.decode([], now: 0.7).isEmpty && decoder.decode([], now: 0.85) == [.key(.character("["))])
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

    @Test("a lost end does not keep the keyboard, and a paste that comes slowly is not a key")
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
}
