import Foundation
import Foundations
import SessionFormat
import TerminalKit

/// What a new run, or a fork, is asked to do.
package struct RunRequest: Equatable, Sendable {
    package var name: String
    /// The prepared cohort's folder; a fork has that of its origin.
    package var cohort: String
    package var settings: TrainingSettings
    /// The session whose newest checkpoint it begins with; nil: from fresh weights.
    package var origin: String?

    package init(name: String, cohort: String, settings: TrainingSettings, origin: String? = nil) {
        self.name = name
        self.cohort = cohort
        self.settings = settings
        self.origin = origin
    }
}

/// A form for a run: its name, its cohort, and every setting of `TrainingSetting.all` with what it takes and a sentence.
package struct RunForm: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package var name: String
        package var line: TextLine
        package var help: String
        package var range: String
        /// As it was at first, to tell what was changed.
        package var initial: String
        package var isFixed = false

        package var text: String { line.text }
    }

    package private(set) var fields: [Field]
    package private(set) var chosen = 0
    package var complaint: String?
    /// What the run will take of the disk, or why that cannot be told.
    package var needs: String?
    package let origin: String?
    private let settings: TrainingSettings
    /// The request that `needs` belongs to.
    private var estimated: RunRequest?

    package init(_ request: RunRequest) {
        origin = request.origin
        settings = request.settings
        fields = [
            Field(
                name: "name", line: TextLine(request.name), help: "the session's folder beside the others", range: "a name without /",
                initial: ""),
            Field(
                name: "cohort", line: TextLine(request.cohort), help: "folder that `workbench prepare` made", range: "a path",
                initial: request.cohort, isFixed: request.origin != nil),
        ]
        fields += TrainingSetting.all.map {
            let value = $0.value(in: request.settings)
            return Field(name: $0.name, line: TextLine(value), help: $0.help, range: $0.range, initial: value)
        }
    }

    /// Takes a key.
    /// - Returns: the request, where Enter was pressed and every field can be used.
    mutating func press(_ key: Key) -> RunRequest? {
        switch key {
        case .down, .tab: choose(min(chosen + 1, fields.count - 1))
        case .up, .backTab: choose(max(0, chosen - 1))
        case .pageDown: choose(fields.count - 1)
        case .pageUp: choose(0)
        case .enter: return finish()
        default:
            guard !fields[chosen].isFixed else { break }
            fields[chosen].line.type(key, atMost: chosen == 1 ? 400 : 60)
            complaint = nil
        }
        return nil
    }

    private mutating func choose(_ index: Int) {
        complaint = nil
        chosen = index
    }

    private mutating func finish() -> RunRequest? {
        for index in fields.indices {
            guard let wrong = fault(of: index) else { continue }
            chosen = index
            complaint = wrong
            return nil
        }
        return request
    }

    /// What the fields ask for; nil where a setting cannot be used.
    private var request: RunRequest? {
        var wanted = settings
        for (setting, field) in zip(TrainingSetting.all, fields.dropFirst(2)) {
            guard (try? setting.set(field.text, in: &wanted)) != nil else { return nil }
        }
        return RunRequest(name: fields[0].text, cohort: fields[1].text, settings: wanted, origin: origin)
    }

    /// The request whose needs are to be told; nil where they are, or cannot be.
    mutating func nextToEstimate() -> RunRequest? {
        guard var wanted = request, !wanted.cohort.isEmpty else { return nil }
        wanted.name = estimated?.name ?? wanted.name
        guard wanted != estimated else { return nil }
        estimated = wanted
        needs = nil
        return wanted
    }

    /// Why a field's text cannot be used.
    private func fault(of index: Int) -> String? {
        let text = fields[index].text
        switch index {
        case 0: return SessionFolder.faultOfName(text)
        case 1: return text.isEmpty ? "a run needs a prepared cohort; make one with `workbench prepare`" : nil
        default:
            var copy = settings
            do {
                try TrainingSetting.all[index - 2].set(text, in: &copy)
                return nil
            } catch { return "\(error)" }
        }
    }
}

/// A line of text that a session, or the subject on the screen, is given.
package struct TextEntry: Equatable, Sendable {
    package enum Purpose: Equatable, Sendable { case rename, note, export, goTo }
    package var purpose: Purpose
    /// The session's name, or the subject's.
    package var name: String
    package var line: TextLine
    package var complaint: String?

    /// A note is written anew where something is typed at once; a name and a place are most often changed a little.
    package init(purpose: Purpose, name: String, text: String) {
        self.purpose = purpose
        self.name = name
        line = TextLine(text, selected: purpose == .note)
    }

    package var text: String { line.text }

    package var limit: Int {
        switch purpose {
        case .rename: 60
        case .note: 200
        case .export: 400
        case .goTo: 20
        }
    }
    package var title: String {
        switch purpose {
        case .rename: "Rename \(name)"
        case .note: "Note on \(name)"
        case .export: "Export \(name) to a folder"
        case .goTo: "Go to a \(name) slice"
        }
    }
    /// What may be typed.
    package var hint: String {
        switch purpose {
        case .rename, .note: ""
        case .export: "a folder inside the session's, or a path that begins with / or ~"
        case .goTo: "a slice's number, or a place along the axis in mm: 120mm, -31.5mm"
        }
    }
    /// What Enter does.
    package var action: String {
        switch purpose {
        case .rename: "renames"
        case .note: "keeps it"
        case .export: "exports"
        case .goTo: "goes there"
        }
    }

    func effect() throws -> Effect {
        switch purpose {
        case .note: return .noteSession(name, text)
        case .goTo: throw Failure("type a slice's number, or millimetres")
        case .export:
            let words = text.trimmingCharacters(in: .whitespaces)
            if words.isEmpty { throw Failure("say where: a folder") }
            return .exportSubject(folder: words)
        case .rename:
            if let fault = SessionFolder.faultOfName(text) { throw Failure(fault) }
            return .renameSession(name, to: text)
        }
    }
}
