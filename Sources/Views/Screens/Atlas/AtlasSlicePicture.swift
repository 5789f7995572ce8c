import Foundations
import TerminalKit

/// Draws a slice of the atlas: lung in grey, each landmark's surroundings in the colour of its value.
package struct AtlasSlicePicture: Sendable {
    package var atlas: LoadedAtlas
    package var cursor: VoxelIndex
    package var selected: Int?
    /// The colour scale's ends.
    package var range: ClosedRange<Double>
    /// Each landmark's present value; nil: not visited yet.
    package var values: [Double?]
    package var crosshair: Bool
    package var reading = SliceReading()

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
        var image = PixelImage(columns: projection.columns, rows: projection.rows, mosaic: projection.mosaic)
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
        let sampling = SliceSampling(projection, through: cursor)
        if let ct = atlas.map.ct {
            let means = sampling.means(ct.voxels)
            for y in 0..<sampling.rows {
                for x in 0..<sampling.columns where sampling.holds(x: x, y: y) {
                    image[x, y] = Colour(grey: UInt8(DisplayWindow.lung.brightness(means[y * sampling.columns + x]) * 255))
                }
            }
            return
        }
        sampling.forEachMiddle { x, y, offset in
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
            let value = values[landmark]
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
                        if atlas.map.ct != nil {
                            image[x, y] = image[x, y].mixed(with: full, 0.5)
                        } else {
                            image[x, y] = image[x, y] == Self.lung ? full : full.mixed(with: Colour(grey: 0), 0.6)
                        }
                        if let digit { image.letter(digit, x: x, y: y) }
                    }
                }
            }
        }
    }

    // MARK: pixels

    /// The atlas's CT or its lungs, the landmarks' tiles, notes, and the cross-hair.
    package func layers(_ frame: SliceFrame, notes: SliceNotes) -> [Picture.Layer] {
        let projection = frame.projection
        let drawn = frame.drawn
        let address = UInt(bitPattern: ObjectIdentifier(atlas).hashValue)
        let slice = "\(address) \(atlas.axes.position(cursor, projection.plane.normal)) \(projection.identity)"
        let copy = self
        var hasher = Hasher()
        hasher.combine(values)
        let state = "\(hasher.finalize()) \(range) \(selected ?? -1)"
        let cross = SliceNotes.crosshair(at: SliceNotes.place(of: cursor, projection), ColourMap.crosshair, frame)
        return [
            frame.layer("scan", "\(slice) \(reading.interpolation)") { copy.scan(drawn) },
            frame.layer("tiles", "\(slice) \(state)") { copy.tiles(drawn) },
            notes.layer(frame),
        ] + (crosshair ? cross : [])
    }

    /// The CT in the lung window, or the lungs in grey.
    private func scan(_ projection: SliceProjection) -> Raster {
        let resampler = SliceResampler(projection, through: cursor, reading.interpolation, SlabView())
        if let ct = atlas.map.ct {
            return CTSlicePicture.raster(resampler.values(ct.voxels, outside: -.infinity), projection, .lung, inverted: false)
        }
        let lungs = resampler.values(atlas.map.lungs.voxels, outside: 0)
        return Raster(
            width: projection.columns, height: projection.rows, grey: lungs.map { UInt8(min(1, max(0, $0)) * 72) })
    }

    /// Outside of the lungs a tile is a hint of its colour.
    private func dimOutside(_ canvas: inout Canvas, _ projection: SliceProjection) {
        let lungs = atlas.map.lungs.voxels
        var isLung = [Bool](repeating: false, count: canvas.width * canvas.height)
        SliceSampling(projection, through: cursor).forEachMiddle { x, y, offset in
            if lungs[offset] != 0 { isLung[y * canvas.width + x] = true }
        }
        canvas.fade(0.3) { !isLung[$0] }
    }

    /// Tiles, brightest over the lungs; the selected landmark and its neighbours have frames.
    private func tiles(_ projection: SliceProjection) -> Raster {
        var canvas = Canvas(width: projection.columns, height: projection.rows)
        let axes = atlas.axes
        let plane = projection.plane
        let slice = axes.position(cursor, plane.normal)
        let neighbours = selected.map { Set(atlas.map.neighbours[$0].prefix(2)) } ?? []
        let thickness = projection.columns >= 300 ? 2 : 1
        func place(_ landmark: Int) -> (x: Int, y: Int, width: Int, height: Int)? {
            let centre = atlas.centre(landmark: landmark)
            guard abs(axes.position(centre, plane.normal) - slice) <= Self.tileHalf + 1 else { return nil }
            let h = Double(axes.position(centre, plane.horizontal))
            let v = Double(axes.position(centre, plane.vertical))
            let half = Double(Self.tileHalf)
            let a = projection.pixel(horizontal: h - half, vertical: v - half)
            let b = projection.pixel(horizontal: h + half, vertical: v + half)
            return (min(a.x, b.x), min(a.y, b.y), abs(a.x - b.x), abs(a.y - b.y))
        }
        let hasScan = atlas.map.ct != nil
        for landmark in atlas.map.landmarks.indices {
            guard let value = values[landmark], let at = place(landmark) else { continue }
            canvas.fill(
                x: at.x, y: at.y, width: at.width, height: at.height, Self.colour(value, in: range), hasScan ? 0.45 : 0.8)
        }
        dimOutside(&canvas, projection)
        for landmark in atlas.map.landmarks.indices where landmark == selected || neighbours.contains(landmark) {
            guard let at = place(landmark) else { continue }
            canvas.outline(
                x: at.x, y: at.y, width: at.width, height: at.height, thickness: thickness,
                landmark == selected ? Self.selectedColour : Self.neighbourColour)
        }
        return canvas.raster
    }
}
