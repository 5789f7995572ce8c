import Cohorts
import Foundation
import SessionFormat
import TerminalKit

/// Keys go to what lies on top: a question, a prompt, the palette, the help; else through the command table to the screen.
extension WorkbenchState {
    mutating func press(_ key: Key) -> [Effect] {
        submitted = nil
        switch overlay {
        case .help(let line): return pressInHelp(key, line)
        case .palette(let query, let chosen): return pressInPalette(key, query, chosen)
        case .prompt(let text, _): return pressInPrompt(key, text)
        case .note(let note): return pressInNote(key, note)
        case .rollBack(nil, _):
            // Until they are listed, a key that was typed ahead chooses nothing.
            if key == .escape { overlay = nil }
            return []
        case .rollBack(let steps?, let chosen): return pressInRollBack(key, steps, chosen)
        case .entry(let entry): return pressInEntry(key, entry)
        case .form(let form): return pressInForm(key, form)
        case .confirmRollBack(let step): return pressInQuestion(key, yes: { $0.send(.rollBack(step)) })
        case .confirmDelete(let name): return pressInQuestion(key, yes: { _ in [.deleteSession(name)] })
        case .confirmStop: return pressInQuestion(key, yes: { $0.send(.stop) })
        case .confirmQuit: return pressInQuestion(key, yes: { $0.leave() })
        case .confirmFineTuning: return pressInQuestion(key, yes: { $0.startFineTuning() })
        case nil:
            guard let command = CommandTable.command(for: key, on: screen) else { return [] }
            return run(command)
        }
    }

    /// Whether a field of text is open.
    package var takesText: Bool {
        switch overlay {
        case .prompt, .note, .entry, .palette: true
        case .form(let form): !form.fields[form.chosen].isFixed
        default: false
        }
    }

    /// Text that was pasted goes into the field that is open, letter by letter; it never is a key, nor ends a line.
    mutating func paste(_ text: String) -> [Effect] {
        guard takesText else {
            message = Message(text: "a paste was ignored: text can be pasted only where text is typed", isFault: false)
            return []
        }
        message = nil
        let letters = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return letters.flatMap { press(.character($0)) }
    }

    private mutating func pressInHelp(_ key: Key, _ line: Int) -> [Effect] {
        let last = HelpPage(screen, Chrome.content(size), note: pictureNote).lastLine
        switch key {
        case .down, .character("j"): overlay = .help(min(last, line + 1))
        case .up, .character("k"): overlay = .help(max(0, min(last, line) - 1))
        case .pageDown, .character(" "): overlay = .help(min(last, line + 10))
        case .pageUp: overlay = .help(max(0, min(last, line) - 10))
        case .home: overlay = .help(0)
        case .end: overlay = .help(last)
        default: overlay = nil
        }
        return []
    }

    private mutating func pressInPrompt(_ key: Key, _ text: String) -> [Effect] {
        switch key {
        case .escape: overlay = nil
        case .backspace: overlay = .prompt(text: String(text.dropLast()), complaint: nil)
        case .character(let scalar) where text.count < 60: overlay = .prompt(text: text + String(scalar), complaint: nil)
        case .enter:
            do {
                let command = try SteeringCommand(words: text.filter { $0 != " " })
                overlay = nil
                return send(command)
            } catch {
                overlay = .prompt(text: text, complaint: "\(error)")
            }
        default: break
        }
        return []
    }

    private mutating func pressInNote(_ key: Key, _ note: ReviewNote) -> [Effect] {
        var note = note
        switch key {
        case .escape:
            overlay = nil
            return []
        case .backspace: note.text = String(note.text.dropLast())
        case .character(let scalar) where note.text.count < 200: note.text += String(scalar)
        case .enter:
            let words = note.text.trimmingCharacters(in: .whitespaces)
            if note.needsReason, words.isEmpty {
                note.complaint = "a refused scan is accepted with a reason only"
                overlay = .note(note)
                return []
            }
            submit()
            return review(note.subject, CohortReview.Entry(decision: note.decision, note: words))
        default: break
        }
        note.complaint = nil
        overlay = .note(note)
        return []
    }

