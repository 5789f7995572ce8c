import Cohorts
import Foundations
import Imaging
import TerminalKit

/// Draws a CT slice with the outlines of its lungs and of the registered atlas, and the centres of its patches.
package struct CohortSlicePicture {
    package var ct: CTSlicePicture
    package var volumes: CohortVolumes
    package var showsLungs: Bool
    package var showsAtlas: Bool
    package var showsLandmarks: Bool

    package init(ct: CTSlicePicture, volumes: CohortVolumes, showsLungs: Bool, showsAtlas: Bool, showsLandmarks: Bool) {
        self.ct = ct
        self.volumes = volumes
        self.showsLungs = showsLungs
        self.showsAtlas = showsAtlas
        self.showsLandmarks = showsLandmarks
    }

    package static let lungs = Colour(hex: 0x00AFFF)
    package static let atlas = Colour(hex: 0xE69F00)
    /// What may not be lung.
    package static let doubtful = Colour(hex: 0xF0E442)
    package static let landmark = Colour(hex: 0xFF5FD7)
    /// Centres at most so far from the slice are drawn, mm.
    private static let nearMillimetres = 4.0

    package func image(_ projection: SliceProjection) -> PixelImage {
        var image = ct.image(projection)
        // The atlas first: where both lie on each other the subject's own outline is seen.
        if showsAtlas, let labels = volumes.atlasLungs { outline(labels.voxels, Self.atlas, "+", &image, projection) }
        if showsLungs, let labels = volumes.lungs {
            hatchDoubtful(labels.voxels, &image, projection)
            outline(labels.voxels, Self.lungs, "o", &image, projection)
        }
        if showsLandmarks { drawLandmarks(&image, projection) }
        return image
    }

    /// Stripes across what may not be lung, and a letter where there are no colours.
    private func hatchDoubtful(_ labels: [UInt8], _ image: inout PixelImage, _ projection: SliceProjection) {
        SliceSampling(projection, through: ct.cursor).forEachMiddle { x, y, offset in
            guard labels[offset] == LungCorrection.doubtful else { return }
            image[x, y] = image[x, y].mixed(with: Self.doubtful, (x + y) % 3 == 0 ? 0.85 : 0.25)
            image.letter("?", x: x, y: y)
        }
    }

    /// Marks pixels whose label differs from that of the pixel before or above; what may not be lung is no lung.
    private func outline(_ labels: [UInt8], _ colour: Colour, _ letter: Character, _ image: inout PixelImage, _ projection: SliceProjection)
    {
        let axes = ct.subject.axes
        let plane = projection.plane
        let corner = axes.moving(axes.moving(ct.cursor, plane.horizontal, to: 0), plane.vertical, to: 0)
        let origin = axes.extent.offset(corner)
        let (strideH, strideV) = (axes.stride(plane.horizontal), axes.stride(plane.vertical))
        let columns = (0..<projection.columns).map { projection.position(x: $0, y: projection.rows / 2)?.horizontal }
        let rows = (0..<projection.rows).map { projection.position(x: projection.columns / 2, y: $0)?.vertical }
        var above = [UInt8](repeating: 0, count: projection.columns)
        for (y, row) in rows.enumerated() {
            var before: UInt8 = 0
            for (x, column) in columns.enumerated() {
                let found = row.flatMap { row in column.map { labels[origin + row * strideV + $0 * strideH] } } ?? 0
                let label = found == LungCorrection.doubtful ? 0 : found
                if label != before || label != above[x] {
                    image[x, y] = colour
                    image.letter(letter, x: x, y: y)
                }
                (before, above[x]) = (label, label)
            }
        }
    }

    private func drawLandmarks(_ image: inout PixelImage, _ projection: SliceProjection) {
        let axes = ct.subject.axes
        let plane = projection.plane
        func position(_ point: Point3, _ axis: AnatomicalAxis) -> Double {
            let value = point[axes.gridAxis[axis.rawValue]]
            return axes.isFlipped[axis.rawValue] ? Double(axes.count(axis) - 1) - value : value
        }
        let slice = Double(axes.position(ct.cursor, plane.normal))
        let reach = Self.nearMillimetres / axes.spacing[plane.normal.rawValue]
        for point in volumes.landmarks where abs(position(point, plane.normal) - slice) <= max(reach, 0.5) {
            let (h, v) = (position(point, plane.horizontal), position(point, plane.vertical))
            // Far outside the scan nothing is drawn, whatever the transform says.
            guard abs(h) < 1e5, abs(v) < 1e5 else { continue }
            let pixel = projection.pixel(horizontal: h, vertical: v)
            image[pixel.x, pixel.y] = Self.landmark
            image.letter("*", x: pixel.x, y: pixel.y)
        }
    }
}
