import Cohorts
import Foundations
import Masks

/// Predictions, boxes and fine-tuning from the masks screen.
extension WorkbenchState {
    mutating func runMaskWork(_ command: CommandID) -> [Effect] {
        switch command {
        case .predict: return predict()
        case .stopMaskWork:
            guard masks.prediction != nil || masks.fineTuning != nil else { return [] }
            message = Message(text: "stopping …", isFault: false)
            return [.masks(.stop)]
        case .boxCentrilobular: return placeBox(.cle)
        case .boxParaseptal: return placeBox(.paraseptal)
        case .boxHealthy: return placeBox(.healthy)
        case .removeBox: return removeBox()
        case .toggleBoxes:
            masks.showsBoxes.toggle()
            message = Message(text: masks.showsBoxes ? "boxes are shown" : "boxes are hidden", isFault: false)
        case .fineTune:
            guard isFree() else { return [] }
            message = Message(text: "counting boxes …", isFault: false)
            return [.masks(.planFineTuning)]
        default: break
        }
        return []
    }

    // MARK: predicting

    /// Starts with the slice on the screen.
    mutating func predict() -> [Effect] {
        guard isFree() else { return [] }
        guard let loaded = masks.loaded, let slice = wantedSlice, masks.loading == nil else { return noSubjectShown() }
        masks.prediction = RunningPrediction(subject: loaded.id, slice: slice)
        return [.masks(.predict(subject: loaded.id, slice))]
    }

    /// A stale mask that is shown again is predicted again; nil where the command has only its own meaning.
    mutating func predictWhereStale(_ command: CommandID) -> [Effect]? {
        guard let loaded = masks.loaded, masks.prediction == nil, masks.fineTuning == nil, masks.loading == nil,
            [.toggleOverlays, .toggleCentrilobular, .toggleParaseptal].contains(command)
        else { return nil }
        func isStale(_ subtype: EmphysemaSubtype) -> Bool { loaded.volumes[subtype].staleReason != nil }
        guard EmphysemaSubtype.allCases.contains(where: { isStale($0) && !view.shows.contains($0) }) else { return nil }
        toggle(command)
        guard view.shows.contains(where: isStale) else { return [] }
        message = Message(text: "the mask of \(loaded.id) is stale and is predicted again; Esc stops it", isFault: false)
        return predict()
    }

    /// The slice of the chosen plane, in the CT's own grid.
    private var wantedSlice: MaskSlice? {
        guard let axes = masks.loaded?.axes, let cursor = view.cursor else { return nil }
        let axis = axes.gridAxis[view.plane.normal.rawValue]
        return MaskSlice(axis: axis, index: cursor[axis])
    }

    /// What the background is told after an event: the slice that is looked at now, and once that boxes are wanted.
    mutating func wantedMaskWork() -> [Effect] {
        guard session != nil, screen == .masks else { return [] }
        var effects: [Effect] = []
        if !masks.hasAskedForBoxes {
            masks.hasAskedForBoxes = true
            effects.append(.masks(.readBoxes))
        }
        if let slice = wantedSlice, let running = masks.prediction, running.subject == masks.loaded?.id, running.slice != slice {
            masks.prediction?.slice = slice
            effects.append(.masks(.look(slice)))
        }
        return effects
    }

    private mutating func isFree() -> Bool {
        if let running = masks.prediction {
            message = Message(text: "\(running.subject) is being predicted; Esc stops it", isFault: false)
        } else if masks.fineTuning != nil {
            message = Message(text: "fine-tuning goes on; Esc stops it", isFault: false)
        } else {
            return true
        }
        return false
    }

    mutating func noSubjectShown() -> [Effect] {
        message = Message(
            text: masks.loading.map { "\($0) is being read: wait until it is shown" } ?? "choose a subject first", isFault: false)
        return []
    }

    // MARK: boxes

