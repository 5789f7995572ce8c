import Cohorts
import Foundations
import Masks
import TerminalKit

/// Draws a CT slice with its overlays as pixels.
package struct CTSlicePicture: Sendable {
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
    package var reading = SliceReading()

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
        var image = PixelImage(columns: projection.columns, rows: projection.rows, mosaic: projection.mosaic)
        let sampling = SliceSampling(projection, through: cursor)
        let means =
            reading == SliceReading()
            ? sampling.means(subject.volumes.ct.voxels)
            : SliceResampler(projection, through: cursor, reading.interpolation, reading.slab).values(subject.volumes.ct.voxels, outside: 0)
        let overlay = overlay(sampling, projection.plane)
        for y in 0..<sampling.rows {
            for x in 0..<sampling.columns where sampling.holds(x: x, y: y) {
                let pixel = y * sampling.columns + x
                var brightness = window.brightness(means[pixel])
                if inverted { brightness = 1 - brightness }
                let level = UInt8(brightness * 255)
                let marks = overlay.marks[pixel]
                let grey = marks & Overlay.unknown != 0 ? unknown(level, x, y, &image) : Colour(grey: level)
                let highest = overlay.highest.isEmpty ? 0 : overlay.highest[pixel]
                if highest >= Self.faintest {
                    image[x, y] = grey.mixed(with: ColourMap.viridis(Double(highest)), opacity)
                    image.letter(Character(String(min(9, Int(highest * 10)))), x: x, y: y)
                } else if marks & Overlay.emphysema != 0, reading.style.fills || isEdge(overlay.marks, x, y, sampling) {
                    image[x, y] = tinted(grey, marks & Overlay.centrilobular != 0, marks & Overlay.paraseptal != 0, x, y, &image)
                } else {
                    image[x, y] = grey
                }
            }
        }
        drawMark(&image, projection)
        if crosshair { drawCrosshair(&image, projection) }
        return image
    }

    /// What lies over the CT, by pixel.
    struct Overlay {
        static let centrilobular: UInt8 = 1
        static let paraseptal: UInt8 = 2
        static let emphysema = centrilobular | paraseptal
        /// Lung that is not predicted yet.
        static let unknown: UInt8 = 4

        var marks: [UInt8]
        /// The highest probability; empty where none is shown.
        var highest: [Float] = []

        static func bit(_ subtype: EmphysemaSubtype) -> UInt8 { subtype == .centrilobular ? centrilobular : paraseptal }
    }

    func overlay(_ sampling: SliceSampling, _ plane: SlicePlane) -> Overlay {
        var overlay = Overlay(marks: [UInt8](repeating: 0, count: sampling.columns * sampling.rows))
        let slice = partial.map { PartialSlice($0, subject, plane, at: cursor) }
        if let shown = kind.subtype {
            overlay.highest = [Float](repeating: 0, count: overlay.marks.count)
            if let slice, let number = slice.number(shown) {
                addKnown(slice, sampling, [], probability: number, &overlay)
            } else if let finished = subject.volumes[shown].probability {
                sampling.raise(&overlay.highest, to: finished.voxels)
            }
        } else {
            let subtypes = EmphysemaSubtype.allCases.filter(shows.contains)
            for subtype in subtypes where slice?.number(subtype) == nil {
                guard let marked = MarkedVoxels(subject.volumes[subtype], threshold) else { continue }
                sampling.mark(Overlay.bit(subtype), where: marked, in: &overlay.marks)
            }
            let going = subtypes.compactMap { subtype in slice?.number(subtype).map { (number: $0, bit: Overlay.bit(subtype)) } }
            if let slice, !going.isEmpty { addKnown(slice, sampling, going, probability: nil, &overlay) }
        }
        return overlay
    }

    /// What is known of a prediction that goes on: marks where it reaches the threshold, or a subtype's highest probability.
    private func addKnown(
        _ slice: PartialSlice, _ sampling: SliceSampling, _ marked: [(number: Int, bit: UInt8)], probability: Int?, _ overlay: inout Overlay
    ) {
        sampling.forEach { pixel, h, v, offset in
            switch slice.known(h, v, offset: offset) {
            case .outside: break
            case .notYet: overlay.marks[pixel] |= Overlay.unknown
            case .probabilities(let found):
                for mark in marked where found[mark.number] >= threshold.probability { overlay.marks[pixel] |= mark.bit }
                if let probability { overlay.highest[pixel] = max(overlay.highest[pixel], found[probability]) }
            }
        }
    }

    /// Probabilities below this are not drawn.
    static let faintest: Float = 0.05

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

    /// Whether a pixel's neighbour has other marks.
    private func isEdge(_ marks: [UInt8], _ x: Int, _ y: Int, _ sampling: SliceSampling) -> Bool {
        func mark(_ x: Int, _ y: Int) -> UInt8 {
            x >= 0 && x < sampling.columns && y >= 0 && y < sampling.rows ? marks[y * sampling.columns + x] & Overlay.emphysema : 0
        }
        let own = mark(x, y)
        return mark(x - 1, y) != own || mark(x + 1, y) != own || mark(x, y - 1) != own || mark(x, y + 1) != own
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
