import Foundation
import Foundations
import SessionFormat

/// A session that begins where another one is, with changed settings.
///
/// It goes on from the newest checkpoint where the settings leave its tensors and its steps as they are; else it begins with fresh weights on
/// the same subjects.
package enum SessionFork {
    /// Makes the new session's folder.
    /// - Returns: the step that it begins with; 0 for fresh weights.
    @discardableResult
    package static func make(_ target: SessionFolder, from origin: SessionFolder, settings: TrainingSettings) throws -> Int {
        var description = try SessionDescription.read(origin)
        guard !FileManager.default.fileExists(atPath: target.root.path) else {
            throw Failure("\(target.root.path) is there already; choose another name")
        }
        try TrainingSetting.check(settings)
        let changed = TrainingSetting.all.filter { $0.value(in: settings) != $0.value(in: description.settings) }
        let keeps = changed.allSatisfy(\.isForkable)
        let checkpoint = keeps && !origin.checkpointSteps.isEmpty ? try Checkpoint(origin) : nil
        description.cohort = description.cohortFolder(origin).path
        description.settings = settings
        try AtomicFile.makeFolder(target.root)
        do {
            try FileManager.default.copyItem(at: origin.atlas, to: target.atlas)
            try description.write(target)
            try? target.write(note: "fork of \(origin.name)" + (checkpoint.map { " at step \($0.step)" } ?? ""))
            if let checkpoint { try carry(checkpoint, from: origin, to: target, changed: changed, settings: settings) }
            if !FileManager.default.fileExists(atPath: target.journal.path) { try AtomicFile.write(Data(), to: target.journal) }
        } catch {
            try? FileManager.default.removeItem(at: target.root)
            throw error
        }
        return checkpoint?.step ?? 0
    }

    private static func carry(
        _ checkpoint: Checkpoint, from origin: SessionFolder, to target: SessionFolder, changed: [TrainingSetting],
        settings: TrainingSettings
    ) throws {
        try AtomicFile.makeFolder(target.checkpoints)
        try FileManager.default.copyItem(
            at: origin.checkpoint(step: checkpoint.step), to: target.checkpoint(step: checkpoint.step))
        try FileManager.default.copyItem(at: origin.bankLog, to: target.bankLog)
        // The journal up to the checkpoint, and the commands that it names.
        let writer = try JSONLinesWriter<JournalEntry>(target.journal)
        var reader = JSONLinesReader<JournalEntry>(origin.journal)
        let entries = try reader.read()
        let last = entries.lastIndex { entry in
            if case .checkpoint = entry.event { return entry.step == checkpoint.step }
            return false
        }
        var controlLines = 0
        for entry in entries[...(last ?? entries.count - 1)] {
            try writer.append(entry)
            if case .command(let applied) = entry.event { controlLines = max(controlLines, applied.controlLine + 1) }
        }
        let control = try JSONLinesWriter<SteeringCommand>(target.control)
        var commands = JSONLinesReader<SteeringCommand>(origin.control)
        for command in try commands.readEach().prefix(while: { $0.number < controlLines }) {
            try control.append((try? command.line.get()) ?? .unreadable)
        }
        // The checkpoint holds the rates of its run: what the fork changes of them is steered.
        for setting in changed {
            guard let steerable = SteerableSetting(rawValue: setting.name), let value = Double(setting.value(in: settings)) else {
                continue
            }
            try control.append(.set(steerable, value))
        }
    }
}
