import Foundation
import Foundations

/// A picture of pixels over a rectangle of cells: layers over each other, the lowest first.
///
/// A value: what it shows is a function of its layers' identities. Pixels are drawn when somebody asks for them, so that a picture which did not
/// change since the last frame costs nothing.
package struct Picture: Hashable, Sendable {
    /// Which picture of the screen it is: the same from frame to frame.
    package let name: String
    package let rect: Rect
    /// In pixels.
    package let size: PixelSize
    package let layers: [Layer]

    package init(name: String, rect: Rect, cell: PixelSize, layers: [Layer]) {
        self.name = name
        self.rect = rect
        size = PixelSize(width: rect.columns * cell.width, height: rect.rows * cell.height)
        self.layers = layers
    }

    /// One layer: its pixels and where they lie.
    package struct Layer: Hashable, Sendable {
        /// Which layer of the picture it is.
        package let name: String
        /// Where it begins in the picture, and its size there, pixels. What lies outside of the picture is not shown.
        package let x, y, width, height: Int
        /// Says all that its pixels depend on: equal for equal pixels only.
        package let identity: String
        /// Drawn with fewer pixels than it covers, to be replaced when keys rest: stretched over its place.
        package let isCoarse: Bool
        private let content: @Sendable () -> Raster

        package init(
            _ name: String, x: Int = 0, y: Int = 0, width: Int, height: Int, identity: String, isCoarse: Bool = false,
            _ content: @escaping @Sendable () -> Raster
        ) {
            self.name = name
            self.x = x
            self.y = y
            self.width = width
            self.height = height
            self.identity = identity
            self.isCoarse = isCoarse
            self.content = content
        }

        /// Draws its pixels.
        package var raster: Raster { content() }

        package static func == (a: Layer, b: Layer) -> Bool {
            a.name == b.name && a.hasPixels(of: b) && a.x == b.x && a.y == b.y
        }

        /// Whether it shows the same pixels, wherever they lie.
        package func hasPixels(of other: Layer) -> Bool {
            identity == other.identity && isCoarse == other.isCoarse && width == other.width && height == other.height
        }

        /// Whether it shows the same, be it with fewer pixels.
        package func shows(_ other: Layer) -> Bool { identity == other.identity && width == other.width && height == other.height }

        /// The same pixels where another layer lies.
        func moved(to other: Layer) -> Layer {
            Layer(name, x: other.x, y: other.y, width: width, height: height, identity: identity, isCoarse: isCoarse, content)
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(identity)
            hasher.combine(x)
            hasher.combine(y)
        }
    }

    /// All layers on a background, 0xRRGGBB a pixel, row after row.
    package func flattened(on background: UInt32 = 0) -> [UInt32] {
        var result = [UInt32](repeating: background, count: size.width * size.height)
        for layer in layers {
            Self.draw(layer, layer.raster, on: &result, size, within: (0..<size.width, 0..<size.height))
        }
        return result
    }

    /// Draws a part of a layer onto pixels 0xRRGGBB of a picture's size.
    static func draw(
        _ layer: Layer, _ raster: Raster, on pixels: inout [UInt32], _ size: PixelSize, within part: (x: Range<Int>, y: Range<Int>)
    ) {
        let columns = max(layer.x, part.x.lowerBound)..<max(max(layer.x, part.x.lowerBound), min(layer.x + layer.width, part.x.upperBound))
        let rows = max(layer.y, part.y.lowerBound)..<max(max(layer.y, part.y.lowerBound), min(layer.y + layer.height, part.y.upperBound))
        let isStretched = raster.width != layer.width || raster.height != layer.height
        let places = columns.map { isStretched ? ($0 - layer.x) * raster.width / layer.width : $0 - layer.x }
        guard !places.isEmpty else { return }
        pixels.withUnsafeMutableBufferPointer { pixels in
            for y in rows {
                let from = (isStretched ? (y - layer.y) * raster.height / layer.height : y - layer.y) * raster.width
                let to = y * size.width
                switch raster.pixels {
                case .grey(let values):
                    values.withUnsafeBufferPointer { values in
                        for x in columns {
                            pixels[to + x] = UInt32(values[from + places[x - columns.lowerBound]]) * 0x01_0101
                        }
                    }
                case .colour(let values):
                    values.withUnsafeBufferPointer { values in
                        for x in columns {
                            let value = values[from + places[x - columns.lowerBound]]
                            if value >> 24 != 0 { pixels[to + x] = Raster.over(value, pixels[to + x]) }
                        }
                    }
                }
            }
        }
    }

    /// SHA-256 over its place and its pixels on black.
    package var checksum: String {
        var bytes = Data("\(name) \(rect.column) \(rect.row) \(size) ".utf8)
        flattened().withUnsafeBytes { bytes.append(contentsOf: $0) }
        return Checksum.sha256(bytes)
    }
}
