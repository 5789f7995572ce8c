import Foundation
import Foundations
import TerminalKit

/// Reading tools of the slices.
extension WorkbenchState {
    mutating func runReading(_ command: CommandID) {
        func say(_ text: String) -> Message { Message(text: text, isFault: false) }
        switch command {
        case .nextInterpolation:
            view.interpolation = view.interpolation == .nearest ? .linear : .nearest
            message = say(view.interpolation == .linear ? "straight from voxel to voxel" : "each pixel shows the nearest voxel")
        case .nextSlab, .thickerSlab, .thinnerSlab:
            var slab = view.slab
            if command == .nextSlab { slab.nextKind() } else { slab.change(by: command == .thickerSlab ? 1 : -1) }
            view.slab = slab
            message = say(slab.words.map { "slab: \($0); ; and ' change its thickness" } ?? "single slices; V shows a slab")
        case .nextStyle:
            view.style = view.style.next
            message = say(view.style.words)
        case .nextRegion:
            let sizes: [Double?] = [nil, 5, 10, 20, 40]
            let at = sizes.firstIndex { $0 == view.region } ?? 0
            view.region = sizes[(at + 1) % sizes.count]
            message = say(view.region.map { "region of \(Text.significant($0)) mm about the cross-hair" } ?? "no region")
        case .nextCineRate:
            let rates = [5, 10, 15, 20]
            view.framesPerSecond = rates.first { $0 > view.framesPerSecond } ?? rates[0]
            message = say("cine: \(view.framesPerSecond) slices a second")
        case .toggleCine: toggleCine()
        case .goToSlice: askWhereToGo()
        case .wholeScreen:
            view.wholeScreen.toggle()
            message = say(view.wholeScreen ? "the plane has the whole screen; F2 goes back" : "every part of the screen")
        default: runFarSteps(command)
        }
    }

    // MARK: places

    private mutating func runFarSteps(_ command: CommandID) {
        switch command {
        case .farLeft: moveCursor(plane.horizontal, by: isMirrored(plane) ? 10 : -10)
        case .farRight: moveCursor(plane.horizontal, by: isMirrored(plane) ? -10 : 10)
        case .farUp: moveCursor(plane.vertical, by: 10)
        case .farDown: moveCursor(plane.vertical, by: -10)
        default: break
        }
    }

    private mutating func askWhereToGo() {
        guard axes != nil, cursor != nil else {
            message = Message(text: "there are no slices yet", isFault: false)
            return
        }
        overlay = .entry(TextEntry(purpose: .goTo, name: plane.rawValue, text: ""))
    }

    /// Goes to a slice of the chosen plane by its number, from 1, or by its place in millimetres along the patient's axis.
    /// - Throws: `Failure` with what was expected.
    mutating func goToSlice(_ words: String) throws {
        guard let axes, let at = cursor else { return }
        let axis = plane.normal
        let count = axes.count(axis)
        let text = words.trimmingCharacters(in: .whitespaces).lowercased()
        if let number = Int(text) {
            guard (1...count).contains(number) else { throw Failure("there are slices 1 to \(count); \(number) is none of them") }
            move(axis, to: number - 1)
            return
        }
        guard text.hasSuffix("mm"), let wanted = Double(text.dropLast(2).trimmingCharacters(in: .whitespaces)), let map = voxelToWorld
        else {
            throw Failure("expected a slice's number, such as 120, or millimetres, such as -31.5mm")
        }
        func place(_ position: Int) -> Double { map(axes.moving(at, axis, to: position).point)[axis.rawValue] }
        let nearest = (0..<count).min { abs(place($0) - wanted) < abs(place($1) - wanted) } ?? 0
        guard abs(place(nearest) - wanted) <= axes.spacing[axis.rawValue] else {
            throw Failure("the scan lies between \(Text.fixed(place(0), 0)) and \(Text.fixed(place(count - 1), 0)) mm")
        }
        move(axis, to: nearest)
    }

    private var voxelToWorld: Affine3? {
        switch screen {
        case .atlas: atlas.atlas?.map.lungs.voxelToWorld
        case .cohort: cohort.loaded?.volumes.ct.voxelToWorld
        default: masks.loaded?.volumes.ct.voxelToWorld
        }
    }

    // MARK: cine

    private mutating func toggleCine() {
        guard cine == nil, axes != nil, cursor != nil else {
            cine = nil
            message = Message(text: "the cine stands", isFault: false)
            return
        }
        cine = []
        message = Message(text: "cine; \\ stops it, | changes its speed", isFault: false)
    }

