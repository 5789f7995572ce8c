import Foundation
import Foundations

/// What the user thinks of a prepared cohort's subjects: `review.csv` with `subject,decision,note`.
///
/// An excluded subject is left out of the patches at the next `prepare`; an accepted one keeps its warnings, marked as seen. A refused one that is
/// accepted with a note is prepared in spite of what it is refused for.
package struct CohortReview: Equatable, Sendable {
    package enum Decision: String, CaseIterable, Sendable {
        case accepted, excluded
    }

    /// One subject's line.
    package struct Entry: Equatable, Sendable {
        package var decision: Decision
        /// Why, in the user's words; may be empty.
        package var note: String

        package init(decision: Decision, note: String = "") {
            self.decision = decision
            self.note = note
        }
    }

    /// By subject.
    package var entries: [String: Entry]

    package init(entries: [String: Entry] = [:]) { self.entries = entries }

    /// Whether the reader takes a subject although it is refused: that needs a reason.
    package func acceptsRefused(_ subject: String) -> Bool {
        guard let entry = entries[subject], entry.decision == .accepted else { return false }
        return entry.note.contains { !$0.isWhitespace }
    }

    package func isExcluded(_ subject: String) -> Bool { entries[subject]?.decision == .excluded }

    private static let columns = ["subject", "decision", "note"]

    /// Reads a prepared folder's review; empty where there is none.
    package init(of prepared: URL) throws {
        let file = PreparedFolder(prepared).review
        guard FileManager.default.fileExists(atPath: file.path) else {
            self.init()
            return
        }
        let table = try CSVTable(contentsOf: file)
        let places = try Self.columns.map(table.column)
        var entries: [String: Entry] = [:]
        for row in table.rows {
            guard let decision = Decision(rawValue: row.fields[places[1]]) else {
                let known = Decision.allCases.map(\.rawValue).joined(separator: " or ")
                throw Failure("\(table.name), line \(row.line): the decision is \"\(row.fields[places[1]])\", expected \(known)")
            }
            entries[row.fields[places[0]]] = Entry(decision: decision, note: row.fields[places[2]])
        }
        self.init(entries: entries)
    }

    /// Writes it into a prepared folder.
    package func write(to prepared: URL) throws {
        let rows = entries.sorted { $0.key < $1.key }.map { [$0.key, $0.value.decision.rawValue, $0.value.note] }
        try AtomicFile.write(Data(CSVTable.text(columns: Self.columns, rows: rows).utf8), to: PreparedFolder(prepared).review)
    }
}
