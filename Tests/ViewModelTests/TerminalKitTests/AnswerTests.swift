import Foundations
import TerminalKit
import Testing

@Suite("A terminal's answers")
struct AnswerTests {
    private static func keys(_ text: String) -> [PasteDecoder.Input] {
        text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 27: .key(.escape)
            case 7: .key(.control("g"))
            default: .key(.character(scalar))
            }
        }
    }

    private static let kitty = "\u{1B}_Gi=7340000;OK\u{1B}\\"
    private static let xterm =
        "\u{1B}]11;rgb:1010/1414/1818\u{1B}\\\u{1B}[?1;0;256S\u{1B}P1$r0;38:2::1:2:3m\u{1B}\\\u{1B}[6;18;9t\u{1B}[4;720;1280t\u{1B}[?64;4;22c"

    /// Everything at once, in pieces of any length with pauses between, with keys before and after: nothing of an answer is a key, no key is lost.
    @Test("never are keys, however they come", arguments: 0..<60)
    func pieces(seed: Int) {
        var generator = SeededGenerator(18, UInt64(seed))
        var decoder = AnswerDecoder()
        decoder.begin(now: 0)
        var offers = TerminalOffers()
        var (got, now): ([PasteDecoder.Input], Double) = ([], 0)
        let typed = Self.keys("aj")
        let all = typed + Self.keys(Self.kitty + Self.xterm) + Self.keys("q")
        var rest = all[...]
        func take(_ inputs: [PasteDecoder.Input]) {
            let (keys, answers) = decoder.decode(inputs, now: now)
            got += keys
            for answer in answers where TerminalQuestion.fold(answer, into: &offers, size: Size(columns: 142, rows: 40)) { decoder.end() }
        }
        while !rest.isEmpty {
            let count = seed == 0 ? rest.count : 1 + generator.below(9)
            take(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            // Pauses up to what a bad link makes: not where `ESC` alone stands, which is a key after a while.
            let endsInEscape = rest.count < all.count && all[all.count - rest.count - 1] == .key(.escape)
            now += endsInEscape ? 0.01 : Double(generator.below(40)) / 100
            if let deadline = decoder.deadline, now >= deadline { take([]) }
        }
        now += 5
        take([])
        #expect(got == typed + Self.keys("q"))
        #expect(offers.kitty && offers.sixel && offers.registers == 256 && offers.cell == PixelSize(width: 9, height: 18))
        #expect(offers.background == 0x101418 && offers.directColour && offers.best == .kitty)
        #expect(!decoder.isWaiting)
    }

    @Test("that lack their end are dropped, and keys are keys again")
    func cutOff() {
        var decoder = AnswerDecoder()
        decoder.begin(now: 0)
        #expect(decoder.decode(Self.keys("\u{1B}[?62;4"), now: 0).inputs.isEmpty)
        #expect(decoder.decode([], now: 1).inputs.isEmpty)
        #expect(decoder.decode(Self.keys("x"), now: 3).inputs == Self.keys("x"))
    }

    @Test("do not take Esc, arrows typed as letters, brackets or a paste's marks away")
    func keysStay() {
        var decoder = AnswerDecoder()
        decoder.begin(now: 0)
        #expect(decoder.decode(Self.keys("\u{1B}"), now: 1).inputs.isEmpty)
        #expect(decoder.deadline == 1 + AnswerDecoder.keySeconds)
        #expect(decoder.decode([], now: 1.03).inputs == Self.keys("\u{1B}"))
        #expect(decoder.decode(Self.keys("[]"), now: 2).inputs == Self.keys("[]"))
        #expect(decoder.decode(Self.keys("\u{1B}[200~text\u{1B}[201~"), now: 3).inputs == Self.keys("\u{1B}[200~text\u{1B}[201~"))
        #expect(decoder.decode(Self.keys("\u{1B}x"), now: 4).inputs == Self.keys("\u{1B}x"))
        decoder.end()
        #expect(decoder.decode(Self.keys("\u{1B}[?62;4c"), now: 5).inputs == Self.keys("\u{1B}[?62;4c"))
    }

    @Test("of terminals that know less leave them what they are")
    func others() {
        func fold(_ answers: [String]) -> (TerminalOffers, Bool) {
            var offers = TerminalOffers()
            var isLast = false
            for answer in answers { isLast = TerminalQuestion.fold(answer, into: &offers, size: Size(columns: 80, rows: 24)) }
            return (offers, isLast)
        }
        // The Linux console and VTE without sixel; a terminal that knows no kitty images; one with a size of its window alone.
        #expect(fold(["[?6c"]) == (TerminalOffers(), true))
        #expect(fold(["_Gi=7340000;ENOTSUP:no", "[?65;1;9c"]) == (TerminalOffers(), true))
        #expect(fold(["P0$r", "[4;480;800t"]).0.cell == PixelSize(width: 10, height: 20))
        #expect(fold(["P1$r0;48;2;9;9;9m"]).0.directColour == false)
        #expect(fold(["]11;rgb:f/8/0"]).0.background == 0xFF8800)
        #expect(fold(["[?1;3;0S", "[6;0;0t", "", "[", "P", "]11;rgb:zz"]) == (TerminalOffers(), false))
    }
}
