import Foundation
import Foundations
import Interface
import Screens
import TerminalKit
import TestSupport
import Testing

@Suite("Screens as bytes")
struct ScreenBytesTests {
    /// Frames of every screen, sizes and colour depths, one after the other: an emulator reads back what was drawn.
    @Test("an emulator shows what was rendered, frame after frame", arguments: ColourDepth.allCases)
    func readBack(depth: ColourDepth) throws {
        var generator = SeededGenerator(8, UInt64(depth.rawValue))
        var state = World.state(80, 24, Capabilities(colours: depth, unicode: depth != .eight))
        _ = state.reduce(.journal(World.journal(steps: 60)))
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        var encoder = FrameEncoder(.xterm(depth), depth)
        var screen = EmulatedScreen(columns: 80, rows: 24)
        let keys = ["1", "2", "3", "Up", "l", "k", "n", "w", "?", ":", "Esc", "z", "v", "m", "o", "i", "F12", "F11", "Tab", "t"]
        for round in 0..<250 {
            if generator.below(40) == 0 {
                let size = Size(columns: 30 + generator.below(100), rows: 10 + generator.below(40))
                _ = state.reduce(.resize(size))
                screen = EmulatedScreen(columns: size.columns, rows: size.rows)
            } else {
                _ = state.press(keys[generator.below(keys.count)])
            }
            let frame = ScreenFrame.render(state)
            _ = encoder.encode(frame)
            let isUnderstood = screen.take(encoder.bytes)
            #expect(isUnderstood)
            let difference = screen.difference(from: frame, depth)
            #expect(difference == nil, "round \(round): \(difference ?? "")")
            // Nothing changed: nothing is written.
            #expect(encoder.encode(frame) == 0 && encoder.bytes.isEmpty)
            if difference != nil { return }
        }
    }

    /// The marks: bytes that a terminal of 120 × 40 gets.
    @Test("a cross-hair move costs at most 2 kB, an appended step 400 bytes, an unchanged frame nothing")
    func marks() throws {
        var benchmark = try RenderBenchmark(size: Size(columns: 120, rows: 40))
        let result = try benchmark.run(repeats: 40, underLoad: false, measuresGrowth: false)
        func most(_ kind: String) -> Int { result.kinds.first { $0.kind == kind }?.bytes_most ?? .max }
        #expect(most("idle") == 0)
        #expect(most("curve_append") > 0 && most("curve_append") <= 400)
        #expect(most("crosshair_move") > 100 && most("crosshair_move") <= 2048)
        #expect(most("slice_step") > 1000 && most("slice_step") <= 50_000)
        #expect(most("slice_step_lean") > 50 && most("slice_step_lean") <= 4096)
    }

    @Test("a link that takes long is said to lag, and to be quick again after many quick frames")
    func lag() {
        var state = World.state(120, 40)
        #expect(!state.isLean)
        _ = state.reduce(.lag(true))
        #expect(state.isLean && state.shown.contains("FEWER SHADES"))
        _ = state.press("F11", "F11")
        #expect(state.leanness == .off && !state.isLean)
        _ = state.press("F11")
        _ = state.reduce(.lag(false))
        #expect(!state.isLean && !state.shown.contains("FEWER SHADES"))
    }
}
