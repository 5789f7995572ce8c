import Foundations
import TerminalKit

/// Moving about in slices: the same for the atlas and for CTs.
extension WorkbenchState {
    /// The volume's axes on this screen; nil while nothing is loaded.
    var axes: AnatomicalAxes? {
        switch screen {
        case .atlas: atlas.atlas?.axes
        case .cohort: cohort.loaded?.axes
        default: masks.loaded?.axes
        }
    }

    var plane: SlicePlane {
        get { screen == .atlas ? view.atlasPlane : view.plane }
        set { if screen == .atlas { view.atlasPlane = newValue } else { view.plane = newValue } }
    }

    /// How large the slices of this screen's subject are drawn.
    var zoom: SliceZoom {
        get { screen == .cohort ? view.cohortZoom : screen == .masks ? view.zoom : SliceZoom() }
        set { if screen == .cohort { view.cohortZoom = newValue } else if screen == .masks { view.zoom = newValue } }
    }

    var cursor: VoxelIndex? {
        get {
            switch screen {
            case .atlas: view.atlasCursor
            case .cohort: view.cohortCursor
            default: view.cursor
            }
        }
        set {
            switch screen {
            case .atlas: view.atlasCursor = newValue
            case .cohort: view.cohortCursor = newValue
            default: view.cursor = newValue
            }
        }
    }

    mutating func runSlices(_ command: CommandID) {
        switch command {
        case .nextSlice: move(plane.normal, by: 1)
        case .previousSlice: move(plane.normal, by: -1)
        case .forwardSlices: move(plane.normal, by: 10)
        case .backSlices: move(plane.normal, by: -10)
        case .firstSlice: move(plane.normal, to: 0)
        case .lastSlice: move(plane.normal, to: .max)
        case .cursorLeft: moveCursor(plane.horizontal, by: isMirrored(plane) ? 1 : -1)
        case .cursorRight: moveCursor(plane.horizontal, by: isMirrored(plane) ? -1 : 1)
        case .cursorUp: moveCursor(plane.vertical, by: 1)
        case .cursorDown: moveCursor(plane.vertical, by: -1)
        case .focusAxial: plane = .axial
        case .focusCoronal: plane = .coronal
        case .focusSagittal: plane = .sagittal
        case .nextPlane: plane = plane.next
        case .maximise: if screen == .atlas { view.atlasMaximised.toggle() } else { view.maximised.toggle() }
        case .toggleCrosshair: view.crosshair.toggle()
        case .toggleRadiological:
            view.radiological.toggle()
            message = Message(
                text: "the patient's right is on the screen's \(view.radiological ? "left (radiological)" : "right (neurological)")",
                isFault: false)
        case .tallerCells: changeCellRatio(by: 1)
        case .flatterCells: changeCellRatio(by: -1)
        case .resetView: resetView()
        default: break
        }
    }

    /// Larger, smaller, and to the sides.
    mutating func runZoom(_ command: CommandID) {
        guard let cursor else { return }
        switch command {
        case .enlargeSlice: zoom.change(by: 1, about: cursor)
        case .shrinkSlice: zoom.change(by: -1, about: zoom.centre ?? cursor)
        case .shiftLeft: pan(plane.horizontal, by: isMirrored(plane) ? 1 : -1)
        case .shiftRight: pan(plane.horizontal, by: isMirrored(plane) ? -1 : 1)
        case .shiftUp: pan(plane.vertical, by: 1)
        case .shiftDown: pan(plane.vertical, by: -1)
        default: break
        }
    }

    /// By an eighth of what the fitted picture shows, over the zoom.
    private mutating func pan(_ axis: AnatomicalAxis, by direction: Int) {
        guard let axes, let centre = zoom.centre else {
            message = Message(text: "the whole slice is shown; z makes it larger", isFault: false)
            return
        }
        let step = max(1, Int(Double(axes.count(axis)) / 8 / zoom.factor))
        zoom.centre = axes.moving(centre, axis, to: axes.position(centre, axis) + direction * step)
    }

    func isMirrored(_ plane: SlicePlane) -> Bool { plane == .sagittal || view.radiological }

