import Cohorts
import Foundation
import Foundations
import SessionFormat

/// A reader's change of the boxes of a session.
package enum BoxChange: Codable, Equatable, Sendable {
    case place(LesionBox)
    case remove(LesionBox)

    /// What takes it back.
    package var inverse: BoxChange {
        switch self {
        case .place(let box): .remove(box)
        case .remove(let box): .place(box)
        }
    }

    /// The boxes afterwards; the same where it was made already.
    package func applied(to boxes: [LesionBox]) -> [LesionBox] {
        switch self {
        case .place(let box): boxes.contains { $0.isSame(as: box) } ? boxes : boxes + [box]
        case .remove(let box): boxes.filter { $0 != box }
        }
    }
}

/// The boxes that a session's classifiers are trained with: `boxes.csv`, where corrections are added to those of earlier training.
///
/// Beside the five columns that `workbench finetune --boxes` reads each box has the checksum of its CT: a box is never taken for one of
/// another CT of the same name.
package enum SessionBoxes {
    /// The session's boxes. A demo of before they were kept has those that it was fine-tuned with in its phantoms' folder.
    package static func read(_ session: SessionFolder) throws -> [LesionBox] {
        if FileManager.default.fileExists(atPath: session.boxes.path) { return try LesionBox.read(session.boxes) }
        let phantoms = session.phantomBoxes
        guard FileManager.default.fileExists(atPath: phantoms.path), let description = try? SessionDescription.read(session) else {
            return []
        }
        let trained = Set(description.trainingSubjects)
        return try LesionBox.read(phantoms).filter { trained.contains($0.subject) }
    }

    /// Makes one change, with no other process's in between.
    /// - Returns: the boxes afterwards.
    package static func apply(_ change: BoxChange, to session: SessionFolder) throws -> [LesionBox] {
        try update(session) { change.applied(to: $0) }
    }

    /// Adds boxes that a classifier was trained with; those that are there already stay as they are.
    package static func add(_ boxes: [LesionBox], to session: SessionFolder) throws {
        _ = try update(session) { known in boxes.reduce(known) { BoxChange.place($1).applied(to: $0) } }
    }

    private static func update(_ session: SessionFolder, _ change: ([LesionBox]) -> [LesionBox]) throws -> [LesionBox] {
        let folder = open(session.root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure.system("open \(session.root.path)") }
        // Closing gives the lock back.
        defer { close(folder) }
        guard flock(folder, LOCK_EX) == 0 else { throw Failure.system("lock \(session.root.path)") }
        let before = try read(session)
        let after = change(before)
        if after != before || !FileManager.default.fileExists(atPath: session.boxes.path) {
            try AtomicFile.write(Data(LesionBox.text(after).utf8), to: session.boxes)
        }
        return after
    }
}
