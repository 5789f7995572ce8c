import Foundation
import Foundations
import TerminalKit

/// Lines and letters over a slice: the patient's sides, a scale, boxes, the ruler's beginning, the region that is measured.
package struct SliceNotes: Sendable {
    /// Words in the upper left corner.
    package var words: String
    package var showsScale: Bool
    package var boxes: BoxOutlines?

    package init(words: String = "", showsScale: Bool = true, boxes: BoxOutlines? = nil) {
        self.words = words
        self.showsScale = showsScale
        self.boxes = boxes
    }

    private static let label = Colour(hex: 0xF0E442)

    /// The layers of a CT slice.
    func layers(_ picture: CTSlicePicture, _ frame: SliceFrame) -> [Picture.Layer] {
        let projection = frame.projection
        let axes = projection.axes
        let slice = axes.position(picture.cursor, projection.plane.normal)
        let mark = picture.mark.flatMap { axes.position($0, projection.plane.normal) == slice ? $0 : nil }
        let outlines = boxes?.outlines(projection, at: picture.cursor) ?? []
        var identity = "\(projection.identity) \(words) \(showsScale) \(frame.textHeight)"
        identity += outlines.map { " \($0.box.label.rawValue) \($0.xs) \($0.ys)" }.joined()
        identity += mark.map { " mark \($0)" } ?? ""
        let notes = self
        return [
            frame.fineLayer("notes", width: projection.columns, height: projection.rows, identity) { canvas in
                for outline in outlines { Self.draw(outline, &canvas, frame) }
                if let mark { Self.drawMark(mark, projection, &canvas) }
                notes.drawLetters(projection, &canvas, frame)
            }
        ]
    }

    /// The layer of a slice without a CT.
    func layer(_ frame: SliceFrame) -> Picture.Layer {
        let projection = frame.projection
        let notes = self
        return frame.fineLayer(
            "notes", width: projection.columns, height: projection.rows,
            "\(projection.identity) \(words) \(showsScale) \(frame.textHeight)"
        ) { canvas in notes.drawLetters(projection, &canvas, frame) }
    }

    private func drawLetters(_ projection: SliceProjection, _ canvas: inout Canvas, _ frame: SliceFrame) {
        let (width, height, size) = (projection.columns, projection.rows, frame.textHeight)
        let letters = projection.edgeLetters
        let (plate, line) = (Colour(grey: 0), size + size / 4)
        func place(_ text: String, _ x: Int, _ y: Int) { canvas.text(text, x: x, y: y, pixels: size, Self.label, on: plate) }
        let letterWidth = GlyphFont.width(of: "A", pixels: size)
        place(letters.left, 4, height / 2 - size / 2)
        place(letters.right, width - letterWidth - 4, height / 2 - size / 2)
        place(letters.top, width / 2 - letterWidth / 2, 2)
        place(letters.bottom, width / 2 - letterWidth / 2, height - line - 1)
        if !words.isEmpty, GlyphFont.width(of: words, pixels: size) < width / 2 - letterWidth { place(words, 4, 2) }
        guard showsScale, width >= 12 * size else { return }
        let room = Double(width) / 3 * projection.millimetresPerColumn
        guard let length = [100.0, 50, 20, 10, 5, 2, 1].first(where: { $0 <= room }) else { return }
        let bar = Int((length / projection.millimetresPerColumn).rounded())
        let (x, y) = (6, height - line / 2)
        let text = "\(Int(length)) mm"
        canvas.fill(x: x - 2, y: height - line - 1, width: bar + GlyphFont.width(of: text, pixels: size) + 12, height: line, plate, 0.75)
        canvas.fill(x: x, y: y, width: bar, height: 2, Self.label)
        for end in [x, x + bar - 2] { canvas.fill(x: end, y: y - 4, width: 2, height: 10, Self.label) }
        canvas.text(text, x: x + bar + 6, y: height - line - 1, pixels: size, Self.label)
    }

    private static func draw(_ outline: BoxOutlines.Outline, _ canvas: inout Canvas, _ frame: SliceFrame) {
        let colour = BoxOutlines.colour(outline.box.label)
        canvas.outline(
            x: outline.xs.lowerBound, y: outline.ys.lowerBound, width: outline.xs.count, height: outline.ys.count, thickness: 2, colour)
        canvas.text(
            String(BoxOutlines.letter(outline.box.label)), x: outline.xs.lowerBound + 5, y: outline.ys.lowerBound + 3,
            pixels: frame.textHeight, Colour(grey: 0), on: colour)
    }

    /// A cross where the ruler begins.
    private static func drawMark(_ mark: VoxelIndex, _ projection: SliceProjection, _ canvas: inout Canvas) {
        let at = place(of: mark, projection)
        canvas.fill(x: at.x - 6, y: at.y - 1, width: 13, height: 2, CTSlicePicture.markColour)
        canvas.fill(x: at.x - 1, y: at.y - 6, width: 2, height: 13, CTSlicePicture.markColour)
    }

    static func place(of voxel: VoxelIndex, _ projection: SliceProjection) -> (x: Int, y: Int) {
        let (axes, plane) = (projection.axes, projection.plane)
        return projection.pixel(
            horizontal: Double(axes.position(voxel, plane.horizontal)), vertical: Double(axes.position(voxel, plane.vertical)))
    }

    // MARK: cross-hair

    /// Where a cross-hair's arms begin and end, pixels from its middle: the voxel under it stays in view.
    private static let (gap, reach) = (6, 22)

    /// Four arms about the voxel and, in the middle of each edge, a tick that points at it. They move; their pixels stay the same.
    static func crosshair(_ picture: CTSlicePicture, _ frame: SliceFrame) -> [Picture.Layer] {
        let colour = picture.kind == .masks ? CTSlicePicture.crosshairColour : ColourMap.crosshair
        var layers = crosshair(at: place(of: picture.cursor, frame.projection), colour, frame)
        if let region = picture.reading.region {
            layers.append(circle(region, at: place(of: picture.cursor, frame.projection), frame))
        }
        return layers
    }

    static func crosshair(at: (x: Int, y: Int), _ colour: Colour, _ frame: SliceFrame) -> [Picture.Layer] {
        let (width, height) = (frame.projection.columns, frame.projection.rows)
        let name = "cross \(colour) \(frame.textHeight)"
        // As thick as fine lines of text are.
        let unit = max(1, frame.textHeight / 14)
        let (gap, reach) = (gap * unit, reach * unit)
        let side = 2 * reach + 1
        let cross = frame.fineLayer("cross", x: at.x - reach, y: at.y - reach, width: side, height: side, name) { canvas in
            for distance in stride(from: gap, through: reach - unit, by: 2 * unit) {
                for (x, y) in [(distance, 0), (-distance, 0), (0, distance), (0, -distance)] {
                    canvas.fill(x: reach + x, y: reach + y, width: unit, height: unit, colour, 0.9)
                }
            }
        }
        let length = 10 * unit
        func tick(_ name: String, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Picture.Layer {
            frame.fineLayer(name, x: x, y: y, width: width, height: height, "tick \(colour) \(unit)") { canvas in
                canvas.fill(x: 0, y: 0, width: width, height: height, colour, 0.9)
            }
        }
        return [
            cross, tick("top", at.x, 0, unit, length), tick("bottom", at.x, height - length, unit, length),
            tick("left", 0, at.y, length, unit),
            tick("right", width - length, at.y, length, unit),
        ]
    }

    /// The region that is measured.
    private static func circle(_ millimetres: Double, at: (x: Int, y: Int), _ frame: SliceFrame) -> Picture.Layer {
        let radius = millimetres / 2 / frame.projection.millimetresPerColumn
        let half = Int(radius.rounded(.up)) + 2
        return frame.fineLayer(
            "region", x: at.x - half, y: at.y - half, width: 2 * half + 1, height: 2 * half + 1, "region \(radius)"
        ) { canvas in
            let steps = max(24, Int(radius * 2))
            func point(_ step: Int) -> SIMD2<Double> {
                let angle = Double(step) / Double(steps) * 2 * Double.pi
                return SIMD2(Double(half) + 0.5 + radius * cos(angle), Double(half) + 0.5 + radius * sin(angle))
            }
            for step in 0..<steps { canvas.line(from: point(step), to: point(step + 1), thickness: 1.2, CTSlicePicture.markColour) }
        }
    }
}
