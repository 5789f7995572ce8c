import Foundation
import Foundations
import Screens
import SessionFormat
import TerminalKit

/// Plays a tape without a terminal: folds what it says into a fresh state and renders a frame after each event.
package struct TapePlayer {
    /// The version of the tape's format that this program writes and reads.
    package static let version = 1

    /// A frame of a replay.
    package struct Frame: Equatable, Sendable {
        /// Counted from 0: the screen before the first event.
        package let number: Int
        /// SHA-256 over characters, colours and attributes.
        package let checksum: String
        /// The characters, a line a row.
        package let text: String
        package let grid: CellGrid
    }

    private let file: URL
    private let context: SessionContext
    private let size: Size?
    private let colours: ColourDepth?
    private let ascii: Bool

    /// - Parameters:
    ///   - tape: a tape; the folder that it lies in is the session.
    ///   - size, colours, ascii: instead of what the tape was recorded with.
    package init(tape: URL, context: SessionContext, size: Size? = nil, colours: ColourDepth? = nil, ascii: Bool = false) {
        file = tape
        self.context = context
        self.size = size
        self.colours = colours
        self.ascii = ascii
    }

    /// Plays to the end and hands over each frame.
    /// Throws a `Failure` if the tape cannot be read or one of its expectations is not met.
    package func play(_ show: (Frame) throws -> Void) throws {
        guard FileManager.default.fileExists(atPath: file.path) else { throw Failure("there is no tape at \(file.path)") }
        var reader = JSONLinesReader<TapeLine>(file)
        let lines = try reader.read()
        guard let header = lines.first, let found = header.tape else {
            throw Failure("\(file.path) is not a tape: its first line must say \"tape\":\(Self.version)")
        }
        guard found == Self.version else {
            throw Failure("\(file.path) is a tape of version \(found), this workbench plays version \(Self.version); use a newer workbench")
        }
        var state = WorkbenchState(
            size: size ?? header.size.flatMap { Size($0) } ?? Size(columns: 80, rows: 24), capabilities: capabilities(header))
        _ = state.reduce(.offered(header.offers ?? TerminalOffers()))
        var journal = JSONLinesReader<JournalEntry>(context.folder.journal)
        let identity = SessionIdentity(context, ownership: header.ownership ?? .nobody, quitHint: header.quitHint)
        _ = state.reduce(.sessionOpened(identity, header.view ?? ViewSettings()))
        var number = 0
        var grid = try render(state, &number, show)
        for (index, line) in lines.enumerated().dropFirst() {
            if let expected = line.expect {
                try check(expected, row: line.row, grid, line: index + 1)
                continue
            }
            if let offset = line.journal { try fold(&journal, upTo: offset, &state) }
            if let time = line.t { _ = state.reduce(.tick(time)) }
            guard let event = try event(line, number: index + 1) else { continue }
            _ = state.reduce(event)
            grid = try render(state, &number, show)
        }
    }

    private func capabilities(_ header: TapeLine) -> Capabilities {
        let recorded = header.colours.flatMap { ColourDepth(rawValue: $0) } ?? .palette
        return Capabilities(colours: colours ?? recorded, unicode: ascii ? false : header.unicode ?? true)
    }

    private func render(_ state: WorkbenchState, _ number: inout Int, _ show: (Frame) throws -> Void) throws -> CellGrid {
        let grid = ScreenFrame.render(state)
        try show(Frame(number: number, checksum: grid.checksum(state.capabilities.colours), text: grid.text, grid: grid))
        number += 1
        return grid
    }

    private func fold(_ journal: inout JSONLinesReader<JournalEntry>, upTo offset: Int, _ state: inout WorkbenchState) throws {
        guard offset > journal.offset else { return }
        _ = state.reduce(.journal(try journal.read(limit: offset - journal.offset)))
        guard journal.offset == offset else {
            throw Failure(
                "\(file.path) was recorded with \(offset) bytes of journal, but \(context.folder.journal.path) has only \(journal.offset) there; the tape belongs to another session"
            )
        }
    }

    private func event(_ line: TapeLine, number: Int) throws -> WorkbenchEvent? {
        if let command = line.command { return .command(command) }
        if let name = line.key {
            guard let key = Key(name: name) else { throw Failure("\(file.path), line \(number): \"\(name)\" is not a key") }
            return .key(key)
        }
        if let text = line.mouse {
            let parts = text.split(separator: " ")
            guard parts.count == 3, let action = Mouse.Action(rawValue: String(parts[0])), let column = Int(parts[1]),
                let row = Int(parts[2])
            else {
                throw Failure("\(file.path), line \(number): \"\(text)\" is not a mouse event; expected for example \"press 12 5\"")
            }
            return .mouse(Mouse(action, column: column, row: row))
        }
        if let text = line.paste { return .paste(text) }
        if let text = line.size {
            guard let wanted = Size(text) else {
                throw Failure("\(file.path), line \(number): \"\(text)\" is no size; expected for example 80x24")
            }
            return .resize(size ?? wanted)
        }
        if let ownership = line.ownership { return .ownership(ownership) }
        if line.subjects == true {
            return line.failed.map { .subjectsFailed($0) } ?? SubjectLoading.listEvent(context.library, conditions: line.conditions ?? [:])
        }
        if let id = line.loaded { return SubjectLoading.event(subject: id, context.library, masks: line.masks) }
        if let report = line.work { return .masks(report, session: context.folder.root.path) }
        if line.atlas == true { return SubjectLoading.atlasEvent(context.atlas) }
        if line.cohort == true { return SubjectLoading.cohortListEvent(context.cohort) }
        if let id = line.cohortSubject { return SubjectLoading.cohortEvent(subject: id, context.cohort) }
        if line.experiments == true { return SubjectLoading.experimentsEvent(context.experiments) }
        if let sentence = line.failed { return .failed(sentence) }
        if let sentence = line.refused { return .refused(sentence) }
        if let sentence = line.noticed { return .noticed(sentence) }
        if let steps = line.checkpoints { return .checkpointsListed(steps) }
        if let lags = line.lag { return .lag(lags) }
        if line.settled == true { return .settled }
        if let offers = line.offers { return .offered(offers) }
        if line.cine == true { return .cineStep }
        if let views = line.views {
            let neighbours = line.neighbours ?? 0
            return .viewsLoaded(
                SeenViews.read(SeenViews.Key(landmark: views, step: line.step ?? 0), neighbours: neighbours, from: context.patches))
        }
        return nil
    }

    private func check(_ expected: String, row: Int?, _ grid: CellGrid, line: Int) throws {
        if let row {
            let found = grid.text(row: row - 1)
            guard found.contains(expected) else {
                throw Failure("\(file.path), line \(line): expected \"\(expected)\" in row \(row), found \"\(found)\"")
            }
        } else if !grid.text.contains(expected) {
            let shown = grid.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            throw Failure(
                "\(file.path), line \(line): expected \"\(expected)\" on the screen, which shows \(shown.joined(separator: " | "))")
        }
    }
}
