import Imaging
import Masks
import SessionFormat

/// What the user changed, to be taken back and done again: how things are looked at, settings that were steered, and boxes.
package struct ChangeHistory: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case view(before: ViewSettings, after: ViewSettings)
        case steering(SteeringCommand, inverse: SteeringCommand)
        case box(BoxChange)
        case lungs(LungCorrection, subject: String)
    }

    private struct Entry: Equatable, Sendable {
        var change: Change
        /// What made it: changes by one command in a row are taken back together.
        var source: String
    }

    private var done: [Entry] = []
    private var undone: [Entry] = []
    private static let kept = 200

    package init() {}

    mutating func add(_ change: Change, source: String) {
        undone = []
        if case .view(_, let after) = change, let last = done.last, last.source == source, case .view(let before, _) = last.change {
            done[done.count - 1].change = .view(before: before, after: after)
            return
        }
        done.append(Entry(change: change, source: source))
        if done.count > Self.kept { done.removeFirst(done.count - Self.kept) }
    }

    /// Corrections of lungs that were taken back all at once can be neither taken back nor made again.
    mutating func forgetLungs() {
        func isKept(_ entry: Entry) -> Bool {
            if case .lungs = entry.change { return false }
            return true
        }
        (done, undone) = (done.filter(isKept), undone.filter(isKept))
    }

    /// The change to take back; nil where there is none.
    mutating func undo() -> Change? {
        guard let entry = done.popLast() else { return nil }
        undone.append(Entry(change: entry.change, source: ""))
        return entry.change
    }

    /// The change to do again; nil where there is none.
    mutating func redo() -> Change? {
        guard let entry = undone.popLast() else { return nil }
        done.append(entry)
        return entry.change
    }
}

extension WorkbenchState {
    /// Keeps what an event of the user changed in the view.
    mutating func remember(_ event: WorkbenchEvent, before: ViewSettings, source: String?) {
        guard let source, before.comparable(with: view) != view else { return }
        history.add(.view(before: before, after: view), source: source)
    }

    /// What made a change, or nil for events that are no change of the user's.
    func source(of event: WorkbenchEvent) -> String? {
        switch event {
        case .key(let key):
            let command = command(for: key)
            return command == .undo || command == .redo ? nil : command?.rawValue
        case .command(let command): return command == .undo || command == .redo ? nil : command.rawValue
        case .mouse(let mouse): return "mouse \(mouse.action.rawValue)"
        default: return nil
        }
    }

    mutating func runHistory(_ command: CommandID) -> [Effect] {
        let isUndo = command == .undo
        switch isUndo ? history.undo() : history.redo() {
        case .view(let before, let after):
            view = (isUndo ? before : after).comparable(with: view)
            message = Message(text: isUndo ? "taken back" : "done again", isFault: false)
            return []
        case .steering(let command, let inverse): return send(isUndo ? inverse : command, remembers: false)
        case .box(let change): return apply(isUndo ? change.inverse : change)
        case .lungs(let correction, let subject): return runHistory(correction, of: subject, isUndo: isUndo)
        case nil:
            if isUndo, let effects = takeEarlierCorrectionBack() { return effects }
            message = Message(text: isUndo ? "there is nothing to take back" : "there is nothing to do again", isFault: false)
            return []
        }
    }
}

extension ViewSettings {
    /// With the screen and the subject of now: going to a screen or reading a subject is no change of the view.
    fileprivate func comparable(with now: ViewSettings) -> ViewSettings {
        var settings = self
        settings.screen = now.screen
        if subject != now.subject {
            settings.subject = now.subject
            settings.cursor = now.cursor
        }
        return settings
    }
}
