import Foundation
import Foundations
import SessionFormat

/// The places in the folder of a run of experiments.
package struct ExperimentFolder: Hashable, Sendable {
    package let root: URL

    package init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a folder of experiments is recognised, and what in it is its own.
    package static let kept = KeptFolder(
        title: "the experiments' folder", marks: ["progress.jsonl"],
        own: [
            "progress.jsonl", "results", "report.md", "CLAIMS.md", "sessions", "features", "pieces", "prepared", "diseased-atlas", "lock",
        ])

    /// What runs did, one event a line, append-only.
    package var progress: URL { root.appendingPathComponent("progress.jsonl") }
    package var report: URL { root.appendingPathComponent("report.md") }
    /// A cohort that was prepared for the experiments.
    package var prepared: URL { root.appendingPathComponent("prepared", isDirectory: true) }
    package var lock: URL { root.appendingPathComponent("lock") }

    package func result(_ name: ExperimentName) -> URL { root.appendingPathComponent("results/\(name.rawValue).json") }
    /// Features by encoder.
    package func features(_ name: String) -> URL { root.appendingPathComponent("features/\(name).safetensors") }
    package func session(_ variant: EncoderVariant) -> SessionFolder {
        SessionFolder(root.appendingPathComponent("sessions/\(variant.rawValue)", isDirectory: true))
    }
    /// The numbers of a part of an experiment that takes long.
    package func piece(_ name: String) -> URL { root.appendingPathComponent("pieces/\(name).json") }

    /// True where experiments were begun in the folder.
    package var isBegun: Bool { FileManager.default.fileExists(atPath: progress.path) }
    /// True while a process works in the folder.
    package var isRunning: Bool { FileLock.isHeld(lock) }
}
