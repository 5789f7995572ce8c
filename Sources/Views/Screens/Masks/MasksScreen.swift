import Cohorts
import Foundation
import Foundations
import TerminalKit

/// CT slices with the predicted emphysema, and what it amounts to.
package enum MasksScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = MasksLayout(content, state)
        drawSubjects(state, &painter, layout.subjects(state))
        drawBoxes(state, &painter, layout.boxes)
        guard let loaded = state.masks.loaded, let cursor = state.view.cursor, loaded.axes.extent.contains(cursor) else {
            let complaint = state.masks.complaint ?? (state.masks.subjects.isEmpty ? state.masks.listComplaint : nil)
            let text =
                complaint ?? state.masks.loading.map { "reading \($0) …" }
                ?? (state.masks.subjects.isEmpty ? "This session has no subjects to show yet." : "Choose a subject with [ and ].")
            let area = layout.panes[0].rect
            let work = MasksStatus.work(state).flatMap { $0 }
            painter.spans([(" ", .plain)] + work, row: layout.status.row, column: layout.status.column, width: layout.status.columns)
            painter.heading("Masks", area)
            Overlays.drawText(text, &painter, area, complaint == nil ? .faint : .bad)
            return
        }
        guard var look = state.sliceLook else { return }
        layout.words?.draw(&painter, layout.status)
        var picture = CTSlicePicture(
            subject: loaded, cursor: cursor, window: state.view.window, inverted: state.view.inverted, shows: state.view.shows,
            opacity: state.view.opacity, crosshair: state.view.crosshair, kind: state.view.overlayKind, threshold: state.view.threshold,
            mark: state.masks.mark)
        let partial = state.masks.partial
        picture.partial = partial
        picture.reading = state.view.reading
        let outlines = BoxOutlines(state.masks.showsBoxes ? state.masks.shownBoxes : [], loaded)
        for pane in layout.panes {
            picture.cursor = state.cursor(cursor, shownIn: pane.plane, loaded.axes)
            picture.crosshair = state.view.crosshair && (!state.isLean || pane.plane == state.view.plane)
            look.cursor = picture.cursor
            pane.draw(
                &painter, look, position: loaded.axes.position(picture.cursor, pane.plane.normal), isChosen: pane.plane == state.view.plane,
                notes: SliceNotes(boxes: outlines), layers: picture.layers
            ) { projection in
                var image = picture.image(projection)
                outlines.draw(&image, projection, at: picture.cursor)
                return image
            }
        }
        let ruler = state.masks.mark.map { mark in
            let map = loaded.volumes.ct.voxelToWorld
            return length(map(cursor.point) - map(mark.point))
        }
        let sample = CrosshairSample(loaded, cursor, threshold: state.view.threshold, partial: partial)
        if layout.readout.rows >= MasksLayout.readoutRows {
            drawReadout(sample, state.view.threshold, ruler, &painter, layout.readout)
        } else {
            drawShortReadout(sample, ruler, &painter, layout.readout)
        }
        let table = MasksTable(loaded: loaded, threshold: state.view.threshold, partial: partial)
        if layout.thirds.isEmpty {
            state.view.thirds ? table.drawThirds(&painter, layout.table) : table.drawVolumes(&painter, layout.table)
        } else {
            table.drawVolumes(&painter, layout.table)
            table.drawThirds(&painter, layout.thirds)
        }
    }

    // MARK: subjects and boxes

    /// How masks stand: a sign that does not need colour, a word, and a style.
    private static func sign(_ condition: MaskCondition?) -> (sign: String, word: String, style: Style) {
        switch condition {
        case .current: ("✓", "current", .good)
        case .partial: ("●", "partial", .good)
        case .stale: ("!", "stale", .warning)
        case .damaged: ("x", "damaged", .bad)
        case nil: ("·", "", .faint)
        }
    }

    private static func drawSubjects(_ state: WorkbenchState, _ painter: inout Painter, _ list: SubjectList) {
        let conditions = state.masks.subjects.map(state.masks.condition)
        let count = "\(conditions.count { $0 != nil })/\(conditions.count)"
        list.draw(&painter, heading: list.isWide ? "masks \(count)" : count) { index in
            let (sign, word, style) = sign(conditions[index])
            return SubjectList.Line(name: state.masks.subjects[index].id, sign: (sign, style), detail: word)
        }
    }

    /// Boxes of the subject that is shown, and of the whole session.
    private static func drawBoxes(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 4 else { return }
        painter.heading("Boxes", area, right: area.columns >= 20 ? "here / all" : "")
        let here = state.masks.shownBoxes
        for (offset, label) in LesionBox.Label.allCases.enumerated() {
            let row = area.row + 1 + offset
            painter.text(String(BoxOutlines.letter(label)), row: row, column: area.column + 1, Style(BoxOutlines.colour(label), .bold))
            let name = label == .paraseptal && area.columns < MasksLayout.namedBoxes ? "PS" : label.word
            painter.text(name, row: row, column: area.column + 3, .faint)
            let counts = "\(here.count { $0.label == label })/\(state.masks.boxes.count { $0.label == label })"
            painter.textRight(counts, row: row, endColumn: area.endColumn)
        }
    }

    // MARK: cross-hair

    private static func drawReadout(
        _ sample: CrosshairSample, _ threshold: MaskThreshold, _ ruler: Double?, _ painter: inout Painter, _ area: Rect
    ) {
        painter.heading("Cross-hair", area, right: ruler.map { "ruler \(Text.fixed($0, 1)) mm" } ?? "")
        func line(_ index: Int, _ name: String, _ value: String, _ style: Style = .plain) {
            painter.text(name, row: area.row + index, column: area.column + 1, width: 6, .faint)
            painter.text(value, row: area.row + index, column: area.column + 7, width: area.columns - 7, style)
        }
        let wide = area.columns >= 40
        line(1, "HU", "\(sample.hounsfield)\(sample.lung.map { "  \($0)\(wide ? " lung" : "")" } ?? "")", .strong)
        line(2, "p", sample.probabilities(wide: wide))
        line(3, "voxel", "\(sample.voxel.x) \(sample.voxel.y) \(sample.voxel.z)")
        let place = sample.millimetres(decimals: wide ? 2 : 0)
        let axes = ["  (right, anterior, superior)", "  (R, A, S)"].first { place.count + $0.count <= area.columns - 7 }
        line(4, "mm", place + (wide ? axes ?? "" : ""))
        line(5, "atlas", sample.atlasVoxel(decimals: 1) + (wide && sample.atlas != nil ? "  (voxel of the atlas)" : ""))
        let kinds = sample.kinds
        let name = threshold.isTheMask ? "mask" : "marks"
        if sample.isUnknown {
            line(6, name, wide ? "not predicted yet" : "not yet", Style(CTSlicePicture.unknown))
        } else {
            line(6, name, kinds.isEmpty ? "–" : kinds.joined(separator: " + "), kinds.isEmpty ? .faint : .warning)
        }
    }

    private static func drawShortReadout(_ sample: CrosshairSample, _ ruler: Double?, _ painter: inout Painter, _ area: Rect) {
        let kinds = sample.isUnknown ? " not predicted yet" : sample.kinds.isEmpty ? "" : " " + sample.kinds.joined(separator: "+")
        let measured = ruler.map { "  ruler \(Text.fixed($0, 1)) mm" } ?? ""
        let place = " \(sample.millimetres(decimals: 0)) mm"
        let rounded = "\(place) atlas \(sample.atlasVoxel(decimals: 0))"
        let exact = ["  ", " "].map { "\(place)\($0)atlas \(sample.atlasVoxel(decimals: 1))" }
        let lines = [" \(sample.hounsfield) HU\(kinds)\(measured)", exact.first { $0.count <= area.columns } ?? rounded]
        for (offset, line) in lines.enumerated() where offset < area.rows {
            painter.text(line, row: area.row + offset, column: area.column, width: area.columns)
        }
    }
}
