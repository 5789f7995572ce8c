import Cohorts

/// Subjects, windows and overlays.
extension WorkbenchState {
    mutating func show(_ loaded: LoadedSubject) -> [Effect] {
        // Only who was wished for last is shown.
        guard masks.isWanted(loaded.id) else { return [] }
        masks.loading = nil
        let isNew = masks.loaded?.id != loaded.id
        if isNew {
            masks.mark = nil
            if view.subject != loaded.id { view.zoom.centre = nil }
        }
        masks.loaded = loaded
        masks.complaint = nil
        if masks.prediction?.isWritten == true, masks.prediction?.subject == loaded.id { masks.prediction = nil }
        let isSaved = view.subject == loaded.id && view.cursor.map { loaded.axes.extent.contains($0) } == true
        // The cross-hair stays when the same subject comes again with a new mask, and returns to where it was left last time.
        if !isSaved || (isNew && view.cursor == nil) { view.cursor = loaded.firstCursor }
        view.subject = loaded.id
        return []
    }

    mutating func subjectFailed(_ id: String, _ sentence: String) {
        guard masks.isWanted(id) else { return }
        masks.loading = nil
        masks.complaint = sentence
        // What was left in the subject before means nothing in this one.
        if view.subject != id { (view.subject, view.cursor) = (id, nil) }
    }

    mutating func choose(subject index: Int) -> [Effect] {
        guard masks.subjects.indices.contains(index) else { return [] }
        let id = masks.subjects[index].id
        guard id != masks.loading, masks.loading != nil || id != masks.loaded?.id else { return [] }
        return load(subject: id)
    }

    mutating func runMasks(_ command: CommandID) -> [Effect] {
        if refuses(command) { return [] }
        if let effects = predictWhereStale(command) { return effects }
        switch command {
        case .nextSubject: return choose(subject: subjectIndex + 1)
        case .previousSubject: return choose(subject: subjectIndex - 1)
        case .nextWindow: changePreset(by: 1)
        case .previousWindow: changePreset(by: -1)
        case .raiseLevel: view.window = view.window.shifted(by: 25)
        case .lowerLevel: view.window = view.window.shifted(by: -25)
        case .widenWindow: view.window = view.window.widened(by: 50)
        case .narrowWindow: view.window = view.window.widened(by: -50)
        case .invert: view.inverted.toggle()
        case .toggleOverlays, .toggleCentrilobular, .toggleParaseptal: toggle(command)
        case .raiseOpacity: view.opacityTenths = min(10, view.opacityTenths + 1)
        case .lowerOpacity: view.opacityTenths = max(1, view.opacityTenths - 1)
        case .nextOverlayKind: changeOverlayKind()
        case .raiseThreshold: changeThreshold(by: 1)
        case .lowerThreshold: changeThreshold(by: -1)
        case .markRuler: masks.mark = masks.mark == nil ? view.cursor : nil
        case .toggleThirds: view.thirds.toggle()
        case .exportSubject: askWhereToExport()
        case .nextDisease: jumpToDisease(by: 1)
        case .previousDisease: jumpToDisease(by: -1)
        default: break
        }
        return []
    }

    mutating func toggle(_ command: CommandID) {
        switch command {
        case .toggleCentrilobular: view.shows.formSymmetricDifference([.centrilobular])
        case .toggleParaseptal: view.shows.formSymmetricDifference([.paraseptal])
        default: view.shows = view.shows.isEmpty ? Set(EmphysemaSubtype.allCases) : []
        }
    }

    private mutating func askWhereToExport() {
        guard let loaded = masks.loaded else {
            message = Message(text: "there is no subject to export yet", isFault: false)
            return
        }
        overlay = .entry(TextEntry(purpose: .export, name: loaded.id, text: "reports"))
    }

    private mutating func changeThreshold(by steps: Int) {
        guard masks.partial != nil || masks.loaded?.statistics.hasProbabilities == true else {
            message = Message(text: "this subject has no probabilities: only its masks can be shown", isFault: false)
            return
        }
        view.threshold = view.threshold.changed(by: steps)
    }

    private mutating func changeOverlayKind() {
        var kind = view.overlayKind.next
        while let subtype = kind.subtype, masks.loaded?.volumes[subtype].probability == nil,
            masks.partial?.subtypes.contains(subtype) != true
        { kind = kind.next }
        if kind == view.overlayKind { message = Message(text: "this subject has no probabilities", isFault: false) }
        view.overlayKind = kind
    }

    /// The subject that is shown, being read, or could not be read.
    package var subjectIndex: Int {
        let id = masks.loading ?? masks.loaded?.id ?? (masks.complaint == nil ? nil : view.subject)
        return masks.subjects.firstIndex { $0.id == id } ?? -1
    }

    private mutating func changePreset(by step: Int) {
        let presets = DisplayWindow.presets
        let at = presets.firstIndex { $0.window == view.window } ?? (step > 0 ? -1 : 0)
        view.window = presets[(at + step + presets.count) % presets.count].window
    }

    /// Whether a command asks for masks that cannot be shown now, and says so.
    private mutating func refuses(_ command: CommandID) -> Bool {
        switch command {
        case .nextDisease, .previousDisease:
            if masks.loaded == nil || masks.loading != nil {
                _ = noSubjectShown()
                return true
            }
        case .nextOverlayKind, .toggleOverlays, .toggleCentrilobular, .toggleParaseptal: break
        default: return false
        }
        guard let loaded = masks.loaded, loaded.volumes.maskCondition == nil, masks.partial == nil else { return false }
        let isBegun = masks.prediction?.subject == loaded.id
        message = Message(text: isBegun ? "the prediction of \(loaded.id) begins" : "no mask yet; P predicts it", isFault: false)
        return true
    }

    private mutating func jumpToDisease(by step: Int) {
        guard let loaded = masks.loaded, let cursor = view.cursor else { return }
        guard masks.partial == nil else {
            message = Message(text: "the prediction is not complete: slices with emphysema are known when it is", isFault: false)
            return
        }
        let axis = view.plane.normal
        let threshold = view.threshold
        let slices = 0..<loaded.axes.count(axis)
        func isDiseased(_ slice: Int) -> Bool { loaded.isDiseased(axis, slice: slice, threshold) }
        var at = loaded.axes.position(cursor, axis) + step
        while slices.contains(at), !isDiseased(at) { at += step }
        guard slices.contains(at) else {
            let none =
                threshold.isTheMask ? "no emphysema is marked in \(loaded.id)" : "nothing in \(loaded.id) reaches \(threshold.words)"
            message = Message(text: slices.contains(where: isDiseased) ? "no further slice with emphysema this way" : none, isFault: false)
            return
        }
        view.cursor = loaded.axes.moving(cursor, axis, to: at)
    }
}
