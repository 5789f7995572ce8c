import Foundations
import TerminalKit

/// How the slices of a screen are looked at.
package struct SliceLook: Sendable {
    package var axes: AnatomicalAxes
    /// Under the cross-hair, of the slice that is drawn.
    package var cursor: VoxelIndex
    package var capabilities: Capabilities
    package var cellRatio: Double
    package var radiological: Bool
    package var zoom = SliceZoom()
    /// A voxel is at least a pixel.
    package var isNative = false
    /// Fewer pixels, while keys repeat.
    package var coarseness = Coarseness.none
}

/// A slice's place on the screen.
package struct SlicePane: Equatable {
    package var plane: SlicePlane
    package var rect: Rect

    /// The heading takes a row where there is room for one.
    package var hasHeading: Bool { rect.rows >= 6 }

    package var picture: Rect {
        var area = rect
        _ = area.takeTop(hasHeading ? 1 : 0)
        return area
    }

    /// The chosen plane large at the left and the others stacked beside it, or the chosen plane alone.
    package static func arrange(_ area: Rect, chosen: SlicePlane, maximised: Bool) -> [SlicePane] {
        var rest = area
        guard !maximised, area.columns >= 44, area.rows >= 10 else { return [SlicePane(plane: chosen, rect: area)] }
        let side = rest.takeRight(area.columns * 37 / 100)
        let others = SlicePlane.allCases.filter { $0 != chosen }
        var column = Rect(column: side.column + 1, row: side.row, columns: side.columns - 1, rows: side.rows)
        let upper = column.takeTop(side.rows / 2)
        return [SlicePane(plane: chosen, rect: rest), SlicePane(plane: others[0], rect: upper), SlicePane(plane: others[1], rect: column)]
    }

    /// How the slice lies on the picture in cells of two pixels each: for the mouse, whatever it is drawn with.
    package func projection(_ look: SliceLook) -> SliceProjection { projection(look, .half) }

    private func projection(_ look: SliceLook, _ mosaic: Mosaic) -> SliceProjection {
        guard look.isNative else {
            return SliceProjection(
                axes: look.axes, plane: plane, columns: picture.columns, cellRows: picture.rows, cellRatio: look.cellRatio,
                radiological: look.radiological, zoom: look.zoom, mosaic: mosaic)
        }
        // The same part of the slice as in pixels.
        return frame(look).projection.stretched(
            columns: picture.columns * mosaic.columns, rows: picture.rows * mosaic.rows, mosaic: mosaic)
    }

    /// The slice's place in the terminal's pixels.
    package func frame(_ look: SliceLook, isChosen: Bool = true) -> SliceFrame {
        let isCoarse = look.coarseness == .all || (look.coarseness == .others && !isChosen)
        let cell = look.capabilities.cell
        let projection = SliceProjection(
            axes: look.axes, plane: plane, columns: picture.columns * cell.width, rows: picture.rows * cell.height, pixelRatio: 1,
            radiological: look.radiological, zoom: look.zoom, isNative: look.isNative)
        // Kitty stretches a small picture; sixel spells every pixel out, in bands of six lines.
        let coarseness = look.capabilities.graphics == .sixel ? (isChosen ? 6 : 18) : 4
        return SliceFrame(
            projection, coarseness: isCoarse ? coarseness : nil, hasFewShades: isCoarse && look.capabilities.graphics == .sixel,
            textHeight: max(8, cell.height * 3 / 4))
    }

    /// Heading, picture, and the letters of the patient's sides on the picture: in pixels where the terminal draws them, else in cells.
    package func draw(
        _ painter: inout Painter, _ look: SliceLook, position: Int, isChosen: Bool, notes: SliceNotes,
        layers: (SliceFrame, SliceNotes) -> [Picture.Layer], image: (SliceProjection) -> PixelImage
    ) {
        let area = picture
        guard !area.isEmpty else { return }
        let place = "\(position + 1)/\(look.axes.count(plane.normal))"
        // What the first row begins with.
        var words: [String] = []
        if hasHeading {
            painter.heading(plane.rawValue, rect, right: place, emphasised: isChosen)
        } else {
            words.append("\(plane.rawValue) \(place)")
        }
        if isChosen, !look.radiological { words.append("neurological") }
        if look.capabilities.drawsPixels {
            var notes = notes
            notes.words = words.joined(separator: " ")
            painter.place(
                Picture(
                    name: "slice \(plane.rawValue)", rect: area, cell: look.capabilities.cell,
                    layers: layers(frame(look, isChosen: isChosen), notes)))
            return
        }
        let projection = projection(look, look.capabilities.drawsHalfBlocks ? look.capabilities.mosaic : .half)
        image(projection).draw(&painter, area)
        drawLetters(&painter, projection, words: words, showsScale: notes.showsScale)
        notes.boxes?.drawLetters(&painter, area, projection, at: look.cursor)
    }

    private func drawLetters(_ painter: inout Painter, _ projection: SliceProjection, words: [String], showsScale: Bool) {
        let area = picture
        let free = painter.text(words.joined(separator: " "), row: area.row, column: area.column, width: area.columns, Self.label)
        let letters = projection.edgeLetters
        let middleRow = area.row + area.rows / 2
        let middleColumn = area.column + area.columns / 2
        painter.text(letters.left, row: middleRow, column: area.column, Self.label)
        painter.text(letters.right, row: middleRow, column: area.endColumn - 1, Self.label)
        if area.rows >= 4 {
            let column = words.isEmpty ? middleColumn : max(middleColumn, free + 1)
            painter.text(letters.top, row: area.row, column: min(column, area.endColumn - 1), Self.label)
        }
        painter.text(letters.bottom, row: area.endRow - 1, column: middleColumn, Self.label)
        if showsScale {
            drawScale(&painter, area, millimetresPerColumn: projection.millimetresPerColumn * Double(projection.mosaic.columns))
        }
    }

    /// A bar of a round length in millimetres, at most a third of the picture's width.
    private func drawScale(_ painter: inout Painter, _ area: Rect, millimetresPerColumn: Double) {
        // In the middle of the line stands the plane's letter.
        let room = Double(min(area.columns / 3, area.columns / 2 - 9)) * millimetresPerColumn
        guard area.columns >= 30, area.rows >= 6, let length = [100.0, 50, 20, 10, 5, 2, 1].first(where: { $0 <= room }) else { return }
        let columns = max(2, Int((length / millimetresPerColumn).rounded()))
        let (left, line, right) = painter.capabilities.unicode ? ("├", "─", "┤") : ("|", "-", "|")
        let bar = left + String(repeating: line, count: columns - 2) + right
        painter.text("\(bar) \(Int(length)) mm", row: area.endRow - 1, column: area.column + 1, Self.label)
    }

    private static let label = Style(Colour(hex: 0xF0E442), on: Colour(grey: 0), .bold)
}
