import Cohorts
import Foundations
import Imaging
import TerminalKit

/// Draws a CT slice with the outlines of its lungs and of the registered atlas, and the centres of its patches.
package struct CohortSlicePicture: Sendable {
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

    /// Marks pixels whose label differs from that of the pixel before or above; what may not be lung is not lung.
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
        for pixel in landmarkPlaces(projection) {
            image[pixel.x, pixel.y] = Self.landmark
            image.letter("*", x: pixel.x, y: pixel.y)
        }
    }

    /// Where centres near the slice lie on the picture.
    private func landmarkPlaces(_ projection: SliceProjection) -> [(x: Int, y: Int)] {
        let axes = ct.subject.axes
        let plane = projection.plane
        func position(_ point: Point3, _ axis: AnatomicalAxis) -> Double {
            let value = point[axes.gridAxis[axis.rawValue]]
            return axes.isFlipped[axis.rawValue] ? Double(axes.count(axis) - 1) - value : value
        }
        let slice = Double(axes.position(ct.cursor, plane.normal))
        let reach = Self.nearMillimetres / axes.spacing[plane.normal.rawValue]
        return volumes.landmarks.compactMap { point in
            guard abs(position(point, plane.normal) - slice) <= max(reach, 0.5) else { return nil }
            let (h, v) = (position(point, plane.horizontal), position(point, plane.vertical))
            // Far outside the scan nothing is drawn, whatever the transform says.
            guard abs(h) < 1e5, abs(v) < 1e5 else { return nil }
            return projection.pixel(horizontal: h, vertical: v)
        }
    }

    // MARK: pixels

    /// The CT's layers with outlines in place of masks.
    package func layers(_ frame: SliceFrame, notes: SliceNotes) -> [Picture.Layer] {
        let drawn = frame.drawn
        let slice = "\(ct.subject.address) \(ct.subject.axes.position(ct.cursor, drawn.plane.normal)) \(frame.projection.identity)"
        let copy = self
        var layers = ct.layers(frame, notes: notes)
        let outlines = frame.layer("outlines", "\(slice) \(showsLungs) \(showsAtlas) \(showsLandmarks)") { copy.outlines(drawn) }
        layers[1] = outlines
        return layers
    }

    /// Outlines of the lungs and of the atlas, stripes over what may not be lung, the patches' centres.
    private func outlines(_ projection: SliceProjection) -> Raster {
        var canvas = Canvas(width: projection.columns, height: projection.rows)
        if showsAtlas, let labels = volumes.atlasLungs { outline(labels.voxels, Self.atlas, isDashed: true, &canvas, projection) }
        if showsLungs, let labels = volumes.lungs {
            SliceSampling(projection, through: ct.cursor).forEachMiddle { x, y, offset in
                guard labels.voxels[offset] == LungCorrection.doubtful else { return }
                canvas.blend(x, y, Self.doubtful, (x + y) % 8 < 3 ? 0.8 : 0.2)
            }
            outline(labels.voxels, Self.lungs, isDashed: false, &canvas, projection)
        }
        if showsLandmarks {
            for point in landmarkPlaces(projection) {
                canvas.dot(
                    at: SIMD2(Double(point.x) + 0.5, Double(point.y) + 0.5), radius: projection.columns >= 300 ? 4 : 2, Self.landmark)
            }
        }
        return canvas.raster
    }

    private func outline(_ labels: [UInt8], _ colour: Colour, isDashed: Bool, _ canvas: inout Canvas, _ projection: SliceProjection) {
        let (width, height) = (projection.columns, projection.rows)
        var found = [UInt8](repeating: 0, count: width * height)
        SliceSampling(projection, through: ct.cursor).forEachMiddle { x, y, offset in
            let label = labels[offset]
            found[y * width + x] = label == LungCorrection.doubtful ? 0 : label
        }
        let thickness = width >= 400 ? 2 : 1
        for y in 0..<height {
            for x in 0..<width where !isDashed || (x + y) % 12 < 8 {
                let own = found[y * width + x]
                guard own != 0 else { continue }
                // What goes on beyond the picture has no edge there.
                let isEdge = (1...thickness).contains { step in
                    (x >= step && found[y * width + x - step] != own) || (x + step < width && found[y * width + x + step] != own)
                        || (y >= step && found[(y - step) * width + x] != own)
                        || (y + step < height && found[(y + step) * width + x] != own)
                }
                if isEdge { canvas.blend(x, y, colour, 0.95) }
            }
        }
    }
}