    /// A box belongs to the subject on the screen and to no other: none is placed while another one is being read.
    private mutating func placeBox(_ label: LesionBox.Label) -> [Effect] {
        guard let loaded = masks.loaded, let cursor = view.cursor, masks.loading == nil else { return noSubjectShown() }
        guard let lungs = loaded.volumes.lungs else { return refuse("\(loaded.id) has no lung mask: a box must lie in the lung") }
        guard lungs[cursor] != 0 else {
            return refuse("the cross-hair is not in the lung: move it to the middle of what the box is to hold")
        }
        let world = loaded.volumes.ct.voxelToWorld(cursor.point)
        let centre = (world * 100).rounded(.toNearestOrAwayFromZero) / 100
        if let other = masks.shownBoxes.first(where: { length($0.centre - centre) < 1 }) {
            return refuse("there is a \(other.label.word) box here already; X removes it")
        }
        return change(.place(LesionBox(subject: loaded.id, label: label, centre: centre, image: loaded.volumes.imageChecksum)))
    }

    private mutating func removeBox() -> [Effect] {
        guard let loaded = masks.loaded, let cursor = view.cursor, masks.loading == nil else { return noSubjectShown() }
        let at = loaded.volumes.ct.voxelToWorld(cursor.point)
        func holds(_ box: LesionBox) -> Bool { (0..<3).allSatisfy { abs(box.centre[$0] - at[$0]) <= LesionBox.side / 2 } }
        let under = masks.shownBoxes.filter(holds).min { length($0.centre - at) < length($1.centre - at) }
        guard let under else {
            message = Message(text: "no box of \(loaded.id) holds the cross-hair", isFault: false)
            return []
        }
        return change(.remove(under))
    }

    private mutating func change(_ change: BoxChange) -> [Effect] {
        history.add(.box(change), source: "box")
        return apply(change)
    }

    /// Shows a change at once; it is written beside.
    mutating func apply(_ change: BoxChange) -> [Effect] {
        masks.boxes = change.applied(to: masks.boxes)
        switch change {
        case .place(let box): message = Message(text: "\(box.label.word) box placed in \(box.subject)", isFault: false)
        case .remove(let box): message = Message(text: "\(box.label.word) box removed from \(box.subject)", isFault: false)
        }
        return [.masks(.change(change))]
    }

    private mutating func refuse(_ sentence: String) -> [Effect] {
        message = Message(text: sentence, isFault: true)
        return []
    }

    // MARK: fine-tuning

    mutating func startFineTuning() -> [Effect] {
        guard isFree() else { return [] }
        masks.fineTuning = StageProgress(stage: "fine-tune", done: 0, total: 0)
        return [.masks(.fineTune)]
    }

    // MARK: reports

    mutating func fold(_ report: MaskReport) -> [Effect] {
        switch report {
        case .boxes(let boxes): masks.boxes = boxes
        case .boxesFailed(let sentence): return refuse("the boxes were not changed: \(sentence)")
        case .predictionBegan(let partial):
            if masks.prediction?.subject == partial.subject { masks.prediction?.partial = partial }
        case .part(let part): masks.prediction?.partial?.fold(part)
        case .writing: masks.prediction?.isWriting = true
        case .predicted(let subject):
            guard masks.prediction?.subject == subject else { break }
            if masks.loaded?.id == subject { masks.prediction?.isWritten = true } else { masks.prediction = nil }
            message = Message(text: "the masks of \(subject) are complete", isFault: false)
        case .stopped:
            endMaskWork()
            message = Message(text: "stopped; nothing was written", isFault: false)
        case .planned(let plan): if isFree() { overlay = .confirmFineTuning(plan) }
        case .fineTuning(let progress): if masks.fineTuning != nil { masks.fineTuning = progress }
        case .fineTuned(let sentence):
            endMaskWork()
            let effects = masks.loaded == nil || masks.loading != nil ? [] : predict()
            message = Message(text: sentence, isFault: false)
            return effects
        case .failed(let sentence):
            endMaskWork()
            return refuse(sentence)
        }
        return []
    }

    private mutating func endMaskWork() {
        masks.prediction = nil
        masks.fineTuning = nil
    }
}
