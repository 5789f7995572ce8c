import Engine
import Foundation

/// CT slices with the predicted emphysema, and what it amounts to.
package enum MasksScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = MasksLayout(content, state)
        let subjects = state.masks.subjects
        layout.subjects(state).draw(&painter, heading: "\(subjects.count)") { SubjectList.Line(name: subjects[$0].id) }
        drawBoxes(state, &painter, layout.boxes)
        guard let loaded = state.masks.loaded, let cursor = state.view.cursor, loaded.axes.extent.contains(cursor) else {
            let text =
                state.masks.complaint ?? state.masks.loading.map { "reading \($0) …" }
                ?? (state.masks.subjects.isEmpty ? "This session has no subjects to show yet." : "Choose a subject with [ and ].")
            let area = layout.panes[0].rect
            painter.heading("Masks", area)
            Overlays.drawText(text, &painter, area, state.masks.complaint == nil ? .faint : .bad)
            return
        }
        drawStatus(state, loaded, &painter, layout.status)
        var picture = CTSlicePicture(
            subject: loaded, cursor: cursor, window: state.view.window, inverted: state.view.inverted, shows: state.view.shows,
            opacity: state.view.opacity, crosshair: state.view.crosshair, kind: state.view.overlayKind, threshold: state.view.threshold,
            mark: state.masks.mark)
        let partial = state.masks.partial
        picture.partial = partial
        let outlines = BoxOutlines(state.masks.showsBoxes ? state.masks.shownBoxes : [], loaded)
        for pane in layout.panes {
            picture.cursor = state.cursor(cursor, shownIn: pane.plane, loaded.axes)
            picture.crosshair = state.view.crosshair && (!state.isLean || pane.plane == state.view.plane)
            pane.draw(
                &painter, axes: loaded.axes, position: loaded.axes.position(picture.cursor, pane.plane.normal),
                isChosen: pane.plane == state.view.plane,
                cellRatio: state.view.cellRatio, radiological: state.view.radiological, zoom: state.view.zoom, showsScale: true
            ) { projection in
                var image = picture.image(projection)
                outlines.draw(&image, projection, at: picture.cursor)
                return image
            }
            outlines.drawLetters(
                &painter, pane.picture,
                pane.projection(
                    axes: loaded.axes, cellRatio: state.view.cellRatio, radiological: state.view.radiological, zoom: state.view.zoom),
                at: picture.cursor)
        }
        let ruler = state.masks.mark.map { mark in
            let map = loaded.volumes.ct.voxelToWorld
            return length(map(cursor.point) - map(mark.point))
        }
        let sample = CrosshairSample(loaded, cursor, partial: partial)
        if layout.readout.rows >= 5 {
            drawReadout(sample, ruler, &painter, layout.readout)
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

    // MARK: status

    private static func drawStatus(_ state: WorkbenchState, _ loaded: LoadedSubject, _ painter: inout Painter, _ area: Rect) {
        let view = state.view
        let warning = "research use only"
        painter.textRight(warning, row: area.row, endColumn: area.endColumn - 1, .warning)
        let room = area.columns - warning.count - 3
        let limits = area.columns >= 60 ? " \(view.window.lowerHounsfield)…\(view.window.upperHounsfield) HU" : ""
        let window = "\(view.window.name)\(limits)\(view.inverted ? " inverted" : "")"
        var first: [(String, Style)] = [(" \(loaded.id)", .strong), ("  \(window)", .plain)]
        if let loading = state.masks.loading { first.append(("  reading \(loading) …", .title)) }
        if let complaint = state.masks.complaint { first.append(("  \(complaint)", .bad)) }
        first += backgroundSpans(state.masks)
        let overlays = overlaySpans(state, loaded, narrow: area.columns < 60)
        if area.rows == 1 {
            painter.spans(first + [("   ", .plain)] + overlays, row: area.row, column: area.column, width: room)
        } else {
            painter.spans(first, row: area.row, column: area.column, width: room)
            painter.spans([(" ", .plain)] + overlays, row: area.row + 1, column: area.column, width: area.columns)
        }
    }

    /// Warnings come first: they must not be cut off where the width is short.
    private static func overlaySpans(_ state: WorkbenchState, _ loaded: LoadedSubject, narrow: Bool) -> [(String, Style)] {
        let view = state.view
        var spans: [(String, Style)] = []
        let partial = state.masks.partial
        if let partial { spans += partialSpans(partial, state, loaded, narrow: narrow) }
        func isShown(_ subtype: EmphysemaSubtype) -> Bool {
            loaded.volumes[subtype].mask != nil || partial?.subtypes.contains(subtype) == true
        }
        for subtype in EmphysemaSubtype.allCases where partial?.subtypes.contains(subtype) != true {
            let volumes = loaded.volumes[subtype]
            guard volumes.mask != nil else { continue }
            if volumes.staleReason != nil { spans += [(" STALE ", .alarm), (" ", .plain)] }
            if volumes.isPartial { spans += [(" PARTIAL ", .alarm), (" ", .plain)] }
        }
        let (cle, pse) = (loaded.volumes.centrilobular, loaded.volumes.paraseptal)
        if partial == nil {
            if cle.mask == nil, pse.mask == nil { return [(narrow ? "no mask: P predicts" : "no mask yet: P predicts it", .faint)] }
            spans.append((provenance(cle, pse, narrow) + "  ", .faint))
        }
        for (subtype, sign, name, colour) in [
            (EmphysemaSubtype.centrilobular, "▞▞", "CLE", CTSlicePicture.centrilobular),
            (.paraseptal, "▚▚", narrow ? "PS" : "paraseptal", CTSlicePicture.paraseptal),
        ] where isShown(subtype) {
            let shown = view.shows.contains(subtype)
            spans += [(sign, shown ? Style(colour) : .faint), (" \(name)\(shown ? "" : " hidden")  ", shown ? .plain : .faint)]
        }
        if let subtype = view.overlayKind.subtype {
            spans = spans.filter { $0.1 == .alarm || $0.1 == .warning || $0.0 == " " }
            spans.append(("probability of \(subtype == .centrilobular ? "CLE" : "paraseptal")  0.05 ", .plain))
            spans += (0..<8).map { ("█", Style(ColourMap.viridis(Double($0) / 7))) }
            spans.append((" 1  ", .plain))
        } else if !view.threshold.isTheMask {
            spans.append((" p ≥ \(Text.fixed(Double(view.threshold.probability), 2)), not the mask's 0.50 ", .warning))
        }
        spans.append(("\(view.opacityTenths * 10) %", .faint))
        if view.zoom.factor != 1 { spans.append(("  ×\(Text.significant(view.zoom.factor))", .plain)) }
        if let caution = loaded.densitometryCautions.first { spans.append(("  densitometry: \(caution)", .warning)) }
        let reasons = EmphysemaSubtype.allCases.filter { partial?.subtypes.contains($0) != true }.compactMap {
            loaded.volumes[$0].staleReason
        }
        for reason in reasons.prefix(1) { spans.append(("  \(reason)", .warning)) }
        return spans
    }

    /// How far a prediction of the subject that is shown has come.
    private static func partialSpans(_ partial: PartialPrediction, _ state: WorkbenchState, _ loaded: LoadedSubject, narrow: Bool)
        -> [(String, Style)]
    {
        var reached: Int?
        if let cursor = state.view.cursor {
            let axis = loaded.axes.gridAxis[state.view.plane.normal.rawValue]
            reached = partial.strideReached(axis: axis, index: cursor[axis])
        }
        let percent = "\(Int((100 * partial.fraction).rounded(.down))) %"
        let slice =
            reached.map { narrow ? "slice \($0) mm" : "this slice at \($0) mm" } ?? (narrow ? "slice –" : "this slice not whole yet")
        let whole = narrow ? "" : " of \(partial.stride) mm"
        let writing = state.masks.prediction?.isWriting == true ? ", writing" : ""
        return [
            (" PARTIAL ", .alarm), (" \(percent)\(whole), \(slice)\(writing)  ", .warning), ("??", Style(CTSlicePicture.unknown)),
            (narrow ? " not yet  " : " not predicted yet  ", .plain),
        ]
    }

    /// What goes on in the background and is not told by the overlays.
    private static func backgroundSpans(_ masks: MasksState) -> [(String, Style)] {
        if let tuning = masks.fineTuning {
            return [("  fine-tuning\(tuning.total > 0 ? ", box \(tuning.done) of \(tuning.total)" : " …")", .title)]
        }
        guard let running = masks.prediction, masks.partial == nil else { return [] }
        guard let partial = running.partial else { return [("  reading \(running.subject) to predict …", .title)] }
        return [("  predicting \(running.subject), \(Int((100 * partial.fraction).rounded(.down))) %", .title)]
    }

    private static func provenance(_ cle: SubtypeVolumes, _ pse: SubtypeVolumes, _ narrow: Bool) -> String {
        func words(_ volumes: SubtypeVolumes) -> String? {
            guard volumes.mask != nil else { return nil }
            return [
                volumes.model ?? "model unknown",
                volumes.strideMillimetres.map { "\(narrow ? "" : "stride ")\($0) mm" } ?? "stride unknown",
            ].joined(separator: ", ")
        }
        let both = [words(cle), words(pse)].compactMap { $0 }
        return both.count == 2 && both[0] != both[1] ? both.joined(separator: " / ") : both.first ?? ""
    }

    /// Boxes of the subject that is shown, and of the whole session.
    private static func drawBoxes(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 4 else { return }
        painter.heading("Boxes", area, right: area.columns >= 20 ? "here / all" : "")
        let here = state.masks.shownBoxes
        for (offset, label) in LesionBox.Label.allCases.enumerated() {
            let row = area.row + 1 + offset
            painter.text(String(BoxOutlines.letter(label)), row: row, column: area.column + 1, Style(BoxOutlines.colour(label), .bold))
            painter.text(label.word, row: row, column: area.column + 3, width: area.columns - 8, .faint)
            let counts = "\(here.count { $0.label == label })/\(state.masks.boxes.count { $0.label == label })"
            painter.textRight(counts, row: row, endColumn: area.endColumn)
        }
    }

    // MARK: cross-hair

    private static func drawReadout(_ sample: CrosshairSample, _ ruler: Double?, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Cross-hair", area, right: ruler.map { "ruler \(Text.fixed($0, 1)) mm" } ?? "")
        func line(_ index: Int, _ name: String, _ value: String, _ style: Style = .plain) {
            painter.text(name, row: area.row + index, column: area.column + 1, width: 6, .faint)
            painter.text(value, row: area.row + index, column: area.column + 7, width: area.columns - 7, style)
        }
        let wide = area.columns >= 40
        line(1, "HU", "\(sample.hounsfield)\(sample.lung.map { "  \($0)\(wide ? " lung" : "")" } ?? "")", .strong)
        line(2, "p", sample.probabilities(wide: wide))
        line(3, "voxel", "\(sample.voxel.x) \(sample.voxel.y) \(sample.voxel.z)")
        line(4, "mm", sample.millimetres(decimals: wide ? 2 : 0) + (wide ? "  (right, anterior, superior)" : ""))
        let kinds = sample.kinds
        if sample.isUnknown {
            line(5, "mask", wide ? "not predicted yet" : "not yet", Style(CTSlicePicture.unknown))
        } else {
            line(5, "mask", kinds.isEmpty ? "–" : kinds.joined(separator: " + "), kinds.isEmpty ? .faint : .warning)
        }
    }

    private static func drawShortReadout(_ sample: CrosshairSample, _ ruler: Double?, _ painter: inout Painter, _ area: Rect) {
        let kinds = sample.isUnknown ? " not predicted yet" : sample.kinds.isEmpty ? "" : " " + sample.kinds.joined(separator: "+")
        painter.text(
            " \(sample.hounsfield) HU\(kinds)\(ruler.map { "  ruler \(Text.fixed($0, 1)) mm" } ?? "")  \(sample.millimetres(decimals: 0)) mm",
            row: area.row, column: area.column,
            width: area.columns)
    }
}
