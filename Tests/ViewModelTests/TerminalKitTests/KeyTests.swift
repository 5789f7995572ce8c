import TerminalKit
import Testing

@Suite struct KeyTests {
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
