import Foundation
import Foundations
import Screens
import TerminalKit
import Testing

@Suite("Reading tools")
struct ReadingToolTests {
    private static func state(_ grid: Int = 1) throws -> WorkbenchState {
        var state = World.state(120, 40)
        var offers = TerminalOffers()
        (offers.kitty, offers.cell) = (true, PixelSize(width: 8, height: 16))
        _ = state.reduce(.offered(offers))
        _ = state.reduce(.subjectLoaded(try World.loaded(grid)))
        _ = state.press("3")
        return state
    }

    private static func rest(_ state: inout WorkbenchState) {
        _ = state.reduce(.settled)
        _ = state.reduce(.settled)
    }

    /// Grey of a voxel in the lung window, as any reader of the definition computes it.
    private static func grey(_ hounsfield: Float) -> Int { Int(max(0, min(255, (hounsfield + 1350) / 1500 * 255))) }

    @Test("a pixel shows the voxel that lies there, in every orientation", arguments: 0..<4)
    func nearest(grid: Int) throws {
        var state = try Self.state(grid)
        Self.rest(&state)
        let loaded = try #require(state.masks.loaded)
        let cursor = try #require(state.view.cursor)
        let frame = ScreenFrame.render(state)
        let picture = try #require(frame.pictures.first { $0.name == "slice axial" })
        guard case .grey(let values) = picture.layers[0].raster.pixels else { Issue.record("no greys"); return }
        let axes = loaded.axes
        let (width, height) = (picture.size.width, picture.size.height)
        // By millimetres from the picture's middle, which is the volume's: right falls to the right of the screen, anterior is up.
        let (across, along) = (axes.spacing[0], axes.spacing[1])
        let scale = max(Double(axes.count(.right)) * across / Double(width), Double(axes.count(.anterior)) * along / Double(height))
        var checked = 0
        for y in stride(from: 3, to: height, by: 17) {
            for x in stride(from: 5, to: width, by: 13) {
                let h = Double(axes.count(.right) - 1) / 2 - (Double(x) + 0.5 - Double(width) / 2) * scale / across
                let v = Double(axes.count(.anterior) - 1) / 2 - (Double(y) + 0.5 - Double(height) / 2) * scale / along
                // On the border between two voxels either is right.
                guard abs(h - h.rounded(.down) - 0.5) > 0.01, abs(v - v.rounded(.down) - 0.5) > 0.01 else { continue }
                let (column, row) = (Int(h.rounded()), Int(v.rounded()))
                let isInside = h > -0.5 && v > -0.5 && column < axes.count(.right) && row < axes.count(.anterior)
                let voxel = axes.moving(axes.moving(cursor, .right, to: column), .anterior, to: row)
                let wanted = isInside ? Self.grey(Float(loaded.volumes.ct[voxel])) : 0
                #expect(Int(values[y * width + x]) == wanted, "\(x), \(y)")
                checked += 1
            }
        }
        #expect(checked > 500)
    }

    @Test("between voxels it goes straight from one to the next")
    func linear() throws {
        var state = try Self.state(0)
        _ = state.press("I")
        Self.rest(&state)
        let picture = try #require(ScreenFrame.render(state).pictures.first)
        guard case .grey(let values) = picture.layers[0].raster.pixels else { Issue.record("no greys"); return }
        // The border of the body is no step any more: greys lie between those of air and tissue.
        let found = Set(values)
        #expect(found.contains(UInt8(Self.grey(-1000))) && found.contains(UInt8(Self.grey(40))))
        #expect(found.contains { Int($0) > Self.grey(-800) + 5 && Int($0) < Self.grey(40) - 5 })
    }

    @Test("slabs show the mean, the highest and the lowest of their slices")
    func slabs() throws {
        var state = try Self.state(0)
        let loaded = try #require(state.masks.loaded)
        let cursor = try #require(state.view.cursor)
        func middle(_ state: WorkbenchState) throws -> Int {
            var copy = state
            Self.rest(&copy)
            let picture = try #require(ScreenFrame.render(copy).pictures.first { $0.name == "slice axial" })
            guard case .grey(let values) = picture.layers[0].raster.pixels else { return -1 }
            // The pixel that the cross-hair points at.
            let cross = try #require(picture.layers.first { $0.name == "cross" })
            return Int(values[(cross.y + cross.height / 2) * picture.size.width + cross.x + cross.width / 2])
        }
        // Spacing is 4 mm: 10 mm are the slice and one on either side.
        let position = loaded.axes.position(cursor, .superior)
        let around = (position - 1...position + 1).map { Float(loaded.volumes.ct[loaded.axes.moving(cursor, .superior, to: $0)]) }
        #expect(try middle(state) == Self.grey(around[1]))
        _ = state.press("V")
        #expect(try middle(state) == Self.grey((around[0] + around[1] + around[2]) / 3) && state.shown.contains("mean 10 mm"))
        _ = state.press("V")
        #expect(try middle(state) == Self.grey(around.max()!))
        _ = state.press("V")
        #expect(try middle(state) == Self.grey(around.min()!) && state.shown.contains("MinIP 10 mm"))
        _ = state.press(";", ";")
        #expect(state.shown.contains("MinIP 20 mm"))
    }