    private mutating func changeCellRatio(by tenths: Int) {
        view.cellRatioTenths = max(10, min(40, view.cellRatioTenths + tenths))
        message = Message(text: "a cell is taken to be \(view.cellRatio) times as high as wide", isFault: false)
    }

    private mutating func resetView() {
        if screen == .atlas {
            cursor = axes?.centre
        } else {
            cursor = screen == .cohort ? cohort.loaded?.subject.firstCursor : masks.loaded?.firstCursor
            view.window = .lung
            view.inverted = false
            view.opacityTenths = ViewSettings().opacityTenths
            view.shows = ViewSettings().shows
            view.overlayKind = .masks
            view.threshold = .mask
            view.style = .hatch
            view.slab = SlabView()
            view.region = nil
            zoom = SliceZoom()
            masks.mark = nil
        }
        view.crosshair = true
        view.radiological = true
    }

    /// Moves within the plane; the slice across stays until the cross-hair rests.
    mutating func moveCursor(_ axis: AnatomicalAxis, by step: Int) {
        guard let axes, let at = cursor else { return }
        if held?.axis != axis { held = DeferredSlice(axis: axis, position: axes.position(at, axis)) }
        move(axis, by: step)
    }

    mutating func move(_ axis: AnatomicalAxis, by step: Int) {
        guard let axes, let at = cursor else { return }
        cursor = axes.moving(at, axis, to: axes.position(at, axis) + step)
    }

    mutating func move(_ axis: AnatomicalAxis, to position: Int) {
        guard let axes, let at = cursor else { return }
        cursor = axes.moving(at, axis, to: position)
    }

    // MARK: mouse

    mutating func handleSlices(_ mouse: Mouse, _ content: Rect) -> [Effect] {
        if screen == .masks, let index = MasksLayout(content, self).subjects(self).subject(column: mouse.column, row: mouse.row) {
            switch mouse.action {
            case .press: return choose(subject: index)
            case .wheelUp: return runMasks(.previousSubject)
            case .wheelDown: return runMasks(.nextSubject)
            default: return []
            }
        }
        if screen == .cohort, let effects = handleCohort(mouse, content) { return effects }
        let panes =
            screen == .atlas
            ? AtlasLayout(content, self).panes
            : screen == .cohort ? CohortLayout(content, self).panes : MasksLayout(content, self).panes
        guard let pane = panes.first(where: { $0.rect.contains(column: mouse.column, row: mouse.row) }) else {
            dragged = nil
            return []
        }
        handle(mouse, in: pane)
        return []
    }

    // MARK: atlas

    mutating func show(_ loaded: LoadedAtlas?) {
        atlas.atlas = loaded
        atlas.isLoading = false
        atlas.isMissing = loaded == nil
        guard let loaded else { return }
        if view.atlasCursor.map({ loaded.axes.extent.contains($0) }) != true { view.atlasCursor = loaded.axes.centre }
        if view.landmark.map({ loaded.map.landmarks.indices.contains($0) }) != true {
            view.landmark = loaded.landmark(nearest: view.atlasCursor ?? loaded.axes.centre)
            if let landmark = view.landmark { view.atlasCursor = loaded.centre(landmark: landmark) }
        }
    }

    mutating func runAtlas(_ command: CommandID) {
        guard let loaded = atlas.atlas, !loaded.map.landmarks.isEmpty else { return }
        let count = loaded.map.landmarks.count
        let at = view.landmark ?? 0
        let chosen: Int
        switch command {
        case .nextLandmark: chosen = (at + 1) % count
        case .previousLandmark: chosen = (at + count - 1) % count
        default:
            let visited = loaded.map.landmarks.indices.filter { training.loss(landmark: $0) != nil }
            guard let worst = visited.max(by: { training.loss(landmark: $0)! < training.loss(landmark: $1)! }) else {
                message = Message(text: "no landmark has a loss yet", isFault: false)
                return
            }
            chosen = worst
        }
        view.landmark = chosen
        view.atlasCursor = loaded.centre(landmark: chosen)
    }
}
