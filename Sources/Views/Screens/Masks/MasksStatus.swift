import Cohorts
import Masks
import TerminalKit

/// The lines above the slices: who is shown and how, what made the masks, what goes on, and what the numbers are to be taken with.
struct MasksStatus {
    typealias Span = (String, Style)

    static let use = "research use only"

    let lines: [[Span]]

    /// - Parameters:
    ///   - state: with a subject that is shown.
    ///   - rows: lines that there is room for; what matters most comes first.
    init(_ state: WorkbenchState, _ loaded: LoadedSubject, columns: Int, rows: Int) {
        let items = MasksStatusItems(state: state, loaded: loaded, isNarrow: columns < 60)
        let room = columns - Self.use.count - 3
        func fits(_ items: [[Span]]) -> Bool { Self.flow(items, first: room, columns).count == 1 }
        let full = items.view(limits: columns >= 60)
        let view = fits(full) ? full : items.view(limits: false)
        var lines =
            columns >= 110
            ? Self.flow(view + items.overlays, first: room, columns)
            : Self.flow(view, first: room, columns) + Self.flow(items.overlays, first: columns, columns)
        for (sentence, style) in items.sentences where rows > 2 {
            lines += Overlays.wrap(sentence, columns - 2).map { [(" " + $0, style)] }
        }
        self.lines = Array(lines.prefix(rows))
    }

    /// Puts items side by side, two blanks apart, and those that a line has no room for on the next.
    private static func flow(_ items: [[Span]], first: Int, _ columns: Int) -> [[Span]] {
        var lines: [[Span]] = []
        var left = 0
        for item in items {
            let width = item.reduce(0) { $0 + $1.0.count }
            if lines.isEmpty || left < width + 2 {
                left = (lines.isEmpty ? first : columns) - 1 - width
                lines.append([(" ", .plain)] + item)
            } else {
                lines[lines.count - 1] += [("  ", .plain)] + item
                left -= width + 2
            }
        }
        return lines
    }

    /// What goes on in the background, of whichever subject.
    static func work(_ state: WorkbenchState) -> [[Span]] {
        if let tuning = state.masks.fineTuning {
            return [[("fine-tuning\(tuning.total > 0 ? ", box \(tuning.done) of \(tuning.total)" : " …")", .title)]]
        }
        guard let running = state.masks.prediction, state.masks.partial == nil else { return [] }
        let words = running.partial.map { "predicting \(running.subject), \(percent($0))" } ?? "reading \(running.subject) to predict …"
        return [[(words, .title)]]
    }

    static func percent(_ partial: PartialPrediction) -> String { "\(Int((100 * partial.fraction).rounded(.down))) %" }

    func draw(_ painter: inout Painter, _ area: Rect) {
        painter.textRight(Self.use, row: area.row, endColumn: area.endColumn - 1, .warning)
        for (offset, line) in lines.prefix(area.rows).enumerated() {
            let width = offset == 0 ? area.columns - Self.use.count - 3 : area.columns
            painter.spans(line, row: area.row + offset, column: area.column, width: width)
        }
    }
}

/// What the status is made of; an item is never broken.
private struct MasksStatusItems {
    typealias Span = MasksStatus.Span

    let state: WorkbenchState
    let loaded: LoadedSubject
    let isNarrow: Bool

    private var view: ViewSettings { state.view }
    private var partial: PartialPrediction? { state.masks.partial }

    /// The subject, the window, and what goes on in the background.
    /// - Parameter limits: with the window's, HU.
    func view(limits: Bool) -> [[Span]] {
        let range = limits ? " \(view.window.lowerHounsfield)…\(view.window.upperHounsfield) HU" : ""
        var items: [[Span]] = [[(loaded.id, .strong)], [("\(view.window.name)\(range)\(view.inverted ? " inverted" : "")", .plain)]]
        items += readingItems
        if let loading = state.masks.loading { items.append([("reading \(loading) …", .title)]) }
        return items + MasksStatus.work(state)
    }

    /// Slab, region and cine, where there are any.
    private var readingItems: [[Span]] {
        var items: [[Span]] = []
        if let words = view.slab.words { items.append([(words, .warning)]) }
        if let words = state.cineWords { items.append([(words, .title)]) }
        if let region = view.region, let cursor = view.cursor {
            items.append([(RegionStatistics(loaded, cursor, view.plane, diameter: region).words(diameter: region), .strong)])
        }
        return items
    }

    private static func percent(_ partial: PartialPrediction) -> String { MasksStatus.percent(partial) }

