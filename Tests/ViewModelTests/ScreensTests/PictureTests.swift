import Foundation
import Foundations
import Screens
import TerminalKit
import TestSupport
import Testing

@Suite("Pictures")
struct PictureTests {
    private static let cell = PixelSize(width: 7, height: 14)

    /// A small screen in pixels with everything that has pictures.
    private static func state(_ graphics: Graphics, columns: Int = 90, rows: Int = 28) throws -> WorkbenchState {
        var state = World.state(columns, rows, Capabilities(colours: .palette, unicode: true))
        var offers = TerminalOffers()
        (offers.kitty, offers.sixel, offers.cell) = (graphics == .kitty, graphics == .sixel, cell)
        _ = state.reduce(.offered(offers))
        _ = state.reduce(.journal(World.journal(steps: 60)))
        _ = state.reduce(.atlasLoaded(try LoadedAtlas(World.atlas())))
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        return state
    }

    /// What a rectangle of a frame is to look like, 0xRRGGBB.
    private static func expected(_ picture: Picture, _ palette: SixelPalette?) -> [UInt32] {
        let pixels = picture.flattened()
        guard let palette else { return pixels }
        return pixels.map { palette.colours[Int(palette.number(of: $0))] }
    }

    @Test("an independent terminal shows every pixel, key after key, and nothing is sent twice", arguments: [Graphics.kitty, .sixel])
    func readBack(graphics: Graphics) throws {
        var generator = SeededGenerator(18, graphics == .kitty ? 1 : 2)
        var state = try Self.state(graphics)
        var cells = FrameEncoder(.xterm(.palette), .palette)
        var pictures = PictureEncoder(state.capabilities)
        var terminal = EmulatedPictures(size: state.size, cell: Self.cell)
        let palette = graphics == .sixel ? SixelPalette(registers: 256) : nil
        let keys = [
            "1", "2", "3", "3", "Up", "l", "k", "?", ":", "Esc", "z", "m", "o", "O", "V", "I", "A", "g", "w", "x", "rest", "rest", "size",
        ]
        var seen = 0
        for round in 0..<90 {
            let key = keys[generator.below(keys.count)]
            if key == "rest" {
                _ = state.reduce(.settled)
                _ = state.reduce(.settled)
            } else if key == "size" {
                let size = Size(columns: 60 + generator.below(40), rows: 20 + generator.below(12))
                _ = state.reduce(.resize(size))
                terminal = EmulatedPictures(size: size, cell: Self.cell)
            } else {
                _ = state.press(key)
            }
            let frame = ScreenFrame.render(state)
            _ = cells.encode(frame)
            let drawn = pictures.encode(frame, cells)
            if !drawn.isEmpty { cells.forgetCursor() }
            terminal.take(cells.bytes + drawn)
            try #require(terminal.complaint == nil, "round \(round), \(key): \(terminal.complaint ?? "")")
            for picture in frame.pictures {
                seen += 1
                let found = terminal.pixels(picture.rect, on: 0)
                let wanted = Self.expected(picture, palette)
                let isCovered = frame.covers.contains { $0.column < picture.rect.endColumn && $0.endColumn > picture.rect.column }
                // Coarse layers may be better on the terminal: it keeps what it has in full. So may kitty's stretching differ in its rounding.
                if picture.layers.contains(where: \.isCoarse) { continue }
                var wrong: Int?
                for index in wanted.indices where found[index] != wanted[index] {
                    let (x, y) = (index % picture.size.width, index / picture.size.width)
                    let (column, row) = (picture.rect.column + x / Self.cell.width, picture.rect.row + y / Self.cell.height)
                    if isCovered, frame.covers.contains(where: { $0.contains(column: column, row: row) }) { continue }
                    wrong = index
                    break
                }
                let place = wrong.map { "\($0 % picture.size.width), \($0 / picture.size.width): \(found[$0]) for \(wanted[$0])" } ?? ""
                try #require(wrong == nil, "round \(round), \(key), \(picture.name): \(place)")
            }
            // The same frame again costs nothing.
            let again = cells.encode(frame)
            #expect(again == 0 && cells.bytes.isEmpty && pictures.encode(frame, cells).isEmpty)
            // Nor is anything left of pictures that are gone.
            if graphics == .kitty { #expect(terminal.held.images == frame.pictures.reduce(0) { $0 + $1.layers.count }) }
        }
        #expect(seen > 60)
        terminal.take(pictures.removal + Array("\u{1B}[H\u{1B}[2J".utf8))
        #expect(!terminal.hasPixels && terminal.held.images == 0)
    }

    @Test("equal identities mean equal pixels, and the same events give the same ones")
    func identities() throws {
        func play() throws -> [String: Set<String>] {
            var generator = SeededGenerator(19, 4)
            var state = try Self.state(.kitty, columns: 70, rows: 22)
            var found: [String: Set<String>] = [:]
            let keys = ["Up", "l", "k", "z", "O", "V", "I", ";", "g", "w", "i", "+", "v", "f", "Space", "2", "3", "n", "m", "A", "rest"]
            for _ in 0..<70 {
                let key = keys[generator.below(keys.count)]
                if key == "rest" { _ = state.reduce(.settled) } else { _ = state.press(key) }
                for picture in ScreenFrame.render(state).pictures {
                    for layer in picture.layers {
                        let raster = layer.raster
                        let sum: String
                        switch raster.pixels {
                        case .grey(let values): sum = Checksum.sha256(Data(values))
                        case .colour(let values): sum = Checksum.sha256(values.withUnsafeBytes { Data($0) })
                        }
                        // Addresses of what is shown differ between runs.
                        let name = "\(picture.name) \(layer.name) \(layer.isCoarse) \(layer.identity)"
                        found[name, default: []].insert(sum)
                    }
                }
            }
            return found
        }
        let found = try play()
        #expect(found.count > 60)
        for (name, sums) in found where sums.count != 1 { Issue.record("\(name): \(sums.count) pictures") }
        #expect(Set(found.values) == Set(try play().values))
    }

    @Test("a frame's checksum changes with a picture's pixels alone")
    func checksums() throws {
        var state = try Self.state(.kitty)
        _ = state.press("3")
        _ = state.reduce(.settled)
        _ = state.reduce(.settled)
        let before = ScreenFrame.render(state)
        state.view.opacityTenths = 9
        let after = ScreenFrame.render(state)
        #expect(
            before.pictures.count == 3 && before.checksum(.palette) == ScreenFrame.render(state).withPictures(of: before).checksum(.palette)
        )
        #expect(before.checksum(.palette) != after.checksum(.palette))
    }

