import Foundations

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
    /// Pixels of the picture: one cell wide, half a cell high.
    package let columns, rows: Int
    /// True where the horizontal position falls from left to right on the screen.
    package let mirrored: Bool
    package let millimetresPerColumn: Double
    private let millimetresPerRow: Double
    /// Slice positions in the middle of the picture.
    private let centreHorizontal, centreVertical: Double

    /// - Parameters:
    ///   - cellRatio: a character cell's height over its width.
    ///   - radiological: the patient's right on the screen's left. Sagittal slices face the screen's left either way.
    package init(
        axes: AnatomicalAxes, plane: SlicePlane, columns: Int, cellRows: Int, cellRatio: Double, radiological: Bool,
        zoom: SliceZoom = SliceZoom()
    ) {
        self.axes = axes
        self.plane = plane
        self.columns = max(1, columns)
        rows = max(1, cellRows * 2)
        mirrored = plane == .sagittal || radiological
        let width = Double(axes.count(plane.horizontal)) * axes.spacing[plane.horizontal.rawValue]
        let height = Double(axes.count(plane.vertical)) * axes.spacing[plane.vertical.rawValue]
        // A pixel is 1 cell wide and cellRatio / 2 cell widths high.
        let pixelHeight = cellRatio / 2
        millimetresPerColumn = max(1e-6, max(width / Double(self.columns), height / (Double(rows) * pixelHeight))) / zoom.factor
        millimetresPerRow = millimetresPerColumn * pixelHeight
        func middle(_ axis: AnatomicalAxis) -> Double {
            zoom.centre.map { Double(axes.position($0, axis)) } ?? Double(axes.count(axis)) / 2 - 0.5
        }
        centreHorizontal = middle(plane.horizontal)
        centreVertical = middle(plane.vertical)
    }

    /// Continuous slice positions (horizontal, vertical) under continuous pixel coordinates; a pixel's centre is at its index + 0.5.
    private func horizontalPosition(_ x: Double) -> Double {
        let offset = (x - Double(columns) / 2) * millimetresPerColumn / axes.spacing[plane.horizontal.rawValue]
        return centreHorizontal + (mirrored ? -offset : offset)
    }

    private func verticalPosition(_ y: Double) -> Double {
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
