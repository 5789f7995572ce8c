import Engine

/// Draws a CT slice with its overlays as pixels.
package struct CTSlicePicture {
    package var subject: LoadedSubject
    package var cursor: VoxelIndex
    package var window: DisplayWindow
    package var inverted: Bool
    package var shows: Set<EmphysemaSubtype>
    /// 0…1.
    package var opacity: Float
    package var crosshair: Bool

    package init(
        subject: LoadedSubject, cursor: VoxelIndex, window: DisplayWindow, inverted: Bool, shows: Set<EmphysemaSubtype>, opacity: Float,
        crosshair: Bool
    ) {
        self.subject = subject
        self.cursor = cursor
        self.window = window
        self.inverted = inverted
        self.shows = shows
        self.opacity = opacity
        self.crosshair = crosshair
    }

    /// Orange and blue are apart for every kind of colour vision, the overlap's magenta lies between; saturated enough that they keep
    /// their hue when mixed with grey and rounded to the terminal's 256 colours.
    package static let centrilobular = Colour(hex: 0xE69F00)
    package static let paraseptal = Colour(hex: 0x00AFFF)
    package static let overlap = Colour(hex: 0xFF5FD7)
    package static let crosshairColour = Colour(hex: 0x5FD75F)

    /// The picture of the slice through the cursor. Pixels that cover several voxels show their mean; a pixel is tinted when any voxel that
    /// it samples is emphysema, so that small foci do not vanish.
    package func image(_ projection: SliceProjection) -> PixelImage {
        var image = PixelImage(columns: projection.columns, cellRows: projection.rows / 2)
        let axes = subject.axes
        let plane = projection.plane
        let columns = projection.columnSamples()
        let rows = projection.rowSamples()
        let strideH = axes.stride(plane.horizontal)
        let strideV = axes.stride(plane.vertical)
        // Storage offset of the slice's voxel at horizontal and vertical position 0.
        let corner = axes.moving(axes.moving(cursor, plane.horizontal, to: 0), plane.vertical, to: 0)
        let origin = axes.extent.offset(corner)
        let ct = subject.volumes.ct.voxels
        let cle = shows.contains(.centrilobular) ? subject.volumes.centrilobular.mask?.voxels : nil
        let pse = shows.contains(.paraseptal) ? subject.volumes.paraseptal.mask?.voxels : nil
        for y in rows.indices where !rows[y].isEmpty {
            for x in columns.indices where !columns[x].isEmpty {
                var sum: Float = 0
                var isCentrilobular = false
                var isParaseptal = false
                for v in rows[y] {
                    for h in columns[x] {
                        let offset = origin + v * strideV + h * strideH
                        sum += Float(ct[offset])
                        if let cle, cle[offset] != 0 { isCentrilobular = true }
                        if let pse, pse[offset] != 0 { isParaseptal = true }
                    }
                }
                var brightness = window.brightness(sum / Float(rows[y].count * columns[x].count))
                if inverted { brightness = 1 - brightness }
                let grey = Colour(grey: UInt8(brightness * 255))
                image[x, y] = isCentrilobular || isParaseptal ? tinted(grey, isCentrilobular, isParaseptal, x, y, &image) : grey
            }
        }
        if crosshair { drawCrosshair(&image, projection) }
        return image
    }

    /// Hatch: centrilobular leans like `/`, paraseptal like `\`; where both lie, both hatches cross.
    private func tinted(_ grey: Colour, _ cle: Bool, _ pse: Bool, _ x: Int, _ y: Int, _ image: inout PixelImage) -> Colour {
        let rising = (x + y) % 4 < 2
        let falling = ((x - y) % 4 + 4) % 4 < 2
        let colour = cle && pse ? Self.overlap : cle ? Self.centrilobular : Self.paraseptal
        let onHatch = (cle && rising) || (pse && falling)
        image.letter(cle && pse ? "X" : cle ? "/" : "\\", x: x, y: y)
        return onHatch
            ? grey.mixed(with: colour, min(1, opacity + 0.15))
            : grey.mixed(with: colour.mixed(with: Colour(grey: 0), 0.38), min(1, opacity + 0.1))
    }

    private func drawCrosshair(_ image: inout PixelImage, _ projection: SliceProjection) {
        let axes = subject.axes
        let plane = projection.plane
        let centre = projection.pixel(
            horizontal: Double(axes.position(cursor, plane.horizontal)), vertical: Double(axes.position(cursor, plane.vertical)))
        image.drawCrosshair(x: centre.x, y: centre.y, Self.crosshairColour)
    }
}

extension PixelImage {
    /// Four dotted arms and a tick at each edge, with a gap in the middle, so that the voxel under the cross-hair and the picture behind it
    /// show; arms no longer than needed, since every dot that moves is sent to the terminal.
    package mutating func drawCrosshair(x: Int, y: Int, _ colour: Colour) {
        func isDrawn(_ distance: Int, _ place: Int, _ count: Int) -> Bool {
            distance > 2 && (distance <= 8 || place < 2 || place >= count - 2)
        }
        for column in stride(from: x & 1, to: columns, by: 2) where isDrawn(abs(column - x), column, columns) {
            self[column, y] = self[column, y].mixed(with: colour, 0.7)
            letter("-", x: column, y: y)
        }
        for row in stride(from: y & 1, to: rows, by: 2) where isDrawn(abs(row - y), row, rows) {
            self[x, row] = self[x, row].mixed(with: colour, 0.7)
            letter("|", x: x, y: row)
        }
    }
}
