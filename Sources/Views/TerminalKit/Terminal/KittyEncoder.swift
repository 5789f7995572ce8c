import Foundation
import Foundations

/// Pictures by kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol): each layer is an image of its own, sent as PNG when its
/// pixels changed, and a placement, which moves for a few bytes.
package struct KittyEncoder {
    /// A part of a layer that is in view, in pixels of its picture.
    private struct Piece: Equatable {
        var x, y, width, height: Int
    }

    /// A layer that the terminal holds.
    private struct Held {
        var id: Int
        var layer: Picture.Layer
        /// Of its raster.
        var width, height: Int
        /// By placement number, from 1.
        var places: [String]
    }

    private struct Key: Hashable {
        var picture, layer: String
    }

    private let cell: PixelSize
    private var held: [Key: Held] = [:]
    /// Numbers far from those that other programs in the same window are likely to use.
    private var next = 7_340_001

    package init(cell: PixelSize) { self.cell = cell }

    package var isEmpty: Bool { held.isEmpty }

    /// Takes every picture off the terminal.
    package static let removeAll = Array("\u{1B}_Ga=d,d=A,q=2\u{1B}\\".utf8)

    /// The bytes that change the terminal's pictures to a frame's.
    /// - Parameter wasCleared: the terminal was cleared, and may hold anything.
    package mutating func encode(_ frame: CellGrid, wasCleared: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        if wasCleared {
            bytes += Self.removeAll
            held = [:]
        }
        var seen: Set<Key> = []
        for picture in frame.pictures {
            for (z, layer) in picture.layers.enumerated() {
                let key = Key(picture: picture.name, layer: layer.name)
                seen.insert(key)
                show(layer, of: picture, z: z + 1, frame.covers, key, &bytes)
            }
        }
        for (key, gone) in held.sorted(by: { $0.value.id < $1.value.id }) where !seen.contains(key) {
            remove(gone.id, &bytes)
            held[key] = nil
        }
        return bytes
    }

    private mutating func show(
        _ layer: Picture.Layer, of picture: Picture, z: Int, _ covers: [Rect], _ key: Key, _ bytes: inout [UInt8]
    ) {
        var old: Int?
        // What is there in full is never replaced by the same with fewer pixels.
        let isThere = held[key].map { $0.layer.hasPixels(of: layer) || (layer.isCoarse && $0.layer.shows(layer)) } ?? false
        if !isThere {
            let raster = layer.raster
            guard let data = try? Self.png(raster) else { return }
            old = held[key]?.id
            held[key] = Held(id: next, layer: layer, width: raster.width, height: raster.height, places: [])
            transmit(next, data, &bytes)
            next += 1
        }
        place(layer, of: picture, z: z, covers, key, &bytes)
        if let old { remove(old, &bytes) }
    }

    private static func png(_ raster: Raster) throws -> Data {
        switch raster.pixels {
        case .grey(let values): try PNGFile.data(grey: values, width: raster.width, height: raster.height, .quick)
        case .colour(let values): try PNGFile.data(colours: values, width: raster.width, height: raster.height, .quick)
        }
    }

    private func transmit(_ id: Int, _ data: Data, _ bytes: inout [UInt8]) {
        let text = Array(data.base64EncodedData())
        var start = 0
        repeat {
            let end = min(text.count, start + 4096)
            let more = end < text.count ? 1 : 0
            bytes += Array((start == 0 ? "\u{1B}_Ga=t,f=100,i=\(id),q=2,m=\(more);" : "\u{1B}_Gm=\(more),q=2;").utf8)
            bytes += text[start..<end]
            bytes += [0x1B, 0x5C]
            start = end
        } while start < text.count
    }

    private func remove(_ id: Int, _ bytes: inout [UInt8]) { bytes += Array("\u{1B}_Ga=d,d=I,i=\(id),q=2\u{1B}\\".utf8) }

    private mutating func place(
        _ layer: Picture.Layer, of picture: Picture, z: Int, _ covers: [Rect], _ key: Key, _ bytes: inout [UInt8]
    ) {
        guard var image = held[key] else { return }
        let isStretched = image.width != layer.width || image.height != layer.height
        let places = pieces(layer, picture, covers).enumerated().map { number, piece in
            // Where in the image the piece lies.
            func scaled(_ value: Int, _ to: Int, _ from: Int) -> Int { isStretched ? (value * to + from / 2) / from : value }
            let left = scaled(piece.x - layer.x, image.width, layer.width)
            let top = scaled(piece.y - layer.y, image.height, layer.height)
            let width = max(1, scaled(piece.x - layer.x + piece.width, image.width, layer.width) - left)
            let height = max(1, scaled(piece.y - layer.y + piece.height, image.height, layer.height) - top)
            let (column, row) = (picture.rect.column + piece.x / cell.width, picture.rect.row + piece.y / cell.height)
            var text = "\u{1B}[\(row + 1);\(column + 1)H\u{1B}_Ga=p,i=\(image.id),p=\(number + 1)"
            if left > 0 || top > 0 || width != image.width || height != image.height {
                text += ",x=\(left),y=\(top),w=\(width),h=\(height)"
            }
            if isStretched {
                text += ",c=\((piece.width + cell.width - 1) / cell.width),r=\((piece.height + cell.height - 1) / cell.height)"
            }
            if piece.x % cell.width > 0 { text += ",X=\(piece.x % cell.width)" }
            if piece.y % cell.height > 0 { text += ",Y=\(piece.y % cell.height)" }
            return text + ",z=\(z),C=1,q=2\u{1B}\\"
        }
        for (number, text) in places.enumerated() where !image.places.indices.contains(number) || image.places[number] != text {
            bytes += Array(text.utf8)
        }
        for number in places.count..<max(places.count, image.places.count) {
            bytes += Array("\u{1B}_Ga=d,d=i,i=\(image.id),p=\(number + 1),q=2\u{1B}\\".utf8)
        }
        image.places = places
        held[key] = image
    }

    /// What is in view of a layer: within its picture, and under no cover.
    private func pieces(_ layer: Picture.Layer, _ picture: Picture, _ covers: [Rect]) -> [Piece] {
        let (left, top) = (max(0, layer.x), max(0, layer.y))
        let (right, bottom) = (min(picture.size.width, layer.x + layer.width), min(picture.size.height, layer.y + layer.height))
        guard right > left, bottom > top else { return [] }
        var pieces = [Piece(x: left, y: top, width: right - left, height: bottom - top)]
        for cover in covers {
            let x = (cover.column - picture.rect.column) * cell.width
            let y = (cover.row - picture.rect.row) * cell.height
            let hole = Piece(x: x, y: y, width: cover.columns * cell.width, height: cover.rows * cell.height)
            pieces = pieces.flatMap { Self.without($0, hole) }
        }
        return pieces
    }

    private static func without(_ piece: Piece, _ hole: Piece) -> [Piece] {
        let (left, top) = (max(piece.x, hole.x), max(piece.y, hole.y))
        let right = min(piece.x + piece.width, hole.x + hole.width)
        let bottom = min(piece.y + piece.height, hole.y + hole.height)
        guard right > left, bottom > top else { return [piece] }
        return [
            Piece(x: piece.x, y: piece.y, width: piece.width, height: top - piece.y),
            Piece(x: piece.x, y: bottom, width: piece.width, height: piece.y + piece.height - bottom),
            Piece(x: piece.x, y: top, width: left - piece.x, height: bottom - top),
            Piece(x: right, y: top, width: piece.x + piece.width - right, height: bottom - top),
        ].filter { $0.width > 0 && $0.height > 0 }
    }
}
