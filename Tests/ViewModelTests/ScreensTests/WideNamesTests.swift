import Foundation
import Screens
import TerminalKit
import Testing

/// Sessions with names in every script.
@Suite("Wide names") struct WideNamesTests {
    /// CJK, Hangul, a letter with a mark of its own, emoji: plain, with a selector, joined, a flag; and what is no letter at all.
    static let names = [
        "肺气肿", "肺气腫", "폐기종", "cafe\u{301}", "cafe", "🫁", "❤️", "👩‍⚕️", "👩‍🔬", "🇩🇪", "🇫🇷", "a\u{200B}b", "ab", "x\u{1B}[31m", "\u{E000}", "\u{E001}",
    ]

    @Test("two names that differ never look alike in the list, nor in the question before deleting", arguments: [true, false])
    func sessions(unicode: Bool) {
        var state = WorkbenchState(size: Size(columns: 100, rows: 30), capabilities: Capabilities(colours: .palette, unicode: unicode))
        let entries = Self.names.map { SessionSummary(name: $0, condition: .stopped) }
        _ = state.reduce(.sessionsListed(entries, demoOffered: false))
        let grid = ScreenFrame.render(state)
        let lines = Self.names.indices.map { String(grid.text(row: 3 + $0).dropFirst(2)) }
        #expect(Set(lines).count == Self.names.count, "\(lines)")
        #expect(!grid.text.contains("????") && !grid.text.unicodeScalars.contains("\u{1B}"))
        if unicode {
            #expect(lines[0].hasPrefix("肺气肿 ") && lines[7].hasPrefix("👩‍⚕️ "))
        } else {
            #expect(grid.text.unicodeScalars.allSatisfy(\.isASCII) && lines[0].hasPrefix("\\u{80BA}\\u{6C14}\\u{80BF}"))
        }
        // Columns behind the name stand where they stood.
        if unicode { #expect(Set(Self.names.indices.map { Self.column(of: "stopped", grid, row: 3 + $0) }).count == 1) }
        var asked: Set<String> = []
        for _ in Self.names {
            _ = state.press("D")
            asked.insert(ScreenFrame.render(state).text.split(separator: "\n").first { $0.contains("Delete") }.map(String.init) ?? "")
            _ = state.press("Esc", "Down")
        }
        #expect(asked.count == Self.names.count)
    }

    private static func column(of word: String, _ grid: CellGrid, row: Int) -> Int? {
        let letters = Array(word.unicodeScalars)
        return (0..<grid.size.columns).first { start in
            letters.indices.allSatisfy { grid[row, start + $0].glyph == letters[$0] }
        }
    }
}
