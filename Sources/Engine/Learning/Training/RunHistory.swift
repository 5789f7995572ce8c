import Foundations
import SessionFormat

/// What the journal tells a run that goes on from a checkpoint: the steering that is still in force, and the epoch so far.
///
/// A roll back to step s undoes everything after the checkpoint of s: commands applied later are forgotten here, as their steps are.
struct RunHistory {
    /// The line of `control.jsonl` to go on with: those before it have been applied or refused.
    private(set) var nextControlLine = 0
    /// Settings that were steered at or after the checkpoint, in the order in which they are applied again.
    let replay: [(step: Int, command: SteeringCommand)]
    /// Losses of the present epoch's steps up to the checkpoint, in the order of steps; steps that the journal lacks are left out.
    let epochLosses: [Double]

    private struct Applied {
        var step: Int
        var command: SteeringCommand
        /// Its place among all commands and checkpoints of the journal.
        var place: Int
    }

    /// - Parameters:
    ///   - step: the checkpoint's; 0 for a run that begins.
    ///   - epochStart: the step that its epoch began with.
    init(_ session: SessionFolder, step: Int, epochStart firstOfEpoch: Int) throws {
        var applied: [Applied] = []
        var saved: [Int: Int] = [:]
        var place = 0
        var losses = [Double?](repeating: nil, count: step - firstOfEpoch)
        var journal = JSONLinesReader<JournalEntry>(session.journal)
        while true {
            let entries = try journal.read(limit: 1 << 22)
            if entries.isEmpty { break }
            for entry in entries {
                switch entry.event {
                case .step(let metrics):
                    if entry.step > firstOfEpoch, entry.step <= step { losses[entry.step - firstOfEpoch - 1] = metrics.loss }
                case .checkpoint:
                    place += 1
                    saved[entry.step] = place
                case .command(let event):
                    place += 1
                    nextControlLine = max(nextControlLine, event.controlLine + 1)
                    guard event.refusal == nil else { break }
                    switch event.command {
                    case .set: applied.append(Applied(step: entry.step, command: event.command, place: place))
                    case .rollBack(let target):
                        // What came before the checkpoint of that very step is in it.
                        applied.removeAll { $0.step > target || ($0.step == target && $0.place > saved[target] ?? 0) }
                    default: break
                    }
                default: break
                }
            }
        }
        // After several resumes the journal is not in the order of steps; commands of one step stay in the order of the journal.
        replay = applied.filter { $0.step >= step }.sorted { ($0.step, $0.place) < ($1.step, $1.place) }.map { ($0.step, $0.command) }
        epochLosses = losses.compactMap { $0 }
    }
}
