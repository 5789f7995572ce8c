import Cohorts
import Imaging
import TerminalKit

/// Where the parts of the cohort screen lie.
package struct CohortLayout {
    package var status: Rect
    package var list: Rect
    package var panes: [SlicePane]
    /// What lies under the cross-hair.
    package var readout: Rect
    package var details: Rect

    package init(_ content: Rect, _ state: WorkbenchState) {
        var area = content
        status = area.takeTop(area.columns >= 110 ? 1 : 2)
        if state.view.wholeScreen {
            readout = area.takeBottom(1)
            (list, details) = (Rect(column: 0, row: 0, columns: 0, rows: 0), Rect(column: 0, row: 0, columns: 0, rows: 0))
            panes = [SlicePane(plane: state.view.plane, rect: area)]
            return
        }
        // Reasons are shown in full, as far as they leave the slices something.
        let usual = area.rows >= 30 ? 9 : area.rows >= 16 ? 7 : 2
        let isRefused = state.cohortSubject?.outcome?.quality.verdict == .refused
        let most = area.rows - (isRefused && area.rows < 16 ? 4 : 6)
        let needed = CohortScreen.details(state, columns: content.columns).count + 1
        details = area.takeBottom(max(usual, min(needed, most)))
        readout = area.takeBottom(area.rows >= 4 ? 1 : 0)
        list = Rect(column: 0, row: 0, columns: 0, rows: 0)
        if area.columns >= 70, area.rows >= 6 {
            let column = area.takeLeft(area.columns >= 140 ? 44 : area.columns >= 100 ? 32 : 20)
            list = Rect(column: column.column, row: column.row, columns: column.columns - 1, rows: column.rows)
        }
        panes = SlicePane.arrange(area, chosen: state.view.plane, maximised: state.view.maximised)
    }

    func subjects(_ state: WorkbenchState) -> SubjectList {
        SubjectList(area: list, count: state.cohort.snapshot.subjects.count, chosen: state.cohortIndex)
    }
}

