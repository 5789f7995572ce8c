import Foundation
import Foundations
import TerminalKit

/// Where the parts of the atlas screen lie.
package struct AtlasLayout {
    package var status: Rect
    package var panes: [SlicePane]
    package var info: Rect
    package var curve: Rect
    package var ranking: Rect

    package init(_ content: Rect, _ state: WorkbenchState) {
        var area = content
        status = area.takeTop(1)
        let nothing = Rect(column: 0, row: 0, columns: 0, rows: 0)
        (info, curve, ranking) = (nothing, nothing, nothing)
        if area.columns >= 140 {
            var side = area.takeRight(58)
            side = Rect(column: side.column + 2, row: side.row, columns: side.columns - 2, rows: side.rows)
            info = side.takeTop(7)
            curve = side.takeTop(min(16, side.rows / 2))
            ranking = side
        } else if area.rows >= 18 {
            var foot = area.takeBottom(7)
            info = foot.takeLeft(area.columns >= 70 ? 34 : area.columns)
            curve = foot
        }
        panes = SlicePane.arrange(area, chosen: state.view.atlasPlane, maximised: state.view.atlasMaximised)
    }
}

/// The atlas in three planes, its landmarks coloured by the chosen quantity.
package enum AtlasScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        guard let atlas = state.atlas.atlas, let cursor = state.view.atlasCursor, atlas.axes.extent.contains(cursor) else {
            let text =
                state.atlas.complaint
                ?? (state.atlas.isLoading
                    ? "reading the atlas …" : "This session has no atlas yet: it appears when the cohort is prepared.")
            painter.heading("Atlas", content)
            painter.text(text, row: content.row + 2, column: 2, width: content.columns - 3, state.atlas.complaint == nil ? .faint : .bad)
            return
        }
        let layout = AtlasLayout(content, state)
        let training = state.training
        let quantity = state.view.quantity
        let held = training.range(quantity)
        let range = held ?? 0...1
        drawLegend(state, &painter, layout.status, held)
        var picture = AtlasSlicePicture(
            atlas: atlas, cursor: cursor, selected: state.view.landmark, range: range,
            values: atlas.map.landmarks.indices.map { training.value(quantity, landmark: $0) }, crosshair: state.view.crosshair,
            reading: state.view.reading)
        guard var look = state.sliceLook else { return }
        for pane in layout.panes {
            picture.cursor = state.cursor(cursor, shownIn: pane.plane, atlas.axes)
            picture.crosshair = state.view.crosshair && (!state.isLean || pane.plane == state.view.atlasPlane)
            look.cursor = picture.cursor
            pane.draw(
                &painter, look, position: atlas.axes.position(picture.cursor, pane.plane.normal),
                isChosen: pane.plane == state.view.atlasPlane, notes: SliceNotes(showsScale: false), layers: picture.layers,
                image: picture.image)
        }
        guard let landmark = state.view.landmark, atlas.map.landmarks.indices.contains(landmark) else { return }
        drawInfo(state, atlas, landmark, cursor, &painter, layout.info)
        if state.atlas.showsViews {
            drawViews(state.atlas.views, landmark, &painter, layout.curve)
        } else {
            drawCurve(training, quantity, landmark, &painter, layout.curve)
        }
        drawRanking(state, &painter, layout.ranking)
    }

    private static func drawLegend(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect, _ range: ClosedRange<Double>?) {
        var column = painter.text(
            area.columns >= 60 ? " \(state.view.quantity.title) at each landmark  " : " \(state.view.quantity.title)  ", row: area.row,
            column: area.column, width: area.columns, .faint)
        guard let range else {
            painter.text("none visited yet", row: area.row, column: column, width: area.endColumn - column, .faint)
            return
        }
        column = painter.text(Text.fixed(range.lowerBound, 2) + " ", row: area.row, column: column)
        let width = 10
        for index in 0..<width {
            let colour = ColourMap.viridis((Double(index) + 0.5) / Double(width))
            if painter.capabilities.drawsHalfBlocks {
                painter.put(" ", row: area.row, column: column + index, Style(.terminal, on: colour))
            } else {
                painter.text("\(index)", row: area.row, column: column + index, Style(colour))
            }
        }
        column = painter.text(" " + Text.fixed(range.upperBound, 2), row: area.row, column: column + width)
        if area.columns >= 70 {
            let sense = state.view.radiological ? "radiological" : "neurological"
            painter.textRight(sense, row: area.row, endColumn: area.endColumn - 1, width: max(0, area.endColumn - column - 3), .faint)
        }
    }

    private static func drawInfo(
        _ state: WorkbenchState, _ atlas: LoadedAtlas, _ landmark: Int, _ cursor: VoxelIndex, _ painter: inout Painter, _ area: Rect
    ) {
        guard area.rows >= 7 else { return }
        painter.heading("Landmark \(landmark)", area, right: "of \(atlas.map.landmarks.count)")
        let training = state.training
        let mm = atlas.map.lungs.voxelToWorld(atlas.centre(landmark: landmark).point)
        var row = area.row + 1
        func line(_ name: String, _ value: String, _ style: Style = .plain) {
            painter.text(name, row: row, column: area.column + 1, width: 11, .faint)
            painter.text(value, row: row, column: area.column + 12, width: area.columns - 12, style)
            row += 1
        }
        let quantity = state.view.quantity
        func value(_ index: Int) -> String { quantity.text(training.value(quantity, landmark: index)) }
        line(quantity.name, value(landmark), .strong)
        let ranking = training.ranking(quantity)
        line("rank", ranking.firstIndex { $0.landmark == landmark }.map { "\($0 + 1) of \(ranking.count) visited" } ?? "–")
        line("corner", "\(atlas.map.landmarks[landmark])")
        line("centre mm", "\(Text.fixed(mm.x, 0)), \(Text.fixed(mm.y, 0)), \(Text.fixed(mm.z, 0))")
        let neighbours = atlas.map.neighbours[landmark].prefix(2)
        line("neighbours", neighbours.map { "\($0): \(value($0))" }.joined(separator: "  "))
        let at = atlas.map.lungs.voxelToWorld(cursor.point)
        line("cross mm", "\(Text.fixed(at.x, 0)), \(Text.fixed(at.y, 0)), \(Text.fixed(at.z, 0))")
    }

    private static func drawCurve(
        _ training: TrainingState, _ quantity: LandmarkQuantity, _ landmark: Int, _ painter: inout Painter, _ area: Rect
    ) {
        guard area.rows >= 5, area.columns >= 20 else { return }
        let inner = Rect(column: area.column + 1, row: area.row + 1, columns: area.columns - 1, rows: area.rows - 1)
        painter.heading(
            "\(quantity.title.prefix(1).uppercased() + quantity.title.dropFirst()) at landmark \(landmark)",
            Rect(column: area.column + 1, row: area.row, columns: area.columns - 1, rows: 1))
        guard let series = training.landmarks[landmark].map(quantity.history), let first = series.steps.first, let last = series.steps.last
        else {
            painter.text("not visited yet", row: inner.row + 1, column: inner.column + 2, width: inner.columns - 2, .faint)
            return
        }
        Chart(
            lines: [.init(series: series, name: "last", colour: TrainingScreen.local)],
            steps: min(first, training.total.steps.first ?? first)...max(first + 1, last)
        )
        .draw(&painter, inner)
    }

    /// The patch and its augmented views side by side, as many as there is room for.
    private static func drawViews(_ views: SeenViews?, _ landmark: Int, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 4, area.columns >= 20 else { return }
        let inner = Rect(column: area.column + 1, row: area.row + 1, columns: area.columns - 1, rows: area.rows - 1)
        let isReady = views?.key.landmark == landmark
        painter.heading(
            "Seen by the network", Rect(column: inner.column, row: area.row, columns: inner.columns, rows: 1),
            right: isReady ? views.map { "step \(Chart.grouped($0.key.step)), \($0.subject)" } ?? "" : "")
        guard let views, isReady else {
            painter.text("making the views again …", row: inner.row + 1, column: inner.column + 2, width: inner.columns - 2, .faint)
            return
        }
        if let complaint = views.complaint {
            painter.text(complaint, row: inner.row + 1, column: inner.column + 2, width: inner.columns - 2, .bad)
            return
        }
        // Patch, query and key side by side at least, the neighbours where there is room.
        let rows = max(1, min(SeenViews.side / 2, inner.rows - 1, (inner.columns - 4) / 6))
        let side = max(rows * 2, 6)
        for (index, picture) in views.pictures.enumerated() {
            let column = inner.column + index * (side + 2)
            guard column + side <= inner.endColumn else { break }
            if painter.capabilities.drawsPixels {
                let (cell, key) = (painter.capabilities.cell, views.key)
                let rect = Rect(column: column, row: inner.row + 1, columns: side, rows: rows)
                painter.text(picture.name, row: inner.row, column: column, width: side, .faint)
                painter.place(
                    Picture(
                        name: "view \(index)", rect: rect, cell: cell,
                        layers: [
                            Picture.Layer(
                                "patch", width: side * cell.width, height: rows * cell.height,
                                identity: "\(views.subject) \(key.landmark) \(key.step) \(picture.name)"
                            ) { Raster(width: SeenViews.side, height: SeenViews.side, grey: picture.pixels) }
                        ]))
                continue
            }
            var image = PixelImage(columns: side, rows: rows * 2)
            for y in 0..<rows * 2 {
                for x in 0..<side {
                    let at = (y * SeenViews.side / (rows * 2)) * SeenViews.side + x * SeenViews.side / side
                    image[x, y] = Colour(grey: picture.pixels[at])
                }
            }
            painter.text(picture.name, row: inner.row, column: column, width: side, .faint)
            image.draw(&painter, Rect(column: column, row: inner.row + 1, columns: side, rows: rows))
        }
    }

    private static func drawRanking(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard area.rows >= 4, area.columns >= 40 else { return }
        let quantity = state.view.quantity
        painter.heading("Highest and lowest \(quantity.title)", area)
        let ranking = state.training.ranking(quantity)
        let rows = min(area.rows - 1, 30)
        let range = state.training.range(quantity) ?? 0...1
        func draw(_ entries: [(landmark: Int, value: Double)], column: Int) {
            for (offset, entry) in entries.prefix(rows).enumerated() {
                let isSelected = entry.landmark == state.view.landmark
                painter.text(isSelected ? "▸" : " ", row: area.row + 1 + offset, column: column, .key)
                painter.textRight("\(entry.landmark)", row: area.row + 1 + offset, endColumn: column + 6, isSelected ? .strong : .faint)
                painter.textRight(quantity.text(entry.value), row: area.row + 1 + offset, endColumn: column + 15)
                let colour = AtlasSlicePicture.colour(entry.value, in: range)
                painter.text("■", row: area.row + 1 + offset, column: column + 17, Style(colour))
            }
        }
        draw(ranking, column: area.column + 1)
        draw(ranking.reversed(), column: area.column + 28)
    }
}
