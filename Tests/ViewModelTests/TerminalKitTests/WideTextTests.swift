import Foundation
import Foundations
import TerminalKit
import TestSupport
import Testing

/// Names in every script: two that differ look different, and what is wide takes two cells.
@Suite("Wide text") struct WideTextTests {
    /// CJK, Hangul, a letter with a mark of its own, emoji: plain, with a selector, joined, a flag; and what is no letter at all.
    static let names = [
        "肺气肿", "肺气腫", "폐기종", "cafe\u{301}", "cafe", "🫁", "❤️", "👩‍⚕️", "👩‍🔬", "🇩🇪", "🇫🇷", "a\u{200B}b", "ab", "x\u{1B}[31m", "\u{E000}", "\u{E001}",
    ]

    @Test("cells: one for a letter with its marks, two for what is wide, an escape for what cannot be seen")
    func columns() {
        let wanted: [(String, Int)] = [
            ("abc", 3), ("肺", 2), ("폐", 2), ("e\u{301}", 1), ("é", 1), ("🫁", 2), ("❤️", 2), ("👩‍⚕️", 2), ("🇩🇪", 2), ("ｱ", 1), ("Ａ", 2),
            ("\u{301}", 7), ("\u{200B}", 8), ("\u{1B}", 6), ("─", 1), ("⣿", 1), ("▀", 1),
        ]
        for (text, columns) in wanted { #expect(TextCluster.columns(of: text) == columns, "\(text.unicodeScalars.map(\.value))") }
        #expect(TextCluster.columns(of: "肺", unicode: false) == "\\u{80BA}".count)
        #expect(TextCluster.columns(of: "─", unicode: false) == 1)
    }

    @Test("a wide character is clipped whole, and writing over one half blanks the other")
    func halves() {
        var painter = Painter(Size(columns: 8, rows: 3), Capabilities(colours: .palette, unicode: true))
        #expect(painter.text("肺气肿肿肿", row: 0, column: 0) == 10)
        // The last one would stand on the edge.
        #expect(painter.grid.text(row: 0) == "肺气肿肿")
        #expect(painter.text("肺气肿", row: 1, column: 0, width: 5) == 5)
        #expect(painter.grid.text(row: 1) == "肺气…")
        #expect(painter.text("肺气肿", row: 2, column: 0, width: 4) == 3)
        #expect(painter.grid.text(row: 2) == "肺…")
        painter.put("x", row: 0, column: 1)
        #expect(painter.grid.text(row: 0) == " x气肿肿")
        painter.put("y", row: 0, column: 2)
        #expect(painter.grid.text(row: 0) == " xy 肿肿")
        painter.text("气", row: 0, column: 5)
        #expect(painter.grid.text(row: 0) == " xy  气")
        var edge = Painter(Size(columns: 3, rows: 1), Capabilities(colours: .palette, unicode: true))
        edge.setGlyph(Cell(TextCluster.clusters("肺", unicode: true)[0], .plain), row: 0, column: 2)
        #expect(edge.grid.text(row: 0).isEmpty)
    }

    @Test("a long name keeps its end, where names of one kind differ")
    func endings() {
        let painter = Painter(Size(columns: 20, rows: 1), Capabilities(colours: .palette, unicode: true))
        #expect(painter.ending("患者肺气肿01", columns: 7) == "…气肿01")
        #expect(painter.columns(of: painter.ending("患者肺气肿01", columns: 6)) <= 6)
        #expect(painter.ending("short", columns: 20) == "short")
    }

    /// Random texts over each other: what an emulator shows is what was drawn, whichever halves were overwritten, and although that emulator gives
    /// joined emoji more cells than they have here.
    @Test("an emulator shows every frame, cell by cell")
    func readBack() {
        var generator = SeededGenerator(15, 2)
        var encoder = FrameEncoder(.xterm(.palette), .palette)
        var screen = EmulatedScreen(columns: 30, rows: 5)
        var painter = Painter(Size(columns: 30, rows: 5), Capabilities(colours: .palette, unicode: true))
        let texts = Self.names + ["plain text", " ", "      ", "▀▀▀", "肺a气b肿", "🫁🫁🫁"]
        for round in 0..<1500 {
            for _ in 0..<1 + generator.below(4) {
                let style = Style(
                    generator.below(2) == 0 ? .terminal : Colour(grey: 200), on: generator.below(3) == 0 ? Colour(grey: 60) : .terminal)
                painter.text(
                    texts[generator.below(texts.count)], row: generator.below(5), column: generator.below(30),
                    width: 1 + generator.below(12), style)
            }
            _ = encoder.encode(painter.grid)
            let isUnderstood = screen.take(encoder.bytes)
            let difference = screen.difference(from: painter.grid, .palette)
            #expect(isUnderstood && difference == nil, "round \(round): \(difference ?? "")")
            #expect(encoder.encode(painter.grid) == 0 && encoder.bytes.isEmpty)
            if difference != nil { return }
        }
    }

    @Test("frames with wide names have checksums of their own, and pictures can be made of them")
    func checksums() throws {
        func grid(_ text: String) -> CellGrid {
            var painter = Painter(Size(columns: 10, rows: 1), Capabilities(colours: .palette, unicode: true))
            painter.text(text, row: 0, column: 0)
            return painter.finish()
        }
        let sums = Self.names.map { grid($0).checksum(.palette) }
        #expect(Set(sums).count == Self.names.count)
        #expect(try ScreenPicture(grid("肺🫁é")).png() != ScreenPicture(grid("")).png())
    }
}
