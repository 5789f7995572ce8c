import CSixel
import Foundation
import Foundations

/// Pictures by sixel: each is drawn as one image at its place, all of it at first, then only the pixels that changed.
///
/// A later part has the same place and size and leaves everything else as it is ("transparent"): terminals that keep whole images, xterm among them,
/// draw it into the same one. libsixel does the encoding.
package struct SixelEncoder {
    /// What the terminal shows of a picture.
    private struct Shown {
        var picture: Picture
        /// By pixel, 0xRRGGBB: all layers over each other; and what the lowest ones give without the small ones above.
        var pixels: [UInt32]
        /// Numbers of the palette; `unused` where the terminal may show anything.
        var numbers: [UInt8]
        var rasters: [Raster]
    }

    private let cell: PixelSize
    private let palette: SixelPalette
    private let background: UInt32
    private var shown: [String: Shown] = [:]

    /// - Parameters:
    ///   - registers: colours that the terminal keeps for a picture.
    ///   - background: what shows through pictures that do not fill their place.
    package init(cell: PixelSize, registers: Int = 256, background: Colour = Colour(grey: 0)) {
        self.cell = cell
        palette = SixelPalette(registers: registers)
        self.background = background.opaque & 0xFF_FFFF
    }

    package var isEmpty: Bool { shown.isEmpty }

    /// The bytes that draw what changed since the last frame; pictures that are gone were erased with their cells.
    /// - Parameters:
    ///   - touched: cells that were written: what was drawn there is gone.
    ///   - wasCleared: the terminal was cleared.
    package mutating func encode(_ frame: CellGrid, touched: [Bool], wasCleared: Bool) -> [UInt8] {
        if wasCleared { shown = [:] }
        var bytes: [UInt8] = []
        let names = Set(frame.pictures.map(\.name))
        for name in shown.keys where !names.contains(name) { shown[name] = nil }
        for picture in frame.pictures where !picture.rect.isEmpty { draw(picture, frame, touched, &bytes) }
        return bytes
    }

    private mutating func draw(_ picture: Picture, _ frame: CellGrid, _ touched: [Bool], _ bytes: inout [UInt8]) {
        let (width, height) = (picture.size.width, picture.size.height)
        // Taken out, so that its arrays are changed where they lie.
        var now: Shown
        if let before = shown.removeValue(forKey: picture.name), before.picture.rect == picture.rect, before.picture.size == picture.size {
            now = before
            guard now.picture != picture || isTouched(picture.rect, frame, touched) else {
                shown[picture.name] = now
                return
            }
        } else {
            now = Shown(
                picture: Picture(name: picture.name, rect: picture.rect, cell: cell, layers: []),
                pixels: [UInt32](repeating: background, count: width * height),
                numbers: [UInt8](repeating: palette.unused, count: width * height), rasters: [])
        }
        forgetTouched(picture.rect, frame, touched, width, &now.numbers)
        let changed = compose(picture, &now)
        let (wanted, count) = difference(picture, frame.covers, changed, &now.numbers, now.pixels)
        if count > 0, let image = encoded(wanted, width: width, height: height) {
            bytes += Array("\u{1B}[\(picture.rect.row + 1);\(picture.rect.column + 1)H".utf8)
            bytes += image
        }
        shown[picture.name] = now
    }

    private func isTouched(_ rect: Rect, _ frame: CellGrid, _ touched: [Bool]) -> Bool {
        (rect.row..<min(rect.endRow, frame.size.rows)).contains { row in
            (rect.column..<min(rect.endColumn, frame.size.columns)).contains { touched[row * frame.size.columns + $0] }
        }
    }

    /// Where cells were written the terminal shows them.
    private func forgetTouched(_ rect: Rect, _ frame: CellGrid, _ touched: [Bool], _ width: Int, _ numbers: inout [UInt8]) {
        for row in rect.row..<min(rect.endRow, frame.size.rows) {
            for column in rect.column..<min(rect.endColumn, frame.size.columns) where touched[row * frame.size.columns + column] {
                let (x, y) = ((column - rect.column) * cell.width, (row - rect.row) * cell.height)
                for line in y..<y + cell.height {
                    for place in line * width + x..<line * width + x + cell.width { numbers[place] = palette.unused }
                }
            }
        }
    }

    /// Lays the layers over each other, all of them or what changed, and says which lines may have changed.
    private func compose(_ picture: Picture, _ now: inout Shown) -> Range<Int> {
        let old = now.picture.layers
        var rasters: [Raster] = []
        var layers: [Picture.Layer] = []
        for (index, layer) in picture.layers.enumerated() {
            // What is there in full is never replaced by the same with fewer pixels.
            if old.indices.contains(index), now.rasters.indices.contains(index), old[index].name == layer.name,
                old[index].hasPixels(of: layer) || (layer.isCoarse && old[index].shows(layer))
            {
                rasters.append(now.rasters[index])
                layers.append(old[index].moved(to: layer))
            } else {
                rasters.append(layer.raster)
                layers.append(layer)
            }
        }
        // Where layers moved, came or went.
        var dirty: Range<Int>?
        var across = 0..<0
        func add(_ layer: Picture.Layer) {
            dirty = dirty.map { min($0.lowerBound, layer.y)..<max($0.upperBound, layer.y + layer.height) } ?? layer.y..<layer.y + layer.height
            across = across.isEmpty ? layer.x..<layer.x + layer.width
                : min(across.lowerBound, layer.x)..<max(across.upperBound, layer.x + layer.width)
        }
        for index in 0..<max(old.count, layers.count) {
            let (a, b) = (old.indices.contains(index) ? old[index] : nil, layers.indices.contains(index) ? layers[index] : nil)
            guard a != b else { continue }
            if let a { add(a) }
            if let b { add(b) }
        }
        now.rasters = rasters
        now.picture = Picture(name: picture.name, rect: picture.rect, cell: cell, layers: layers)
        guard let dirty else { return 0..<0 }
        let rows = dirty.clamped(to: 0..<picture.size.height)
        let columns = across.clamped(to: 0..<picture.size.width)
        for y in rows { for x in columns { now.pixels[y * picture.size.width + x] = background } }
        for (layer, raster) in zip(layers, rasters) { Picture.draw(layer, raster, on: &now.pixels, picture.size, within: (columns, rows)) }
        return rows
    }

    /// The palette's numbers of the pixels that are to be drawn, `unused` elsewhere.
    private func difference(
        _ picture: Picture, _ covers: [Rect], _ changed: Range<Int>, _ numbers: inout [UInt8], _ pixels: [UInt32]
    ) -> (wanted: [UInt8], count: Int) {
        let (width, unused) = (picture.size.width, palette.unused)
        var wanted = [UInt8](repeating: unused, count: numbers.count)
        var count = 0
        let isCovered = covers.contains { $0.column < picture.rect.endColumn && $0.endColumn > picture.rect.column }
        numbers.withUnsafeMutableBufferPointer { numbers in
            wanted.withUnsafeMutableBufferPointer { wanted in
                pixels.withUnsafeBufferPointer { pixels in
                    for y in 0..<picture.size.height {
                        let row = picture.rect.row + y / cell.height
                        let mayHaveChanged = changed.contains(y)
                        for place in y * width..<(y + 1) * width where mayHaveChanged || numbers[place] == unused {
                            if isCovered {
                                let column = picture.rect.column + (place - y * width) / cell.width
                                if covers.contains(where: { $0.contains(column: column, row: row) }) { continue }
                            }
                            let number = palette.number(of: pixels[place])
                            guard number != numbers[place] else { continue }
                            numbers[place] = number
                            wanted[place] = number
                            count += 1
                        }
                    }
                }
            }
        }
        return (wanted, count)
    }

    // MARK: libsixel

    /// Numbers of the palette as one sixel image that leaves `unused` pixels as they are.
    private func encoded(_ numbers: [UInt8], width: Int, height: Int) -> [UInt8]? {
        var dither: OpaquePointer?
        guard sixel_dither_new(&dither, Int32(palette.colours.count + 1), nil) == 0 else { return nil }
        defer { sixel_dither_unref(dither) }
        var colours: [UInt8] = []
        for colour in palette.colours + [0] { colours += [UInt8(colour >> 16 & 255), UInt8(colour >> 8 & 255), UInt8(colour & 255)] }
        sixel_dither_set_palette(dither, &colours)
        sixel_dither_set_pixelformat(dither, csx_paletted)
        sixel_dither_set_transparent(dither, Int32(palette.unused))
        final class Sink { var bytes: [UInt8] = [] }
        let sink = Sink()
        sink.bytes.reserveCapacity(1 << 18)
        var output: OpaquePointer?
        let write: sixel_write_function = { data, size, sink in
            guard let data, let sink else { return 0 }
            let target = Unmanaged<Sink>.fromOpaque(sink).takeUnretainedValue()
            data.withMemoryRebound(to: UInt8.self, capacity: Int(size)) {
                target.bytes.append(contentsOf: UnsafeBufferPointer(start: $0, count: Int(size)))
            }
            return size
        }
        guard sixel_output_new(&output, write, Unmanaged.passUnretained(sink).toOpaque(), nil) == 0 else { return nil }
        defer { sixel_output_unref(output) }
        var pixels = numbers
        guard sixel_encode(&pixels, Int32(width), Int32(height), 1, dither, output) == 0 else { return nil }
        return withOwnHead(sink.bytes, numbers)
    }

    /// libsixel's image with a head that leaves the background, and of the palette only the colours that it uses.
    private func withOwnHead(_ image: [UInt8], _ numbers: [UInt8]) -> [UInt8]? {
        guard let start = image.firstIndex(of: UInt8(ascii: "q")) else { return nil }
        var isUsed = [Bool](repeating: false, count: 256)
        for number in numbers { isUsed[Int(number)] = true }
        var bytes = Array("\u{1B}P0;1;0".utf8)
        var at = start
        // Up to the first colour, then colours as long as they are declarations: `#number;2;…`.
        while at < image.count, image[at] != UInt8(ascii: "#") {
            bytes.append(image[at])
            at += 1
        }
        while at < image.count, image[at] == UInt8(ascii: "#") {
            var end = at + 1
            var number = 0
            while end < image.count, let digit = Self.digit(image[end]) {
                number = number * 10 + digit
                end += 1
            }
            guard end < image.count, image[end] == UInt8(ascii: ";") else { break }
            while end < image.count, image[end] == UInt8(ascii: ";") || Self.digit(image[end]) != nil { end += 1 }
            if number < 256, isUsed[number], number != Int(palette.unused) { bytes += image[at..<end] }
            at = end
        }
        return bytes + image[at...]
    }

    private static func digit(_ byte: UInt8) -> Int? { byte >= 48 && byte < 58 ? Int(byte) - 48 : nil }
}