    /// Seconds until the cine's next slice; nil while it stands.
    package func cineWait(now: Double) -> Double? {
        guard let cine, overlay == nil, screen == .masks || screen == .cohort else { return nil }
        return max(0, (cine.last ?? -1) + 1 / Double(view.framesPerSecond) - now)
    }

    /// The next slice, after the last one the first.
    mutating func stepCine() {
        guard let axes, let at = cursor, cine != nil else { return }
        let axis = plane.normal
        move(axis, to: (axes.position(at, axis) + 1) % axes.count(axis))
        cine = Array(((cine ?? []) + [now]).suffix(20))
    }

    /// As shown: what is asked for, and what the link allows.
    var cineWords: String? {
        guard let cine else { return nil }
        guard let first = cine.first, let last = cine.last, last > first else { return "cine \(view.framesPerSecond)/s" }
        return "cine \(Text.fixed(Double(cine.count - 1) / (last - first), 1)) of \(view.framesPerSecond)/s"
    }

    // MARK: mouse

    package var sliceLook: SliceLook? {
        guard let axes, let cursor else { return nil }
        return SliceLook(
            axes: axes, cursor: cursor, capabilities: capabilities, cellRatio: cellRatio, radiological: view.radiological, zoom: zoom,
            isNative: view.wholeScreen && screen != .atlas, coarseness: coarseness)
    }

    /// Left: the cross-hair; right: the window, wider to the right and higher upwards; middle: moves a zoomed view; wheel: slices, with Ctrl larger.
    mutating func handle(_ mouse: Mouse, in pane: SlicePane) {
        guard let axes, let look = sliceLook else { return }
        let last = dragged
        dragged = mouse
        switch mouse.action {
        case .wheelUp: move(pane.plane.normal, by: 1)
        case .wheelDown: move(pane.plane.normal, by: -1)
        case .press, .drag:
            plane = pane.plane
            guard let (h, v) = position(mouse, pane, look), let at = cursor else { return }
            cursor = axes.moving(axes.moving(at, pane.plane.horizontal, to: h), pane.plane.vertical, to: v)
            if screen == .atlas, let cursor { view.landmark = atlas.atlas?.landmark(nearest: cursor) ?? view.landmark }
        case .dragRight:
            guard let last, screen != .atlas else { return }
            let (right, up) = (mouse.column - last.column, last.row - mouse.row)
            view.window = view.window.widened(by: 20 * right).shifted(by: 20 * up)
        case .dragMiddle:
            guard let last, screen != .atlas, var centre = zoom.centre ?? (look.isNative ? axes.centre : nil) else { return }
            let projection = pane.projection(look)
            func shift(_ axis: AnatomicalAxis, _ millimetres: Double) {
                let step = Int((millimetres / axes.spacing[axis.rawValue]).rounded())
                centre = axes.moving(centre, axis, to: axes.position(centre, axis) + step)
            }
            let across = Double(mouse.column - last.column) * projection.millimetresPerColumn * (projection.mirrored ? 1 : -1)
            shift(pane.plane.horizontal, across)
            shift(pane.plane.vertical, Double(mouse.row - last.row) * 2 * projection.millimetresPerRow)
            zoom.centre = centre
        case .zoomIn, .zoomOut:
            guard screen != .atlas, let (h, v) = position(mouse, pane, look) else { return }
            enlarge(by: mouse.action == .zoomIn ? 1 : -1, pane.plane, h, v)
        case .release, .pressRight, .pressMiddle: break
        }
    }

    private func position(_ mouse: Mouse, _ pane: SlicePane, _ look: SliceLook) -> (horizontal: Int, vertical: Int)? {
        let picture = pane.picture
        guard picture.contains(column: mouse.column, row: mouse.row) else { return nil }
        return pane.projection(look).position(x: mouse.column - picture.column, y: 2 * (mouse.row - picture.row))
    }

    /// Larger or smaller so that what lies under the pointer stays there.
    private mutating func enlarge(by step: Int, _ plane: SlicePlane, _ horizontal: Int, _ vertical: Int) {
        guard let axes else { return }
        let (before, centre) = (zoom.factor, zoom.centre ?? axes.centre)
        zoom.change(by: step, about: centre)
        guard zoom.centre != nil else { return }
        var moved = centre
        for (axis, under) in [(plane.horizontal, horizontal), (plane.vertical, vertical)] {
            let at = Double(axes.position(centre, axis))
            let wanted = Double(under) - (Double(under) - at) * before / zoom.factor
            moved = axes.moving(moved, axis, to: Int(wanted.rounded()))
        }
        zoom.centre = moved
    }
}
