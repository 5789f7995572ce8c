import Foundation
import Foundations
import TerminalKit
import TestSupport
import Testing

@Suite("Frames as bytes")
struct FrameEncoderTests {
    @Test("random cells, wide gaps and rows of blanks are read back")
    func randomCells() {
        var generator = SeededGenerator(9, 9)
        var encoder = FrameEncoder(.xterm(.palette), .palette)
        var screen = EmulatedScreen(columns: 50, rows: 6)
        var painter = Painter(Size(columns: 50, rows: 6), Capabilities(colours: .palette, unicode: true))
        let glyphs: [Unicode.Scalar] = [" ", " ", "a", "▀", "─", "⣿"]
        for _ in 0..<400 {
            for _ in 0..<generator.below(12) {
                let colours = (0..<2).map { _ in generator.below(3) == 0 ? Colour.terminal : Colour(grey: UInt8(generator.below(4) * 60)) }
                let style = Style(
                    colours[0], on: colours[1], Style.Attributes(rawValue: generator.below(4) == 0 ? UInt8(generator.below(16)) : 0))
                let cell = Cell(glyphs[generator.below(glyphs.count)], style)
                let start = generator.below(50)
                for column in start..<min(50, start + 1 + generator.below(20)) {
                    painter.setGlyph(cell, row: generator.below(6), column: column)
                }
            }
            _ = encoder.encode(painter.grid)
            let isUnderstood = screen.take(encoder.bytes)
            #expect(isUnderstood)
            let difference = screen.difference(from: painter.grid, .palette)
            #expect(difference == nil, "\(difference ?? "")")
            if difference != nil { return }
        }
    }
}
