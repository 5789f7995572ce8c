import Foundation

/// The places in a session's folder. A session *is* its folder; everything else is a view of it.
public struct SessionFolder: Hashable, Sendable {
    public let root: URL

    public init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a session's folder is recognised, and what in it is its own.
    public static let kept = KeptFolder(
        title: "the session", marks: ["session.json", "journal.jsonl"],
        own: [
            "session.json", "journal.jsonl", "control.jsonl", "checkpoints", "bank.log", "atlas", "classifiers", "masks",
            "encoder.safetensors",
            "boxes.csv", "view.json", "tape.jsonl", "note.txt", "lock", "phantom", "prepared",
        ])

    /// The folder's name is the session's name.
    public var name: String { root.lastPathComponent }

    public var description: URL { root.appendingPathComponent("session.json") }
    public var journal: URL { root.appendingPathComponent("journal.jsonl") }
    public var control: URL { root.appendingPathComponent("control.jsonl") }
    public var checkpoints: URL { root.appendingPathComponent("checkpoints", isDirectory: true) }
    public var bankLog: URL { root.appendingPathComponent("bank.log") }
    public var atlas: URL { root.appendingPathComponent("atlas", isDirectory: true) }
    public var classifiers: URL { root.appendingPathComponent("classifiers", isDirectory: true) }
    public var masks: URL { root.appendingPathComponent("masks", isDirectory: true) }
    /// The calibrated encoder that inference uses.
    public var encoder: URL { root.appendingPathComponent("encoder.safetensors") }
    public var boxes: URL { root.appendingPathComponent("boxes.csv") }
    /// What was exported of subjects, unless another place was named.
    public var reports: URL { root.appendingPathComponent("reports", isDirectory: true) }
    public var view: URL { root.appendingPathComponent("view.json") }
    public var tape: URL { root.appendingPathComponent("tape.jsonl") }
    public var lock: URL { root.appendingPathComponent("lock") }

    /// `masks/<subject>.<subtype>.nii.gz`.
    public func mask(subject: String, subtype: String) -> URL { masks.appendingPathComponent("\(subject).\(subtype).nii.gz") }
    /// `masks/<subject>.<subtype>.probability.nii.gz`, Float32 in 0…1.
    public func probability(subject: String, subtype: String) -> URL {
        masks.appendingPathComponent("\(subject).\(subtype).probability.nii.gz")
    }
}
