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
        let isNew = now.rasters.isEmpty
        let forgotten = forgetTouched(picture.rect, frame, touched, width, &now.numbers)
        var changed = compose(picture, &now)
        let whole = Area(x: 0..<width, y: 0..<height)
        if isNew { changed = [whole] } else if !forgotten.isEmpty { changed.append(Area(x: 0..<width, y: forgotten)) }
        let (wanted, bands) = difference(picture, frame.covers, changed, &now.numbers, now.pixels)
        if !bands.isEmpty, let image = encoded(wanted, bands, width: width, height: height) {
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

    /// A part of a picture, pixels.
    private struct Area: Equatable {
        var x, y: Range<Int>

        var isEmpty: Bool { x.isEmpty || y.isEmpty }
        func clamped(to other: Area) -> Area { Area(x: x.clamped(to: other.x), y: y.clamped(to: other.y)) }
    }

    private static func union(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
        a.isEmpty ? b : b.isEmpty ? a : min(a.lowerBound, b.lowerBound)..<max(a.upperBound, b.upperBound)
    }

    /// Where cells were written the terminal shows them.
    /// - Returns: the lines of the picture where that is so.
    private func forgetTouched(
        _ rect: Rect, _ frame: CellGrid, _ touched: [Bool], _ width: Int, _ numbers: inout [UInt8]
    ) -> Range<Int> {
        var lines = 0..<0
        for row in rect.row..<min(rect.endRow, frame.size.rows) {
            for column in rect.column..<min(rect.endColumn, frame.size.columns) where touched[row * frame.size.columns + column] {
                let (x, y) = ((column - rect.column) * cell.width, (row - rect.row) * cell.height)
                lines = Self.union(lines, y..<y + cell.height)
                for line in y..<y + cell.height {
                    for place in line * width + x..<line * width + x + cell.width { numbers[place] = palette.unused }
                }
            }
        }
        return lines
    }

    /// Lays the layers over each other where one changed, and says where that is.
    private func compose(_ picture: Picture, _ now: inout Shown) -> [Area] {
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
        let whole = Area(x: 0..<picture.size.width, y: 0..<picture.size.height)
        var dirty: [Area] = []
        func add(_ layer: Picture.Layer) {
            let area = Area(x: layer.x..<layer.x + layer.width, y: layer.y..<layer.y + layer.height).clamped(to: whole)
            if !area.isEmpty { dirty.append(area) }
        }
        for index in 0..<max(old.count, layers.count) {
            let (a, b) = (old.indices.contains(index) ? old[index] : nil, layers.indices.contains(index) ? layers[index] : nil)
            guard a != b else { continue }
            if let a { add(a) }
            if let b { add(b) }
        }
        if dirty.contains(whole) { dirty = [whole] }
        now.rasters = rasters
        now.picture = Picture(name: picture.name, rect: picture.rect, cell: cell, layers: layers)
        // The lowest layer fills its place most often.
        let isFilled = rasters.first.map { Self.fills($0, layers[0], picture) } ?? false
        for area in dirty {
            if !isFilled {
                now.pixels.withUnsafeMutableBufferPointer { pixels in
                    for y in area.y { for x in area.x { pixels[y * picture.size.width + x] = background } }
                }
            }
            for (layer, raster) in zip(layers, rasters) {
                Picture.draw(layer, raster, on: &now.pixels, picture.size, within: (area.x, area.y))
            }
        }
        return dirty
    }

    private static func fills(_ raster: Raster, _ layer: Picture.Layer, _ picture: Picture) -> Bool {
        guard case .grey = raster.pixels else { return false }
        return layer.x <= 0 && layer.y <= 0 && layer.x + layer.width >= picture.size.width && layer.y + layer.height >= picture.size.height
    }

    /// The palette's numbers of the pixels that are to be drawn, `unused` elsewhere, and the bands of six lines where there are any.
    private func difference(
        _ picture: Picture, _ covers: [Rect], _ changed: [Area], _ numbers: inout [UInt8], _ pixels: [UInt32]
    ) -> (wanted: [UInt8], bands: [Range<Int>]) {
        let (width, height, unused) = (picture.size.width, picture.size.height, palette.unused)
        guard !changed.isEmpty else { return ([], []) }
        var wanted = [UInt8](repeating: unused, count: numbers.count)
        var isDirty = [Bool](repeating: false, count: (height + 5) / 6)
        let near = covers.filter { $0.column < picture.rect.endColumn && $0.endColumn > picture.rect.column }
        numbers.withUnsafeMutableBufferPointer { numbers in
            wanted.withUnsafeMutableBufferPointer { wanted in
                pixels.withUnsafeBufferPointer { pixels in
                    palette.withNumbers { number in
                        for area in changed {
                            for y in area.y {
                                let row = picture.rect.row + y / cell.height
                                let above = near.filter { $0.row <= row && row < $0.endRow }
                                for x in area.x {
                                    let place = y * width + x
                                    let found = number(pixels[place])
                                    guard found != numbers[place] else { continue }
                                    if !above.isEmpty {
                                        let column = picture.rect.column + x / cell.width
                                        if above.contains(where: { $0.contains(column: column, row: row) }) { continue }
                                    }
                                    numbers[place] = found
                                    wanted[place] = found
                                    isDirty[y / 6] = true
                                }
                            }
                        }
                    }
                }
            }
        }
        redrawBusyBands(&wanted, numbers, isDirty, width: width)
        var bands: [Range<Int>] = []
        for band in isDirty.indices where isDirty[band] {
            if let last = bands.last, last.upperBound == band {
                bands[bands.count - 1] = last.lowerBound..<band + 1
            } else {
                bands.append(band..<band + 1)
            }
        }
        return (wanted, bands)
    }

    /// Where much of a band changed, all of it costs fewer bytes than the many pieces that did.
    private func redrawBusyBands(_ wanted: inout [UInt8], _ numbers: [UInt8], _ isDirty: [Bool], width: Int) {
        for band in isDirty.indices where isDirty[band] {
            let places = band * 6 * width..<min(numbers.count, (band + 1) * 6 * width)
            let changed = places.reduce(0) { $0 + (wanted[$1] == palette.unused ? 0 : 1) }
            guard changed * 4 > places.count else { continue }
            for place in places { wanted[place] = numbers[place] }
        }
    }

    // MARK: libsixel

    /// Numbers of the palette in some bands as one sixel image of the whole picture's size that leaves `unused` pixels as they are.
    ///
    /// libsixel looks for each colour of its palette in each band: it gets the bands that hold something, and the colours that these have.
    private func encoded(_ numbers: [UInt8], _ bands: [Range<Int>], width: Int, height: Int) -> [UInt8]? {
        var isUsed = [Bool](repeating: false, count: 256)
        for run in bands {
            for place in run.lowerBound * 6 * width..<min(numbers.count, run.upperBound * 6 * width) { isUsed[Int(numbers[place])] = true }
        }
        isUsed[Int(palette.unused)] = false
        let used = (0..<256).filter { isUsed[$0] }
        var short = [UInt8](repeating: UInt8(used.count), count: 256)
        for (index, number) in used.enumerated() { short[number] = UInt8(index) }
        var bytes = Array("\u{1B}P0;1;0q\"1;1;\(width);\(height)".utf8)
        for number in used {
            let colour = palette.colours[number]
            func percent(_ shift: UInt32) -> UInt32 { ((colour >> shift & 255) * 100 + 127) / 255 }
            bytes += Array("#\(number);2;\(percent(16));\(percent(8));\(percent(0))".utf8)
        }
        var at = 0
        for run in bands {
            let part = numbers[run.lowerBound * 6 * width..<min(numbers.count, run.upperBound * 6 * width)].map { short[Int($0)] }
            guard let body = Self.body(part, width: width, colours: used.count + 1) else { return nil }
            bytes += [UInt8](repeating: UInt8(ascii: "-"), count: run.lowerBound - at)
            at = run.lowerBound + appended(body, used, to: &bytes)
        }
        return bytes + [0x1B, 0x5C]
    }

    /// Appends a body with its colours by their own numbers. What is not to be drawn is a colour after the others: its pixels become blanks, which
    /// leave what is there.
    /// - Returns: the bands that it went on by.
    private func appended(_ body: ArraySlice<UInt8>, _ used: [Int], to bytes: inout [UInt8]) -> Int {
        let names = used.map { Array("#\($0)".utf8) }
        var (index, bands) = (body.startIndex, 0)
        // Blanks are written where something follows them in the line.
        var blanks: [UInt8]?
        while index < body.endIndex {
            let byte = body[index]
            index += 1
            switch byte {
            case UInt8(ascii: "#"):
                var number = 0
                while index < body.endIndex, let digit = Self.digit(body[index]) {
                    number = number * 10 + digit
                    index += 1
                }
                if let blanks { bytes += blanks }
                blanks = number < names.count ? nil : []
                if number < names.count { bytes += names[number] }
            case UInt8(ascii: "-"), UInt8(ascii: "$"):
                if blanks != nil { blanks = [] }
                if byte == UInt8(ascii: "-") { bands += 1 }
                bytes.append(byte)
            default:
                // Repeats are `!`, digits, and what is repeated.
                if blanks == nil { bytes.append(byte) } else { blanks?.append(byte >= 63 ? 63 : byte) }
            }
        }
        return bands
    }

    /// libsixel's image of numbers below `colours`, without its head, colours and end. Its own way to leave pixels as they are shifts every line
    /// by one to the left (1.10.3), so that none are transparent for it.
    private static func body(_ numbers: [UInt8], width: Int, colours: Int) -> ArraySlice<UInt8>? {
        var dither: OpaquePointer?
        guard sixel_dither_new(&dither, Int32(colours), nil) == 0 else { return nil }
        defer { sixel_dither_unref(dither) }
        var unimportant = [UInt8](repeating: 0, count: 3 * colours)
        sixel_dither_set_palette(dither, &unimportant)
        sixel_dither_set_pixelformat(dither, csx_paletted)
        final class Sink { var bytes: [UInt8] = [] }
        let sink = Sink()
        sink.bytes.reserveCapacity(1 << 16)
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
        guard sixel_encode(&pixels, Int32(width), Int32(numbers.count / width), 1, dither, output) == 0 else { return nil }
        let image = sink.bytes
        // Its head ends where the first colour begins: `#number;2;…`, as long as they are declarations.
        guard var at = image.firstIndex(of: UInt8(ascii: "#")) else { return nil }
        while at < image.count, image[at] == UInt8(ascii: "#") {
            var end = at + 1
            while end < image.count, digit(image[end]) != nil { end += 1 }
            guard end < image.count, image[end] == UInt8(ascii: ";") else { break }
            while end < image.count, image[end] == UInt8(ascii: ";") || digit(image[end]) != nil { end += 1 }
            at = end
        }
        // At the end `ESC \`.
        return image[at..<max(at, image.lastIndex(of: 0x1B) ?? image.count)]
    }

    private static func digit(_ byte: UInt8) -> Int? { byte >= 48 && byte < 58 ? Int(byte) - 48 : nil }
}
