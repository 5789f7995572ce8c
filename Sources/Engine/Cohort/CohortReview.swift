import Foundation

/// What the user thinks of a prepared cohort's subjects: `review.csv` with `subject,decision,note`.
///
/// An excluded subject is left out of the patches at the next `prepare`; an accepted one keeps its warnings, marked as seen. A refused one that is
/// accepted with a note is prepared in spite of what it is refused for.
public struct CohortReview: Equatable, Sendable {
    public enum Decision: String, CaseIterable, Sendable {
        case accepted, excluded
    }

    /// One subject's line.
    public struct Entry: Equatable, Sendable {
        public var decision: Decision
        /// Why, in the user's words; may be empty.
        public var note: String

        public init(decision: Decision, note: String = "") {
            self.decision = decision
            self.note = note
        }
    }

    /// By subject.
    public var entries: [String: Entry]

    public init(entries: [String: Entry] = [:]) { self.entries = entries }

    /// Whether the reader takes a subject although it is refused: that needs a reason.
    public func acceptsRefused(_ subject: String) -> Bool {
        guard let entry = entries[subject], entry.decision == .accepted else { return false }
        return entry.note.contains { !$0.isWhitespace }
    }

    public func isExcluded(_ subject: String) -> Bool { entries[subject]?.decision == .excluded }

    private static let columns = ["subject", "decision", "note"]

    /// Reads a prepared folder's review; empty where there is none.
    public init(of prepared: URL) throws {
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
    public func write(to prepared: URL) throws {
        let rows = entries.sorted { $0.key < $1.key }.map { [$0.key, $0.value.decision.rawValue, $0.value.note] }
        try AtomicFile.write(Data(CSVTable.text(columns: Self.columns, rows: rows).utf8), to: PreparedFolder(prepared).review)
    }
}
