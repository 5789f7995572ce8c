import Foundation

/// The places in the folder of a run of experiments.
public struct ExperimentFolder: Hashable, Sendable {
    public let root: URL

    public init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a folder of experiments is recognised, and what in it is its own.
    public static let kept = KeptFolder(
        title: "the experiments' folder", marks: ["progress.jsonl"],
        own: [
            "progress.jsonl", "results", "report.md", "CLAIMS.md", "sessions", "features", "pieces", "prepared", "diseased-atlas", "lock",
        ])

    /// What runs did, one event a line, append-only.
    public var progress: URL { root.appendingPathComponent("progress.jsonl") }
    public var report: URL { root.appendingPathComponent("report.md") }
    /// A cohort that was prepared for the experiments.
    var prepared: URL { root.appendingPathComponent("prepared", isDirectory: true) }
    var lock: URL { root.appendingPathComponent("lock") }

    func result(_ name: ExperimentName) -> URL { root.appendingPathComponent("results/\(name.rawValue).json") }
    /// Features by encoder.
    func features(_ name: String) -> URL { root.appendingPathComponent("features/\(name).safetensors") }
    func session(_ variant: EncoderVariant) -> SessionFolder {
        SessionFolder(root.appendingPathComponent("sessions/\(variant.rawValue)", isDirectory: true))
    }
    /// The numbers of a part of an experiment that takes long.
    package func piece(_ name: String) -> URL { root.appendingPathComponent("pieces/\(name).json") }

    /// True where experiments were begun in the folder.
    public var isBegun: Bool { FileManager.default.fileExists(atPath: progress.path) }
    /// True while a process works in the folder.
    public var isRunning: Bool { SessionLock.isHeld(lock) }
}
