import Foundations
import TerminalKit

/// Draws a slice of the atlas: lung in grey, each landmark's surroundings in the colour of its value.
package struct AtlasSlicePicture {
    package var atlas: LoadedAtlas
    package var cursor: VoxelIndex
    package var selected: Int?
    /// The colour scale's ends.
    package var range: ClosedRange<Double>
    /// A landmark's present value; nil: not visited yet.
    package var value: (Int) -> Double?
    package var crosshair: Bool

    /// Half the side of the tile that stands for a landmark: landmark boxes overlap, tiles of the step (26) do not.
    private static let tileHalf = 12
    private static let lung = Colour(grey: 0x48)
    private static let selectedColour = Colour(grey: 0xFF)
    private static let neighbourColour = Colour(grey: 0xB0)

    package static func colour(_ value: Double, in range: ClosedRange<Double>) -> Colour {
        ColourMap.viridis(position(value, range))
    }

    private static func position(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        range.upperBound > range.lowerBound ? (value - range.lowerBound) / (range.upperBound - range.lowerBound) : 0.5
    }

    package func image(_ projection: SliceProjection) -> PixelImage {
        var image = PixelImage(columns: projection.columns, cellRows: projection.rows / 2)
        drawLungs(&image, projection)
        drawTiles(&image, projection)
        if crosshair {
            let axes = atlas.axes
            let centre = projection.pixel(
                horizontal: Double(axes.position(cursor, projection.plane.horizontal)),
                vertical: Double(axes.position(cursor, projection.plane.vertical)))
            image.drawCrosshair(x: centre.x, y: centre.y, ColourMap.crosshair)
        }
        return image
    }

    private func drawLungs(_ image: inout PixelImage, _ projection: SliceProjection) {
        let lungs = atlas.map.lungs.voxels
        SliceSampling(projection, through: cursor).forEachMiddle { x, y, offset in
            if lungs[offset] != 0 { image[x, y] = Self.lung }
        }
    }

    private func drawTiles(_ image: inout PixelImage, _ projection: SliceProjection) {
        let axes = atlas.axes
        let plane = projection.plane
        let slice = axes.position(cursor, plane.normal)
        let neighbours = selected.map { Set(atlas.map.neighbours[$0].prefix(2)) } ?? []
        for landmark in atlas.map.landmarks.indices {
            let centre = atlas.centre(landmark: landmark)
            guard abs(axes.position(centre, plane.normal) - slice) <= Self.tileHalf + 1 else { continue }
            let h = Double(axes.position(centre, plane.horizontal))
            let v = Double(axes.position(centre, plane.vertical))
            let half = Double(Self.tileHalf)
            let a = projection.pixel(horizontal: h - half, vertical: v - half)
            let b = projection.pixel(horizontal: h + half, vertical: v + half)
            let xs = min(a.x, b.x)...max(a.x, b.x)
            let ys = min(a.y, b.y)...max(a.y, b.y)
            let value = value(landmark)
            let digit = value.map { Character(String(Int(max(0, min(9, Self.position($0, range) * 10))))) }
            for y in ys where y >= 0 && y < projection.rows {
                for x in xs where x >= 0 && x < projection.columns {
                    let edge = x == xs.lowerBound || x == xs.upperBound || y == ys.lowerBound || y == ys.upperBound
                    if edge, landmark == selected {
                        image[x, y] = Self.selectedColour
                    } else if edge, neighbours.contains(landmark) {
                        image[x, y] = Self.neighbourColour
                    } else if let value, !edge || xs.count < 4 {
                        let full = Self.colour(value, in: range)
                        image[x, y] = image[x, y] == Self.lung ? full : full.mixed(with: Colour(grey: 0), 0.6)
                        if let digit { image.letter(digit, x: x, y: y) }
                    }
                }
            }
        }
    }
}
