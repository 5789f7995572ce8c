import Cohorts
import Foundations
import TerminalKit

/// Outlines of a reader's 32 mm boxes on slices that cut them.
package struct BoxOutlines: Sendable {
    private let boxes: [LesionBox]
    private let axes: AnatomicalAxes
    private let worldToVoxel: Affine3

    package static let healthy = Colour(hex: 0x5FD7AF)

    package init(_ boxes: [LesionBox], _ subject: LoadedSubject) {
        axes = subject.axes
        worldToVoxel = subject.volumes.ct.voxelToWorld.inverse ?? .identity
        self.boxes = boxes
    }

    package static func colour(_ label: LesionBox.Label) -> Colour {
        switch label {
        case .cle: CTSlicePicture.centrilobular
        case .paraseptal: CTSlicePicture.paraseptal
        case .healthy: healthy
        }
    }

    /// Told apart without colours, too; the key that places it.
    package static func letter(_ label: LesionBox.Label) -> Character {
        switch label {
        case .cle: "C"
        case .paraseptal: "S"
        case .healthy: "G"
        }
    }

    /// A box on a slice: pixels, not cut to the picture.
    struct Outline {
        var box: LesionBox
        var xs, ys: ClosedRange<Int>
    }

    func outlines(_ projection: SliceProjection, at cursor: VoxelIndex) -> [Outline] {
        let plane = projection.plane
        let reach = LesionBox.side / 2
        return boxes.compactMap { box in
            let voxel = worldToVoxel(box.centre)
            func position(_ axis: AnatomicalAxis) -> Double {
                let value = voxel[axes.gridAxis[axis.rawValue]]
                return axes.isFlipped[axis.rawValue] ? Double(axes.count(axis) - 1) - value : value
            }
            func half(_ axis: AnatomicalAxis) -> Double { reach / axes.spacing[axis.rawValue] }
            let (h, v) = (position(plane.horizontal), position(plane.vertical))
            let away = abs(position(plane.normal) - Double(axes.position(cursor, plane.normal)))
            // Of a box in a damaged file nothing is drawn.
            guard away <= half(plane.normal), abs(h) < 1e5, abs(v) < 1e5 else { return nil }
            let a = projection.pixel(horizontal: h - half(plane.horizontal), vertical: v - half(plane.vertical))
            let b = projection.pixel(horizontal: h + half(plane.horizontal), vertical: v + half(plane.vertical))
            return Outline(box: box, xs: min(a.x, b.x)...max(a.x, b.x), ys: min(a.y, b.y)...max(a.y, b.y))
        }
    }

    /// Says all that the outlines depend on but the projection.
    var identity: String { boxes.map { "\($0.label.rawValue) \($0.centre)" }.joined(separator: ",") }

    package func draw(_ image: inout PixelImage, _ projection: SliceProjection, at cursor: VoxelIndex) {
        for outline in outlines(projection, at: cursor) {
            let (colour, letter) = (Self.colour(outline.box.label), Self.letter(outline.box.label))
            func mark(_ x: Int, _ y: Int) {
                image[x, y] = colour
                image.letter(letter, x: x, y: y)
            }
            for x in outline.xs {
                mark(x, outline.ys.lowerBound)
                mark(x, outline.ys.upperBound)
            }
            for y in outline.ys {
                mark(outline.xs.lowerBound, y)
                mark(outline.xs.upperBound, y)
            }
        }
    }

    /// Each box's letter in the upper left corner of its outline, below the first row: small panes have their names there.
    package func drawLetters(_ painter: inout Painter, _ area: Rect, _ projection: SliceProjection, at cursor: VoxelIndex) {
        for outline in outlines(projection, at: cursor) {
            let (column, row) = (
                area.column + outline.xs.lowerBound / projection.mosaic.columns,
                area.row + max(1, outline.ys.lowerBound / projection.mosaic.rows)
            )
            guard area.contains(column: column, row: row), row <= area.row + outline.ys.upperBound / projection.mosaic.rows else {
                continue
            }
            painter.text(
                String(Self.letter(outline.box.label)), row: row, column: column,
                Style(Colour(grey: 0), on: Self.colour(outline.box.label), .bold))
        }
    }
}