    /// What lies over the CT, and what made it.
    var overlays: [[Span]] {
        var items: [[Span]] = isNarrow && !loaded.densitometryCautions.isEmpty ? [[("!", .warning)]] : []
        if let partial { items += partialItems(partial) }
        if hasDamage { items.append([(" DAMAGED ", .alarm)]) }
        let whole = EmphysemaSubtype.allCases.filter { partial?.subtypes.contains($0) != true && loaded.volumes[$0].mask != nil }
        if whole.isEmpty, partial == nil, hasDamage { return items }
        if whole.isEmpty, partial == nil { return items + [[(isNarrow ? "no mask: P predicts" : "no mask yet: P predicts it", .faint)]] }
        if whole.contains(where: { loaded.volumes[$0].staleReason != nil }) { items.append([(" STALE ", .alarm)]) }
        if whole.contains(where: { loaded.volumes[$0].provenance?.unfit != nil }) { items.append([(" UNFIT ", .alarm)]) }
        if whole.contains(where: { loaded.volumes[$0].provenance?.implausible != nil }) { items.append([(" IMPLAUSIBLE ", .alarm)]) }
        if whole.contains(where: { loaded.volumes[$0].isPartial }) { items.append([(" PARTIAL ", .alarm)]) }
        if !whole.isEmpty { items.append([(provenance(whole), .faint)]) }
        if let subtype = view.overlayKind.subtype { items.append(scale(subtype)) } else { items += legend(whole) }
        if !view.threshold.isTheMask { items.append([("\(view.threshold.words) (mask \(Text.fixed(0.5, 2)))", .warning)]) }
        items.append([("\(view.opacityTenths * 10) %", .faint)])
        if view.zoom.factor != 1 { items.append([("×\(Text.significant(view.zoom.factor))", .plain)]) }
        return items
    }

    private var hasDamage: Bool {
        EmphysemaSubtype.allCases.contains { partial?.subtypes.contains($0) != true && loaded.volumes[$0].damage != nil }
    }

    /// How far the prediction of the subject that is shown has come.
    private func partialItems(_ partial: PartialPrediction) -> [[Span]] {
        var reached: Int?
        if let cursor = view.cursor {
            let axis = loaded.axes.gridAxis[view.plane.normal.rawValue]
            reached = partial.strideReached(axis: axis, index: cursor[axis])
        }
        let slice =
            reached.map { isNarrow ? "slice \($0) mm" : "this slice at \($0) mm" } ?? (isNarrow ? "slice –" : "this slice not whole yet")
        let whole = isNarrow ? "" : " of \(partial.stride) mm"
        let writing = state.masks.prediction?.isWriting == true ? ", writing" : ""
        return [
            [(" PARTIAL ", .alarm), (" \(Self.percent(partial))\(whole), \(slice)\(writing)", .warning)],
            [("??", Style(CTSlicePicture.unknown)), (isNarrow ? " not yet" : " not predicted yet", .plain)],
        ]
    }

    /// Model and stride of masks; said once where both have the same.
    private func provenance(_ subtypes: [EmphysemaSubtype]) -> String {
        let words = subtypes.map { subtype in
            let volumes = loaded.volumes[subtype]
            let stride = volumes.strideMillimetres.map { "\(isNarrow ? "" : "stride ")\($0) mm" } ?? "stride unknown"
            return "\(volumes.model ?? "model unknown"), \(stride)"
        }
        return words.dropFirst().reduce(words[0]) { $0 == $1 ? $0 : "\($0) / \($1)" }
    }

    private func legend(_ whole: [EmphysemaSubtype]) -> [[Span]] {
        let kinds: [(EmphysemaSubtype, String, String, Colour)] = [
            (.centrilobular, "▞▞", "CLE", CTSlicePicture.centrilobular),
            (.paraseptal, "▚▚", isNarrow ? "PS" : "paraseptal", CTSlicePicture.paraseptal),
        ]
        return kinds.compactMap { subtype, sign, name, colour -> [Span]? in
            guard whole.contains(subtype) || partial?.subtypes.contains(subtype) == true else { return nil }
            let isShown = view.shows.contains(subtype)
            return [(sign, isShown ? Style(colour) : .faint), (" \(name)\(isShown ? "" : " hidden")", isShown ? .plain : .faint)]
        }
    }

    /// The colours of probabilities; where pictures have none, their digits.
    private func scale(_ subtype: EmphysemaSubtype) -> [Span] {
        let steps = 10
        let colours: [Span] = (0..<steps).map { step in
            (state.capabilities.drawsHalfBlocks ? "█" : "\(step)", Style(ColourMap.viridis((Double(step) + 0.5) / Double(steps))))
        }
        let name = subtype == .centrilobular ? "CLE" : isNarrow ? "PS" : "paraseptal"
        return [("\(isNarrow ? "p" : "probability of") \(name) 0.05 ", .plain)] + colours + [(" 1", .plain)]
    }

    /// What is to be read in full.
    var sentences: [(String, Style)] {
        var found: [(String, Style)] = []
        if let complaint = state.masks.complaint { found.append((complaint, .bad)) }
        found += state.masks.contradictions.map { ("boxes: \($0)", .warning) }
        let cautions = loaded.densitometryCautions
        if !cautions.isEmpty { found.append(("densitometry: " + cautions.joined(separator: "; "), .warning)) }
        let reasons = EmphysemaSubtype.allCases.filter { partial?.subtypes.contains($0) != true }.compactMap {
            loaded.volumes[$0].damage ?? loaded.volumes[$0].staleReason
        }
        found += EmphysemaSubtype.allCases.flatMap { subtype in
            (loaded.volumes[subtype].provenance?.warnings ?? []).map { ("\(subtype.word): \($0)", .bad) }
        }
        return found + reasons.prefix(1).map { ($0, hasDamage ? .bad : .warning) }
    }
}