/// The cohort's subjects with their quality, and the chosen one's slices: its lungs, the registered atlas and the patches.
package enum CohortScreen {
    package static func draw(_ state: WorkbenchState, _ painter: inout Painter, _ content: Rect) {
        let layout = CohortLayout(content, state)
        drawStatus(state, &painter, layout.status)
        drawList(state, &painter, layout)
        drawDetails(state, &painter, layout.details)
        guard let loaded = state.cohort.loaded, let cursor = state.view.cohortCursor, loaded.axes.extent.contains(cursor) else {
            let area = layout.panes[0].rect
            let isEmpty = state.cohort.snapshot.subjects.isEmpty
            let complaint = state.cohort.complaint?.sentence ?? (isEmpty ? state.cohort.snapshot.fault ?? state.masks.listComplaint : nil)
            let text =
                complaint ?? state.cohort.loading.map { "reading \($0) …" }
                ?? (isEmpty
                    ? (state.cohort.isListed ? "Nothing is prepared here yet: `workbench prepare` fills this list." : "looking …")
                    : "Choose a subject with [ and ].")
            Overlays.drawText(text, &painter, area, complaint == nil ? .faint : .bad)
            return
        }
        let view = state.view
        var picture = CohortSlicePicture(
            ct: CTSlicePicture(
                subject: loaded.subject, cursor: cursor, window: view.window, inverted: view.inverted, shows: [], opacity: view.opacity,
                crosshair: view.crosshair),
            volumes: loaded.volumes, showsLungs: state.cohort.showsLungs, showsAtlas: state.cohort.showsAtlas,
            showsLandmarks: state.cohort.showsLandmarks)
        guard var look = state.sliceLook else { return }
        picture.ct.reading = view.reading
        for pane in layout.panes {
            picture.ct.cursor = state.cursor(cursor, shownIn: pane.plane, loaded.axes)
            picture.ct.crosshair = view.crosshair && (!state.isLean || pane.plane == view.plane)
            look.cursor = picture.ct.cursor
            pane.draw(
                &painter, look, position: loaded.axes.position(picture.ct.cursor, pane.plane.normal), isChosen: pane.plane == view.plane,
                notes: SliceNotes(), layers: picture.layers, image: picture.image)
        }
        let region = view.region.map { RegionStatistics(loaded.subject, cursor, view.plane, diameter: $0).words(diameter: $0) }
        let reading = [view.slab.words, region, state.cineWords].compactMap { $0 }
        drawReadout(
            CrosshairSample(loaded.subject, cursor), zoom: view.cohortZoom.factor, reading.joined(separator: "  "), &painter, layout.readout
        )
    }

    /// HU, lung, voxel and place under the cross-hair, as much of it as there is room for.
    private static func drawReadout(_ sample: CrosshairSample, zoom: Double, _ reading: String, _ painter: inout Painter, _ area: Rect) {
        let doubtful = sample.lung == "doubtful"
        let lung = doubtful ? "may not be lung" : sample.lung.map { "\($0) lung" } ?? "no lung"
        let voxel = "\(sample.voxel.x) \(sample.voxel.y) \(sample.voxel.z)"
        let scale = zoom == 1 ? "" : "  ×\(Text.significant(zoom))"
        let texts = [
            "  \(lung)   voxel \(voxel)   mm \(sample.millimetres(decimals: 1)) (right, anterior, superior)\(scale)",
            "  \(lung)  voxel \(voxel)  mm \(sample.millimetres(decimals: 1))\(scale)",
            "  \(lung)  voxel \(voxel)  mm \(sample.millimetres(decimals: 0))",
            " \(doubtful ? "?" : sample.lung ?? "–")  \(voxel)  mm \(sample.millimetres(decimals: 0))",
            " \(doubtful ? "?" : sample.lung ?? "–") \(voxel) mm \(sample.millimetres(decimals: 0))",
        ]
        // How slices are read comes first: nobody may take a slab for a slice.
        let value = " \(sample.hounsfield) HU" + (reading.isEmpty ? "" : "  \(reading)")
        let text = texts.first { value.count + $0.count <= area.columns } ?? texts[texts.count - 1]
        painter.spans([(value, .strong), (text, doubtful ? .warning : .plain)], row: area.row, column: area.column, width: area.columns)
    }

    // MARK: status

    private static func drawStatus(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        let cohort = state.cohort
        let subjects = cohort.snapshot.subjects
        let done = subjects.count { $0.outcome != nil }
        func count(_ verdict: SubjectQuality.Verdict) -> Int { subjects.count { $0.outcome?.quality.verdict == verdict } }
        var spans: [(String, Style)] = []
        if let fault = cohort.snapshot.fault {
            spans = [(" ✗ ", .bad), (fault, .bad)]
        } else if cohort.snapshot.isRunning {
            let patches = cohort.snapshot.patches.map { ", patches \($0.done)/\($0.total)" } ?? ""
            spans = [(" ● preparing \(done)/\(subjects.count)\(patches)", .good)]
        } else {
            spans = [(" \(subjects.count) subjects", .strong)]
            if done < subjects.count { spans.append(("  ■ \(subjects.count - done) not prepared: P resumes", .warning)) }
        }
        let excluded = subjects.count { $0.review?.decision == .excluded }
        var counts: [(String, Style)] = [
            ("  \(count(.ok)) ok", .good), ("  \(count(.warning)) with warnings", .warning), ("  \(count(.refused)) refused", .bad),
        ]
        if excluded > 0 { counts.append(("  \(excluded) excluded", .faint)) }
        if cohort.snapshot.needsRun { spans.append(("  P applies the review", .key)) }
        let hasDoubt = (cohort.loaded?.millilitres[Int(LungCorrection.doubtful)] ?? 0) > 0
        let doubt: [(String, Style)] =
            hasDoubt
            ? [("  ?", cohort.showsLungs ? Style(CohortSlicePicture.doubtful) : .faint), (" may not be lung", .faint)] : []
        let legend: [(String, Style)] =
            [
                ("o", cohort.showsLungs ? Style(CohortSlicePicture.lungs) : .faint), (" lungs  ", .faint),
                ("+", cohort.showsAtlas ? Style(CohortSlicePicture.atlas) : .faint), (" atlas  ", .faint),
                ("*", cohort.showsLandmarks ? Style(CohortSlicePicture.landmark) : .faint), (" patches", .faint),
            ] + doubt
        func width(_ spans: [(String, Style)]) -> Int { spans.map(\.0.count).reduce(0, +) }
        // One row where there is room, else how it goes above and what came of it below; the legend at the right of the last.
        let last = area.rows > 1 ? counts : spans + counts
        if area.rows > 1 { painter.spans(spans, row: area.row, column: area.column, width: area.columns) }
        painter.spans(last, row: area.endRow - 1, column: area.column, width: area.columns)
        guard width(last) + width(legend) + 2 <= area.columns else { return }
        painter.spans(legend, row: area.endRow - 1, column: area.endColumn - width(legend) - 1, width: width(legend))
    }

    // MARK: list

    /// How a subject stands: a sign that does not need colour, and a style.
    private static func sign(_ subject: CohortSubject) -> (String, Style) {
        if subject.review?.decision == .excluded { return ("–", .faint) }
        if subject.isAtWork { return ("●", .good) }
        switch subject.outcome?.quality.verdict {
        case .ok: return ("✓", .good)
        case .warning: return subject.review?.decision == .accepted ? ("✓", .warning) : ("!", .warning)
        case .refused: return ("✗", .bad)
        case nil: return ("·", .faint)
        }
    }

    private static func drawList(_ state: WorkbenchState, _ painter: inout Painter, _ layout: CohortLayout) {
        let subjects = state.cohort.snapshot.subjects
        let list = layout.subjects(state)
        list.draw(&painter, heading: list.isWide ? "mL  Dice" : "\(subjects.count)") { index in
            let subject = subjects[index]
            var line = SubjectList.Line(name: subject.id, sign: sign(subject))
            if let quality = subject.outcome?.quality, quality.verdict != .refused {
                let volume = Int((quality.rightMillilitres + quality.leftMillilitres).rounded())
                line.detail = "\(volume)  \(Text.fixed(quality.diceAfter, 2))"
            }
            return line
        }
    }

    // MARK: details

    private static func drawDetails(_ state: WorkbenchState, _ painter: inout Painter, _ area: Rect) {
        guard !area.isEmpty, state.cohortSubject != nil else { return }
        let hasHeading = area.rows >= 5
        if hasHeading { painter.heading("Subject", area) }
        let first = area.row + (hasHeading ? 1 : 0)
        for (offset, line) in details(state, columns: area.columns).enumerated() where first + offset < area.endRow {
            painter.spans(line, row: first + offset, column: area.column, width: area.columns)
        }
    }

    /// What is told of the subject that is shown or being read: how it stands, what the reader did to its lungs, its numbers, and every reason in
    /// full.
    static func details(_ state: WorkbenchState, columns: Int) -> [[(String, Style)]] {
        guard let subject = state.cohortSubject else { return [] }
        var lines = details(of: subject, columns: columns)
        guard let loaded = state.cohort.loaded, loaded.id == subject.id else { return lines }
        lines.insert(contentsOf: corrections(of: loaded, columns: columns), at: 1)
        return lines
    }

    private static func corrections(of loaded: LoadedCohortSubject, columns: Int) -> [[(String, Style)]] {
        func millilitres(_ label: Int) -> String { "\(Int(loaded.millilitres[label].rounded())) mL" }
        var sentences: [(String, Style)] = []
        if let fault = loaded.volumes.correctionFault { sentences.append(("\(fault); D takes them back", .bad)) }
        let count = loaded.volumes.corrections
        if count > 0 {
            let times = count == 1 ? "once" : "\(count) times"
            sentences.append(("corrected \(times): right \(millilitres(1)), left \(millilitres(2))", .key))
        }
        if loaded.millilitres[Int(LungCorrection.doubtful)] > 0 {
            sentences.append(
                (
                    "? \(millilitres(Int(LungCorrection.doubtful))) may not be lung: ( ) give it to the right or left lung, T takes it out",
                    .warning
                ))
        }
        return sentences.flatMap { sentence, style in
            Overlays.wrap(sentence, max(10, columns - 5)).map { [("   " + $0, style)] }
        }
    }

    /// How it stands, its numbers, and every reason in full.
    private static func details(of subject: CohortSubject, columns: Int) -> [[(String, Style)]] {
        let (sign, style) = sign(subject)
        var lines: [[(String, Style)]] = []
        let verdict = subject.outcome?.quality.verdict.rawValue ?? (subject.isAtWork ? "at work" : "waiting")
        var head: [(String, Style)] = [(" \(sign) ", style), (subject.id, .strong), ("  \(verdict)", style)]
        if let review = subject.review {
            head.append(("  \(review.decision.rawValue)\(review.note.isEmpty ? "" : ": \(review.note)")", .key))
        }
        lines.append(head)
        if let outcome = subject.outcome {
            let quality = outcome.quality
            if quality.rightMillilitres + quality.leftMillilitres > 0 {
                let volumes = "right \(Int(quality.rightMillilitres.rounded())) mL, left \(Int(quality.leftMillilitres.rounded())) mL"
                lines.append([("   \(volumes)", .plain)])
            }
            if quality.verdict != .refused {
                let dice = "Dice \(Text.fixed(quality.diceBefore, 3)) → \(Text.fixed(quality.diceAfter, 3))"
                let rest = "determinant \(Text.fixed(quality.determinant, 2)), \(quality.patchesBeyond) patches beyond the image"
                lines.append([("   \(dice), \(rest)", .plain)])
            }
            if outcome.seconds > 0 {
                let stages = outcome.times.stages.map { "\($0.name) \(Text.fixed($0.seconds, 1))" }.joined(separator: ", ")
                lines.append([("   \(Text.fixed(outcome.seconds, 1)) s: \(stages)", .faint)])
            }
            if let acquisition = outcome.acquisition { lines.append([("   \(acquisition.summary)", .faint)]) }
            for reason in quality.reasons + (outcome.cautions ?? outcome.acquisition?.densitometryCautions ?? []) {
                for (offset, line) in Overlays.wrap(reason, max(10, columns - 5)).enumerated() {
                    lines.append([((offset == 0 ? " • " : "   ") + line, quality.verdict == .refused ? .bad : .warning)])
                }
            }
        }
        return lines
    }
}
