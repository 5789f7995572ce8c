import Engine
import Foundation

/// CT slices with the predicted emphysema, and what it amounts to.
package enum MasksScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = MasksLayout(content, state)
        drawList(state, &painter, layout)
        guard let loaded = state.masks.loaded, let cursor = state.view.cursor, loaded.axes.extent.contains(cursor) else {
            let text =
                state.masks.complaint ?? state.masks.loading.map { "reading \($0) …" }
                ?? (state.masks.subjects.isEmpty ? "This session has no subjects to show yet." : "Choose a subject with [ and ].")
            let area = layout.panes[0].rect
            painter.heading("Masks", area)
            painter.text(
                text, row: area.row + 2, column: area.column + 2, width: area.columns - 3, state.masks.complaint == nil ? .faint : .bad)
            return
        }
        drawStatus(state, loaded, &painter, layout.status)
        var picture = CTSlicePicture(
            subject: loaded, cursor: cursor, window: state.view.window, inverted: state.view.inverted, shows: state.view.shows,
            opacity: state.view.opacity, crosshair: state.view.crosshair)
        for pane in layout.panes {
            picture.cursor = state.cursor(cursor, shownIn: pane.plane, loaded.axes)
            picture.crosshair = state.view.crosshair && (!state.isLean || pane.plane == state.view.plane)
            pane.draw(
                &painter, axes: loaded.axes, position: loaded.axes.position(picture.cursor, pane.plane.normal),
                isChosen: pane.plane == state.view.plane,
                cellRatio: state.view.cellRatio, radiological: state.view.radiological, picture.image)
        }
        let sample = CrosshairSample(loaded, cursor)
        if layout.readout.rows >= 5 {
            drawReadout(sample, &painter, layout.readout)
        } else {
            drawShortReadout(sample, &painter, layout.readout)
        }
        drawTable(loaded, &painter, layout.table)
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
        let overlays = overlaySpans(view, loaded, narrow: area.columns < 60)
        if area.rows == 1 {
            painter.spans(first + [("   ", .plain)] + overlays, row: area.row, column: area.column, width: room)
        } else {
            painter.spans(first, row: area.row, column: area.column, width: room)
            painter.spans([(" ", .plain)] + overlays, row: area.row + 1, column: area.column, width: area.columns)
        }
    }

    /// Warnings come first: they must not be cut off where the width is short.
    private static func overlaySpans(_ view: ViewSettings, _ loaded: LoadedSubject, narrow: Bool) -> [(String, Style)] {
        var spans: [(String, Style)] = []
        for subtype in EmphysemaSubtype.allCases {
            let volumes = loaded.volumes[subtype]
            guard volumes.mask != nil else { continue }
            if volumes.staleReason != nil { spans += [(" STALE ", .alarm), (" ", .plain)] }
            if volumes.isPartial { spans += [(" PARTIAL ", .alarm), (" ", .plain)] }
        }
        let (cle, pse) = (loaded.volumes.centrilobular, loaded.volumes.paraseptal)
        if cle.mask == nil, pse.mask == nil { return [("no mask yet", .faint)] }
        spans.append((provenance(cle, pse, narrow) + "  ", .faint))
        for (subtype, sign, name, colour) in [
            (EmphysemaSubtype.centrilobular, "▞▞", "CLE", CTSlicePicture.centrilobular),
            (.paraseptal, "▚▚", narrow ? "PS" : "paraseptal", CTSlicePicture.paraseptal),
        ] where loaded.volumes[subtype].mask != nil {
            let shown = view.shows.contains(subtype)
            spans += [(sign, shown ? Style(colour) : .faint), (" \(name)\(shown ? "" : " hidden")  ", shown ? .plain : .faint)]
        }
        spans.append(("\(view.opacityTenths * 10) %", .faint))
        for reason in [cle.staleReason, pse.staleReason].compactMap({ $0 }).prefix(1) { spans.append(("  \(reason)", .warning)) }
        return spans
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

    // MARK: list

    private static func drawList(_ state: WorkbenchState, _ painter: inout Painter, _ layout: MasksLayout) {
        let area = layout.list
        guard area.rows >= 2 else { return }
        let masks = state.masks
        painter.heading("Subjects", area, right: "\(masks.subjects.count)")
        let first = layout.firstSubject(state)
        for (offset, subject) in masks.subjects.dropFirst(first).prefix(area.rows - 1).enumerated() {
            let row = area.row + 1 + offset
            let isChosen = first + offset == state.subjectIndex
            if isChosen { painter.fill(Rect(column: area.column, row: row, columns: area.columns, rows: 1), Cell(" ", .selected)) }
            painter.text(isChosen ? "▸" : " ", row: row, column: area.column, isChosen ? .selected : .plain)
            painter.text(subject.id, row: row, column: area.column + 2, width: area.columns - 2, isChosen ? .selected : .plain)
        }
    }

    // MARK: cross-hair

    private static func drawReadout(_ sample: CrosshairSample, _ painter: inout Painter, _ area: Rect) {
        painter.heading("Cross-hair", area)
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
        line(5, "mask", kinds.isEmpty ? "–" : kinds.joined(separator: " + "), kinds.isEmpty ? .faint : .warning)
    }

    private static func drawShortReadout(_ sample: CrosshairSample, _ painter: inout Painter, _ area: Rect) {
        let kinds = sample.kinds.isEmpty ? "" : " " + sample.kinds.joined(separator: "+")
        painter.text(
            " \(sample.hounsfield) HU\(kinds)  \(sample.millimetres(decimals: 0)) mm", row: area.row, column: area.column,
            width: area.columns)
    }

    // MARK: volumes

    private static func drawTable(_ loaded: LoadedSubject, _ painter: inout Painter, _ area: Rect) {
        guard area.columns >= MasksLayout.tableWidth, area.rows >= 6 else { return }
        let statistics = loaded.statistics
        painter.heading("Volume", area, right: statistics.hasLungs ? "mL, percent of lung" : "mL; no lung mask")
        let regions = [("right", statistics.right), ("left", statistics.left), ("both", statistics.both)]
        let labelWidth = 14
        let fieldWidth = 14
        for (index, region) in regions.enumerated() {
            painter.textRight(region.0, row: area.row + 1, endColumn: area.column + labelWidth + index * fieldWidth + 7, .faint)
        }
        typealias Row = (name: String, sign: String, colour: Colour, present: Bool, voxels: KeyPath<SubjectStatistics.Region, Int>)
        let rows: [Row] = [
            ("lung", "  ", .terminal, statistics.hasLungs, \.lungVoxels),
            ("CLE", "▞▞", CTSlicePicture.centrilobular, statistics.hasCentrilobular, \.centrilobularVoxels),
            ("paraseptal", "▚▚", CTSlicePicture.paraseptal, statistics.hasParaseptal, \.paraseptalVoxels),
            ("either", "  ", CTSlicePicture.overlap, statistics.hasCentrilobular || statistics.hasParaseptal, \.eitherVoxels),
        ]
        for (offset, line) in rows.enumerated() {
            let row = area.row + 2 + offset
            painter.text(line.sign, row: row, column: area.column + 1, Style(line.colour))
            painter.text(line.name, row: row, column: area.column + 4, .faint)
            for (index, region) in regions.enumerated() {
                let end = area.column + labelWidth + index * fieldWidth + 7
                guard line.present, statistics.hasLungs else {
                    painter.textRight("–", row: row, endColumn: end, .faint)
                    continue
                }
                let voxels = region.1[keyPath: line.voxels]
                painter.textRight(millilitres(statistics.millilitres(voxels)), row: row, endColumn: end, offset == 0 ? .strong : .plain)
                if offset > 0, let percent = statistics.percent(voxels, of: region.1) {
                    painter.textRight(Text.fixed(percent, 1) + "%", row: row, endColumn: end + 7, .strong)
                }
            }
        }
    }

    private static func millilitres(_ value: Double) -> String { value >= 100 ? Chart.grouped(Int(value.rounded())) : Text.fixed(value, 1) }
}
