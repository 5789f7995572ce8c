import Cohorts
import Foundations
import TerminalKit

/// Where the viewer is: what `view.json` keeps, so that a session reopens where it was left.
package struct ViewSettings: Codable, Equatable, Sendable {
    package var screen: ScreenID = .training
    package var subject: String?
    /// Voxel under the cross-hair in that subject.
    package var cursor: VoxelIndex?
    package var plane: SlicePlane = .axial
    package var maximised = false
    package var window: DisplayWindow = .lung
    package var inverted = false
    private var showsCentrilobular = true
    private var showsParaseptal = true
    /// Tenths.
    package var opacityTenths = 6
    package var crosshair = true
    package var radiological = true
    /// A character cell's height over its width, in tenths.
    package var cellRatioTenths = 20
    package var atlasCursor: VoxelIndex?
    package var atlasPlane: SlicePlane = .axial
    package var atlasMaximised = false
    package var landmark: Int?
    package var cohortSubject: String?
    /// Voxel under the cross-hair in that subject.
    package var cohortCursor: VoxelIndex?

    // Optional, so that the settings of earlier versions are read.
    private var maskThreshold: MaskThreshold?
    private var maskOverlay: OverlayKind?
    private var maskZoom: SliceZoom?
    private var cohortSliceZoom: SliceZoom?
    private var showsThirds: Bool?
    private var curveView: CurveView?
    private var atlasQuantity: LandmarkQuantity?
    private var pictures: GraphicsChoice?
    private var cells: Mosaic?
    private var sliceInterpolation: Interpolation?
    private var sliceSlab: SlabView?
    private var maskStyle: MaskStyle?
    private var regionMillimetres: Double?
    private var isWholeScreen: Bool?
    private var cineRate: Int?

    package init() {}

    /// How pictures are drawn.
    package var graphics: GraphicsChoice {
        get { pictures ?? .auto }
        set { pictures = newValue }
    }

    /// What pictures in cells are made of.
    package var mosaic: Mosaic {
        get { cells ?? .half }
        set { cells = newValue }
    }

    package var slab: SlabView {
        get { sliceSlab ?? SlabView() }
        set { sliceSlab = newValue }
    }

    /// How slices are read, on every screen that shows a CT.
    package var reading: SliceReading {
        SliceReading(
            interpolation: sliceInterpolation ?? .nearest, slab: slab, style: maskStyle ?? .hatch,
            region: regionMillimetres)
    }

    package var interpolation: Interpolation {
        get { sliceInterpolation ?? .nearest }
        set { sliceInterpolation = newValue }
    }

    package var style: MaskStyle {
        get { maskStyle ?? .hatch }
        set { maskStyle = newValue }
    }

    /// The diameter of the region whose mean is told, mm; nil: none.
    package var region: Double? {
        get { regionMillimetres }
        set { regionMillimetres = newValue }
    }

    /// The chosen plane over the whole screen.
    package var wholeScreen: Bool {
        get { isWholeScreen ?? false }
        set { isWholeScreen = newValue }
    }

    /// Slices a second of the cine.
    package var framesPerSecond: Int {
        get { cineRate ?? 10 }
        set { cineRate = newValue }
    }

    package var threshold: MaskThreshold {
        get { maskThreshold ?? .mask }
        set { maskThreshold = newValue }
    }

    package var overlayKind: OverlayKind {
        get { maskOverlay ?? .masks }
        set { maskOverlay = newValue }
    }

    package var zoom: SliceZoom {
        get { maskZoom ?? SliceZoom() }
        set { maskZoom = newValue }
    }

    package var cohortZoom: SliceZoom {
        get { cohortSliceZoom ?? SliceZoom() }
        set { cohortSliceZoom = newValue }
    }

    /// The table of thirds in place of that of volumes, where there is room for one only.
    package var thirds: Bool {
        get { showsThirds ?? false }
        set { showsThirds = newValue }
    }

    /// How the training's curves are looked at.
    package var curves: CurveView {
        get { curveView ?? CurveView() }
        set { curveView = newValue }
    }

    /// What the atlas shows at its landmarks.
    package var quantity: LandmarkQuantity {
        get { atlasQuantity ?? .loss }
        set { atlasQuantity = newValue }
    }

    /// The overlays that are shown.
    package var shows: Set<EmphysemaSubtype> {
        get { Set((showsCentrilobular ? [.centrilobular] : []) + (showsParaseptal ? [.paraseptal] : [])) }
        set {
            showsCentrilobular = newValue.contains(.centrilobular)
            showsParaseptal = newValue.contains(.paraseptal)
        }
    }

    package var cellRatio: Double { Double(cellRatioTenths) / 10 }
    package var opacity: Float { Float(opacityTenths) / 10 }

    /// Numbers from outside, brought into their ranges.
    package func limited() -> ViewSettings {
        var settings = self
        settings.opacityTenths = max(1, min(10, opacityTenths))
        settings.cellRatioTenths = max(10, min(40, cellRatioTenths))
        settings.threshold = MaskThreshold(step: threshold.step)
        if let region, !(1...200).contains(region) { settings.region = nil }
        if !(1...200).contains(slab.thickness) { settings.slab = SlabView() }
        settings.framesPerSecond = max(1, min(30, framesPerSecond))
        settings.zoom = zoom.limited
        settings.cohortZoom = cohortZoom.limited
        let range = -10_000...10_000
        if !range.contains(window.lowerHounsfield) || !range.contains(window.upperHounsfield) || window.width < 1 {
            settings.window = .lung
        }
        return settings
    }
}