    @Test("pictures by tmux and screen are made of cells, and the help says so once")
    func multiplexers() throws {
        var state = World.state(100, 40)
        var offers = TerminalOffers()
        offers.isMultiplexed = true
        _ = state.reduce(.offered(offers))
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        _ = state.press("3")
        #expect(ScreenFrame.render(state).pictures.isEmpty && !state.shown.contains("tmux"))
        _ = state.press("?")
        #expect(state.shown.contains("tmux and screen pass no"))
        // Asked for all the same.
        _ = state.press("Esc", "F10", "F10")
        #expect(state.view.graphics == .sixel && state.capabilities.graphics == .sixel && !ScreenFrame.render(state).pictures.isEmpty)
        let kept = try JSONDecoder().decode(ViewSettings.self, from: JSONEncoder().encode(state.view))
        #expect(kept.graphics == .sixel)
    }

    @Test("mono, ASCII and a terminal that offers nothing have pictures in cells")
    func others() throws {
        for capabilities in [Capabilities(colours: .mono, unicode: true), Capabilities(colours: .palette, unicode: false)] {
            var state = World.state(80, 24, capabilities)
            var offers = TerminalOffers()
            offers.kitty = true
            _ = state.reduce(.offered(offers))
            #expect(state.capabilities.graphics == .cells)
        }
        var state = World.state()
        _ = state.reduce(.offered(TerminalOffers()))
        #expect(state.capabilities.graphics == .cells)
        var offers = TerminalOffers()
        (offers.sixel, offers.registers) = (true, 16)
        _ = state.reduce(.offered(offers))
        #expect(state.capabilities.graphics == .cells)
        offers.registers = 256
        _ = state.reduce(.offered(offers))
        #expect(state.capabilities.graphics == .sixel)
    }
}

extension CellGrid {
    /// With another frame's pictures and cells, as far as they are told apart by what is under test.
    fileprivate func withPictures(of other: CellGrid) -> CellGrid { other }
}
