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
    package var kind: OverlayKind
    package var threshold: MaskThreshold
    /// The ruler's other end.
    package var mark: VoxelIndex?
    /// What is known of a prediction that goes on, in place of its subtypes' masks.
    package var partial: PartialPrediction?

    package init(
        subject: LoadedSubject, cursor: VoxelIndex, window: DisplayWindow, inverted: Bool, shows: Set<EmphysemaSubtype>, opacity: Float,
        crosshair: Bool, kind: OverlayKind = .masks, threshold: MaskThreshold = .mask, mark: VoxelIndex? = nil
    ) {
        self.kind = kind
        self.threshold = threshold
        self.mark = mark
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
    package static let markColour = Colour(hex: 0xF0E442)
    /// Lung that is not predicted yet.
    package static let unknown = Colour(hex: 0xAF87D7)

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
        let cle = overlay(.centrilobular)
        let pse = overlay(.paraseptal)
        let partial = partial.map { PartialSlice($0, subject, plane, at: cursor) }
        let numbers = EmphysemaSubtype.allCases.map { kind == .masks && shows.contains($0) ? partial?.number($0) : nil }
        let wanted = kind.subtype.flatMap { partial?.number($0) }
        let probability = wanted == nil ? kind.subtype.flatMap { subject.volumes[$0].probability?.voxels } : nil
        let showsPartial = wanted != nil || numbers.contains { $0 != nil }
        for y in rows.indices where !rows[y].isEmpty {
            for x in columns.indices where !columns[x].isEmpty {
                var sum: Float = 0
                var isCentrilobular = false
                var isParaseptal = false
                var isUnknown = false
                var highest: Float = 0
                for v in rows[y] {
                    for h in columns[x] {
                        let offset = origin + v * strideV + h * strideH
                        sum += Float(ct[offset])
                        if let cle, cle.contains(offset) { isCentrilobular = true }
                        if let pse, pse.contains(offset) { isParaseptal = true }
                        if let probability { highest = max(highest, probability[offset]) }
                        guard showsPartial, let partial else { continue }
                        switch partial.known(h, v, offset: offset) {
                        case .outside: break
                        case .notYet: isUnknown = true
                        case .probabilities(let found):
                            if let number = numbers[0], found[number] >= threshold.probability { isCentrilobular = true }
                            if let number = numbers[1], found[number] >= threshold.probability { isParaseptal = true }
                            if let wanted { highest = max(highest, found[wanted]) }
                        }
                    }
                }
                var brightness = window.brightness(sum / Float(rows[y].count * columns[x].count))
                if inverted { brightness = 1 - brightness }
                let grey = isUnknown ? unknown(UInt8(brightness * 255), x, y, &image) : Colour(grey: UInt8(brightness * 255))
                if highest >= Self.faintest {
                    image[x, y] = grey.mixed(with: ColourMap.viridis(Double(highest)), opacity)
                    image.letter(Character(String(min(9, Int(highest * 10)))), x: x, y: y)
                } else {
                    image[x, y] = isCentrilobular || isParaseptal ? tinted(grey, isCentrilobular, isParaseptal, x, y, &image) : grey
                }
            }
        }
        drawMark(&image, projection)
        if crosshair { drawCrosshair(&image, projection) }
        return image
    }

    /// Probabilities below this are not drawn.
    private static let faintest: Float = 0.05

    private func overlay(_ subtype: EmphysemaSubtype) -> MarkedVoxels? {
        guard kind == .masks, shows.contains(subtype), partial?.subtypes.contains(subtype) != true else { return nil }
        return MarkedVoxels(subject.volumes[subtype], threshold)
    }

    /// Dotted, so that it is not taken for lung without emphysema.
    private func unknown(_ grey: UInt8, _ x: Int, _ y: Int, _ image: inout PixelImage) -> Colour {
        let isDot = (x + 2 * y) % 4 == 0
        if isDot { image.letter("?", x: x, y: y) }
        return Colour(grey: grey).mixed(with: Self.unknown, isDot ? 0.7 : 0.2)
    }

    /// A cross where the ruler begins, on slices that hold it.
    private func drawMark(_ image: inout PixelImage, _ projection: SliceProjection) {
        let axes = subject.axes
        let plane = projection.plane
        guard let mark, axes.position(mark, plane.normal) == axes.position(cursor, plane.normal) else { return }
        let at = projection.pixel(
            horizontal: Double(axes.position(mark, plane.horizontal)), vertical: Double(axes.position(mark, plane.vertical)))
        for (dx, dy) in [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)] {
            image[at.x + dx, at.y + dy] = Self.markColour
            image.letter("+", x: at.x + dx, y: at.y + dy)
        }
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
        image.drawCrosshair(x: centre.x, y: centre.y, kind == .masks ? Self.crosshairColour : ColourMap.crosshair)
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
