import Foundation
import Foundations

/// The places in a session's folder. A session *is* its folder; everything else is a view of it.
package struct SessionFolder: Hashable, Sendable {
    package let root: URL

    package init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a session's folder is recognised, and what in it is its own.
    package static let kept = KeptFolder(
        title: "the session", marks: ["session.json", "journal.jsonl"],
        own: [
            "session.json", "journal.jsonl", "control.jsonl", "checkpoints", "bank.log", "atlas", "classifiers", "masks",
            "encoder.safetensors",
            "boxes.csv", "view.json", "tape.jsonl", "note.txt", "lock", "phantom", "prepared",
        ])

    /// The folder's name is the session's name.
    package var name: String { root.lastPathComponent }

    package var description: URL { root.appendingPathComponent("session.json") }
    package var journal: URL { root.appendingPathComponent("journal.jsonl") }
    package var control: URL { root.appendingPathComponent("control.jsonl") }
    package var checkpoints: URL { root.appendingPathComponent("checkpoints", isDirectory: true) }
    package var bankLog: URL { root.appendingPathComponent("bank.log") }
    package var atlas: URL { root.appendingPathComponent("atlas", isDirectory: true) }
    package var classifiers: URL { root.appendingPathComponent("classifiers", isDirectory: true) }
    package var masks: URL { root.appendingPathComponent("masks", isDirectory: true) }
    /// The calibrated encoder that inference uses.
    package var encoder: URL { root.appendingPathComponent("encoder.safetensors") }
    package var boxes: URL { root.appendingPathComponent("boxes.csv") }
    /// The phantoms that a demo made, with their table, truth and boxes.
    package var phantom: URL { root.appendingPathComponent("phantom", isDirectory: true) }
    /// The reader's boxes of all phantoms of a demo, those that are held out among them.
    package var phantomBoxes: URL { phantom.appendingPathComponent("boxes.csv") }
    /// What was exported of subjects, unless another place was named.
    package var reports: URL { root.appendingPathComponent("reports", isDirectory: true) }
    package var view: URL { root.appendingPathComponent("view.json") }
    package var tape: URL { root.appendingPathComponent("tape.jsonl") }
    package var lock: URL { root.appendingPathComponent("lock") }

    /// `masks/<subject>.<subtype>.nii.gz`.
    package func mask(subject: String, subtype: String) -> URL { masks.appendingPathComponent("\(subject).\(subtype).nii.gz") }
    /// `masks/<subject>.<subtype>.probability.nii.gz`, Float32 in 0…1.
    package func probability(subject: String, subtype: String) -> URL {
        masks.appendingPathComponent("\(subject).\(subtype).probability.nii.gz")
    }
}