    @Test("a region's mean and SD are those of its voxels")
    func region() throws {
        var state = try Self.state(0)
        let loaded = try #require(state.masks.loaded)
        _ = state.press("A", "A")
        let cursor = try #require(state.view.cursor)
        // In a RAS grid of 2 × 2.5 mm: voxels within 5 mm of the cross-hair.
        var values: [Double] = []
        for dy in -2...2 {
            for dx in -2...2 {
                let (x, y) = (Double(dx) * 2, Double(dy) * 2.5)
                guard x * x + y * y <= 25 else { continue }
                values.append(Double(loaded.volumes.ct[VoxelIndex(x: cursor.x + dx, y: cursor.y + dy, z: cursor.z)]))
            }
        }
        let mean = values.reduce(0, +) / Double(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        let wanted = String(format: "10 mm: mean %.0f HU, SD %.0f, %d voxels", mean, deviation, values.count)
        #expect(state.shown.contains(wanted), "\(wanted)")
    }

    @Test("goes to a slice by number and by millimetres, and says what there is")
    func goTo() throws {
        var state = try Self.state(0)
        func type(_ text: String) { _ = state.press("#"); for letter in text.unicodeScalars { _ = state.reduce(.key(.character(letter))) } }
        type("3")
        _ = state.press("Enter")
        #expect(state.view.cursor?.z == 2 && state.overlay == nil)
        type("99")
        _ = state.press("Enter")
        #expect(state.shown.contains("there are slices 1 to 17; 99 is none of them"))
        _ = state.press("Esc")
        type("-12mm")
        _ = state.press("Enter")
        #expect(state.view.cursor?.z == 5)
        type("500 mm")
        _ = state.press("Enter")
        #expect(state.shown.contains("between -32 and 32 mm"))
    }

    @Test("the cine runs through all slices and begins again, and stands when told")
    func cine() throws {
        var state = try Self.state(0)
        #expect(state.cineWait(now: 0) == nil)
        _ = state.press("\\")
        let first = try #require(state.view.cursor)
        #expect(state.cineWait(now: 0) == 0)
        for step in 0..<17 {
            _ = state.reduce(.tick(Double(step) * 0.1))
            _ = state.reduce(.cineStep)
        }
        #expect(state.view.cursor == first && state.shown.contains("cine 10.0 of 10/s"))
        #expect(abs((state.cineWait(now: 1.62) ?? -1) - 0.08) < 1e-9)
        _ = state.press("\\")
        #expect(state.cineWait(now: 9) == nil && !state.shown.contains("cine 10"))
    }

    @Test("the mouse changes the window, moves and enlarges at the pointer")
    func mouse() throws {
        var state = try Self.state(0)
        let pane = MasksLayout(Chrome.content(state.size), state).panes[0]
        let (column, row) = (pane.picture.column + 10, pane.picture.row + 8)
        let window = state.view.window
        _ = state.reduce(.mouse(Mouse(.pressRight, column: column, row: row)))
        _ = state.reduce(.mouse(Mouse(.dragRight, column: column + 3, row: row - 2)))
        #expect(state.view.window.width == window.width + 60)
        #expect(state.view.window.lowerHounsfield == window.lowerHounsfield - 30 + 40)
        // What lies under the pointer stays there.
        _ = state.reduce(.mouse(Mouse(.press, column: column, row: row)))
        let before = try #require(state.view.cursor)
        for _ in 0..<3 { _ = state.reduce(.mouse(Mouse(.zoomIn, column: column, row: row))) }
        #expect(state.view.zoom.factor > 1)
        _ = state.reduce(.mouse(Mouse(.press, column: column, row: row)))
        let after = try #require(state.view.cursor)
        #expect(abs(after.x - before.x) <= 1 && abs(after.y - before.y) <= 1)
        let centre = try #require(state.view.zoom.centre)
        _ = state.reduce(.mouse(Mouse(.pressMiddle, column: column, row: row)))
        _ = state.reduce(.mouse(Mouse(.dragMiddle, column: column + 8, row: row)))
        #expect(state.view.zoom.centre != centre)
    }

    @Test("far steps go ten voxels, and the whole screen gives a voxel at least a pixel")
    func steps() throws {
        var state = try Self.state(0)
        let before = try #require(state.view.cursor)
        _ = state.press("9")
        #expect(state.view.cursor?.x == max(0, before.x - 10))
        _ = state.press("F2")
        Self.rest(&state)
        let pictures = ScreenFrame.render(state).pictures
        #expect(pictures.count == 1 && pictures[0].rect.columns == 120)
        _ = state.reduce(.resize(Size(columns: 40, rows: 12)))
        #expect(ScreenFrame.render(state).pictures.count == 1)
    }
}
