import Cohorts
import Foundations

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

    package init() {}

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
        settings.zoom = zoom.limited
        settings.cohortZoom = cohortZoom.limited
        let range = -10_000...10_000
        if !range.contains(window.lowerHounsfield) || !range.contains(window.upperHounsfield) || window.width < 1 {
            settings.window = .lung
        }
        return settings
    }
}
