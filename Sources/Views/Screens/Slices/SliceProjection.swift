import Foundations
import TerminalKit

/// How much larger than fitted slices are drawn, and about which voxel.
package struct SliceZoom: Codable, Equatable, Sendable {
    /// Tenths.
    package private(set) var tenths = 10
    /// In the middle of the picture; nil for the volume's middle.
    package var centre: VoxelIndex?

    package init() {}

    package var factor: Double { Double(tenths) / 10 }
    private static let steps = [10, 15, 20, 30, 40, 60, 80]

    /// Larger or smaller about a voxel; fitted again at the smallest.
    package mutating func change(by step: Int, about voxel: VoxelIndex) {
        let at = Self.steps.lastIndex { $0 <= tenths } ?? 0
        tenths = Self.steps[max(0, min(Self.steps.count - 1, at + step))]
        centre = tenths == 10 ? nil : voxel
    }

    /// From outside, brought into its range.
    package var limited: SliceZoom {
        var zoom = self
        if !Self.steps.contains(tenths) { zoom = SliceZoom() }
        return zoom
    }
}

/// How a slice of a volume lies on a rectangle of pixels: fitted and centred, or zoomed about a voxel, in true proportions of millimetres.
package struct SliceProjection: Equatable, Sendable {
    package let axes: AnatomicalAxes
    package let plane: SlicePlane
    /// Pixels of the picture: parts of cells, or the screen's own.
    package let columns, rows: Int
    /// Which parts of cells they are, in a picture of cells.
    package let mosaic: Mosaic
    /// True where the horizontal position falls from left to right on the screen.
    package let mirrored: Bool
    package let millimetresPerColumn: Double
    package let millimetresPerRow: Double
    /// Slice positions in the middle of the picture.
    private let centreHorizontal, centreVertical: Double

    /// A picture of cells.
    /// - Parameters:
    ///   - columns, cellRows: cells.
    ///   - cellRatio: a character cell's height over its width.
    ///   - radiological: the patient's right on the screen's left. Sagittal slices face the screen's left either way.
    package init(
        axes: AnatomicalAxes, plane: SlicePlane, columns: Int, cellRows: Int, cellRatio: Double, radiological: Bool,
        zoom: SliceZoom = SliceZoom(), mosaic: Mosaic = .half
    ) {
        self.init(
            axes: axes, plane: plane, columns: columns * mosaic.columns, rows: cellRows * mosaic.rows,
            pixelRatio: cellRatio * Double(mosaic.columns) / Double(mosaic.rows), radiological: radiological, zoom: zoom, mosaic: mosaic)
    }

    /// - Parameters:
    ///   - columns, rows: pixels.
    ///   - pixelRatio: a pixel's height over its width.
    ///   - isNative: a voxel is at least a pixel, even where the whole slice has no room then.
    package init(
        axes: AnatomicalAxes, plane: SlicePlane, columns: Int, rows: Int, pixelRatio: Double, radiological: Bool, zoom: SliceZoom,
        mosaic: Mosaic = .half, isNative: Bool = false
    ) {
        self.axes = axes
        self.plane = plane
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        self.mosaic = mosaic
        mirrored = plane == .sagittal || radiological
        let (across, along) = (axes.spacing[plane.horizontal.rawValue], axes.spacing[plane.vertical.rawValue])
        let width = Double(axes.count(plane.horizontal)) * across
        let height = Double(axes.count(plane.vertical)) * along
        var fitted = max(width / Double(self.columns), height / (Double(self.rows) * pixelRatio))
        if isNative { fitted = min(fitted, across, along / pixelRatio) }
        millimetresPerColumn = max(1e-6, fitted) / zoom.factor
        millimetresPerRow = millimetresPerColumn * pixelRatio
        func middle(_ axis: AnatomicalAxis) -> Double {
            zoom.centre.map { Double(axes.position($0, axis)) } ?? Double(axes.count(axis)) / 2 - 0.5
        }
        centreHorizontal = middle(plane.horizontal)
        centreVertical = middle(plane.vertical)
    }

    private init(_ other: SliceProjection, columns: Int, rows: Int, _ mosaic: Mosaic = .half) {
        (axes, plane, mirrored) = (other.axes, other.plane, other.mirrored)
        self.mosaic = mosaic
        self.columns = columns
        self.rows = rows
        millimetresPerColumn = other.millimetresPerColumn * Double(other.columns) / Double(columns)
        millimetresPerRow = other.millimetresPerRow * Double(other.rows) / Double(rows)
        (centreHorizontal, centreVertical) = (other.centreHorizontal, other.centreVertical)
    }

    /// The same view with fewer pixels.
    package func coarser(by factor: Int) -> SliceProjection {
        SliceProjection(self, columns: max(1, (columns + factor - 1) / factor), rows: max(1, (rows + factor - 1) / factor))
    }

    /// The same view in parts of cells.
    package func stretched(columns: Int, rows: Int, mosaic: Mosaic) -> SliceProjection {
        SliceProjection(self, columns: max(1, columns), rows: max(1, rows), mosaic)
    }

    /// Says all that a picture's geometry depends on.
    package var identity: String {
        "\(plane.rawValue) \(columns)x\(rows) \(mirrored) \(millimetresPerColumn) \(millimetresPerRow) \(centreHorizontal) \(centreVertical)"
    }

    /// Continuous slice positions (horizontal, vertical) under continuous pixel coordinates; a pixel's centre is at its index + 0.5.
    func horizontalPosition(_ x: Double) -> Double {
        let offset = (x - Double(columns) / 2) * millimetresPerColumn / axes.spacing[plane.horizontal.rawValue]
        return centreHorizontal + (mirrored ? -offset : offset)
    }

    func verticalPosition(_ y: Double) -> Double {
        let offset = (y - Double(rows) / 2) * millimetresPerRow / axes.spacing[plane.vertical.rawValue]
        return centreVertical - offset
    }

    /// The slice positions of the voxel under a pixel; nil outside the volume.
    package func position(x: Int, y: Int) -> (horizontal: Int, vertical: Int)? {
        let h = Int(horizontalPosition(Double(x) + 0.5).rounded())
        let v = Int(verticalPosition(Double(y) + 0.5).rounded())
        guard h >= 0, h < axes.count(plane.horizontal), v >= 0, v < axes.count(plane.vertical) else { return nil }
        return (h, v)
    }

    /// The pixel that shows slice positions.
    package func pixel(horizontal: Double, vertical: Double) -> (x: Int, y: Int) {
        let offset = (horizontal - centreHorizontal) * axes.spacing[plane.horizontal.rawValue] / millimetresPerColumn
        let x = Double(columns) / 2 + (mirrored ? -offset : offset)
        let rise = (vertical - centreVertical) * axes.spacing[plane.vertical.rawValue] / millimetresPerRow
        return (Int(x.rounded(.down)), Int((Double(rows) / 2 - rise).rounded(.down)))
    }

    /// For each pixel column (or row) the slice positions of 1…3 sample points across it: several where a pixel covers several voxels, so
    /// that shrinking averages instead of picking one voxel's noise. Empty outside the volume.
    func columnSamples() -> [[Int]] {
        samples(
            columns, voxelsPerPixel: millimetresPerColumn / axes.spacing[plane.horizontal.rawValue], axes.count(plane.horizontal),
            horizontalPosition)
    }

    func rowSamples() -> [[Int]] {
        samples(
            rows, voxelsPerPixel: millimetresPerRow / axes.spacing[plane.vertical.rawValue], axes.count(plane.vertical), verticalPosition)
    }

    private func samples(_ pixels: Int, voxelsPerPixel: Double, _ count: Int, _ position: (Double) -> Double) -> [[Int]] {
        let points = max(1, min(3, Int(voxelsPerPixel.rounded())))
        return (0..<pixels).map { pixel in
            (0..<points).compactMap { point in
                let at = Int(position(Double(pixel) + (Double(point) + 0.5) / Double(points)).rounded())
                return at >= 0 && at < count ? at : nil
            }
        }
    }

    /// The letters at the picture's left, right, top and bottom edges.
    package var edgeLetters: (left: String, right: String, top: String, bottom: String) {
        switch plane {
        case .axial: (mirrored ? "R" : "L", mirrored ? "L" : "R", "A", "P")
        case .coronal: (mirrored ? "R" : "L", mirrored ? "L" : "R", "S", "I")
        case .sagittal: ("A", "P", "S", "I")
        }
    }
}