    private mutating func pressInRollBack(_ key: Key, _ steps: [Int], _ chosen: Int) -> [Effect] {
        switch key {
        case .down, .character("j"): overlay = .rollBack(steps: steps, chosen: min(chosen + 1, max(0, steps.count - 1)))
        case .up, .character("k"): overlay = .rollBack(steps: steps, chosen: max(0, chosen - 1))
        case .enter: overlay = steps.indices.contains(chosen) ? .confirmRollBack(steps[chosen]) : nil
        default: overlay = nil
        }
        return []
    }

    private mutating func pressInEntry(_ key: Key, _ entry: TextEntry) -> [Effect] {
        var entry = entry
        switch key {
        case .escape: overlay = nil
        case .enter:
            do {
                if entry.purpose == .goTo {
                    try goToSlice(entry.text)
                    overlay = nil
                    return []
                }
                let effect = try entry.effect()
                if case .renameSession(let from, let to) = effect { sessions.renaming = Renaming(from: from, to: to) }
                submit()
                return [effect]
            } catch {
                entry.complaint = "\(error)"
                overlay = .entry(entry)
            }
        default:
            entry.line.type(key, atMost: entry.limit)
            entry.complaint = nil
            overlay = .entry(entry)
        }
        return []
    }

    private mutating func pressInForm(_ key: Key, _ form: RunForm) -> [Effect] {
        if key == .escape {
            overlay = nil
            return []
        }
        var next = form
        if let request = next.press(key) {
            overlay = .form(next)
            submit()
            return [.startRun(request)]
        }
        // What it takes is told field by field, not letter by letter.
        return next.chosen == form.chosen ? show(next) : open(next)
    }

    private mutating func show(_ form: RunForm) -> [Effect] {
        overlay = .form(form)
        return []
    }

    /// Shows a form and asks for what its run takes of the disk.
    mutating func open(_ form: RunForm) -> [Effect] {
        var form = form
        let request = form.nextToEstimate()
        overlay = .form(form)
        return request.map { [.estimateRun($0)] } ?? []
    }

    mutating func show(needs sentence: String) -> [Effect] {
        guard case .form(var form) = overlay else { return [] }
        form.needs = sentence
        return show(form)
    }

    /// Closes what was typed, and keeps it for the case that it is refused.
    private mutating func submit() {
        submitted = overlay
        overlay = nil
    }

    /// Opens again what was refused, with the reason; just tells the reason where the user has gone on meanwhile.
    mutating func refuse(_ sentence: String) {
        if overlay == nil, let again = submitted?.complaining(sentence) {
            overlay = again
        } else {
            message = Message(text: sentence, isFault: true)
        }
        submitted = nil
    }

    private mutating func pressInQuestion(_ key: Key, yes: (inout WorkbenchState) -> [Effect]) -> [Effect] {
        overlay = nil
        switch key {
        case .character("y"), .character("Y"): return yes(&self)
        default: return []
        }
    }

    // MARK: mouse

    mutating func handle(_ mouse: Mouse) -> [Effect] {
        if overlay != nil {
            if mouse.action == .press { overlay = nil }
            return []
        }
        submitted = nil
        if mouse.action == .release { dragged = nil }
        if mouse.action == .press, let tab = Chrome.tab(column: mouse.column, row: mouse.row, self) {
            message = nil
            return run(tab)
        }
        let content = Chrome.content(size)
        switch screen {
        case .sessions: return handleSessions(mouse, content)
        case .comparison: return handleComparison(mouse)
        case .training: return handleTraining(mouse, content)
        case .atlas, .masks, .cohort: return handleSlices(mouse, content)
        case .evaluation: return handleEvaluation(mouse, content)
        }
    }
}
