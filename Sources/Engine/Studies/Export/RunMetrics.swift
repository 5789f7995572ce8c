import Foundation
import Foundations
import SessionFormat

/// The steps of a run that are still in force: what a resume computed again, or a roll back abandoned, is left out.
package struct RunMetrics: Sendable {
    package struct Row: Sendable, Equatable {
        /// Seconds since the session began.
        package let t: Double
        package let step: Int
        package let metrics: StepMetrics
    }

    package private(set) var rows: [Row] = []
    package private(set) var stepsPerEpoch = 0

    /// Reads a session's journal.
    package init(_ session: SessionFolder) throws {
        guard FileManager.default.fileExists(atPath: session.journal.path) else {
            throw Failure("\(session.root.path) is not a session: it has no journal.jsonl")
        }
        var reader = JSONLinesReader<JournalEntry>(session.journal)
        while case let entries = try reader.read(limit: 1 << 22), !entries.isEmpty { for entry in entries { add(entry) } }
    }

    private mutating func add(_ entry: JournalEntry) {
        switch entry.event {
        case .started(let run):
            stepsPerEpoch = run.stepsPerEpoch
            forget(after: run.resumedFrom ?? 0)
        case .command(let applied):
            if case .rollBack(let step) = applied.command, applied.refusal == nil { forget(after: step) }
        case .step(let metrics):
            forget(after: entry.step - 1)
            rows.append(Row(t: entry.t, step: entry.step, metrics: metrics))
        default: break
        }
    }

    private mutating func forget(after step: Int) { while let last = rows.last, last.step > step { rows.removeLast() } }

    /// A value of every step, by the name that journal, CSV and TensorBoard give it; nil where the step lacks it.
    package static let columns: [(name: String, value: @Sendable (StepMetrics) -> Double?)] = [
        ("loss", { $0.loss }), ("local", { $0.local }), ("neighbour", { $0.neighbour }), ("acc1", { $0.acc1 }),
        ("acc1_neighbour", { $0.acc1_neighbour }), ("landmark", { Double($0.landmark) }), ("lr", { $0.lr }),
        ("samples_per_s", { $0.samples_per_s }), ("gradient_norm", { $0.gradient_norm }), ("bank_fill", { $0.bank_fill }),
        ("data_wait_s", { $0.data_wait_s }), ("embedding_sd", { $0.embedding_sd }), ("memory_mb", { $0.memory_mb }),
    ]

    /// A table with a header: step, t, epoch, and every number of the journal's steps.
    package var csv: String {
        var text = "step,t,epoch," + Self.columns.map(\.name).joined(separator: ",") + "\n"
        for row in rows {
            let epoch = stepsPerEpoch > 0 ? (row.step - 1) / stepsPerEpoch : 0
            text += "\(row.step),\(row.t),\(epoch)"
            for column in Self.columns {
                let value = column.value(row.metrics)
                text += column.name == "landmark" ? ",\(row.metrics.landmark)" : "," + (value.map { "\($0)" } ?? "")
            }
            text += "\n"
        }
        return text
    }
}
