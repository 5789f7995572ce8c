import Foundation
import Foundations
import Network
import SessionFormat

/// A training state on disk: both networks, the optimiser, the steered rates, and the length of the bank's log.
///
/// A safetensors file `step-00001200.safetensors` with the release's tensor names behind `encoder_q.`, `encoder_k.` and `velocity.`; the same
/// state gives the same bytes.
package struct Checkpoint {
    /// Rates as they were steered.
    package struct Rates: Codable, Equatable {
        package var learningRate: Double
        package var temperature: Double
        package var momentum: Double
        package var beta: Double
        package var neighbours: Int
        /// Subjects in a step; nil for the session's setting.
        package var batch: Int?

        package init(learningRate: Double, temperature: Double, momentum: Double, beta: Double, neighbours: Int, batch: Int? = nil) {
            self.learningRate = learningRate
            self.temperature = temperature
            self.momentum = momentum
            self.beta = beta
            self.neighbours = neighbours
            self.batch = batch
        }
    }

    package let step: Int
    package let bankLogBytes: Int
    package let rates: Rates
    /// Where the batch size began to hold; nil in checkpoints from before it could be steered.
    package let origin: StepPlan.Origin?
    private let file: Safetensors

    /// Writes a checkpoint; the file is complete or not there.
    /// - Returns: its size in bytes.
    package static func write(
        _ session: SessionFolder, step: Int, query: PatchEncoder, key: PatchEncoder, optimiser: SGD, rates: Rates,
        origin: StepPlan.Origin, bankLogBytes: Int
    ) throws -> Int {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var writer = SafetensorsWriter(metadata: [
            "step": String(step), "bankLogBytes": String(bankLogBytes), "rates": String(decoding: try encoder.encode(rates), as: UTF8.self),
            "origin": String(decoding: try encoder.encode(origin), as: UTF8.self), "format": "1",
        ])
        query.add(to: &writer, prefix: "encoder_q.")
        key.add(to: &writer, prefix: "encoder_k.")
        optimiser.velocity.add(to: &writer, prefix: "velocity.")
        let target = session.checkpoint(step: step)
        try writer.write(to: target)
        return (try? FileManager.default.attributesOfItem(atPath: target.path)[.size] as? Int) ?? 0
    }

    /// What can be done where a checkpoint is damaged: the newest whole one before it is named.
    private static func wayAround(_ step: Int, _ session: SessionFolder) -> String {
        let before = session.checkpointSteps.filter { $0 < step }.last {
            (try? Safetensors(contentsOf: session.checkpoint(step: $0))) != nil
        }
        guard let before else { return "start the session again, no checkpoint before it is whole" }
        return "resume from step \(before), which is whole: `workbench pretrain --resume --from \(before)`"
    }

    /// Opens a session's checkpoint, the newest where no step is given.
    /// - Parameter isVerified: false where only its numbers are wanted: the tensors are then not compared with their checksum.
    package init(_ session: SessionFolder, step wanted: Int? = nil, isVerified: Bool = true) throws {
        let present = session.checkpointSteps
        guard let step = wanted ?? present.last, present.contains(step) else {
            guard let wanted, !present.isEmpty else {
                throw Failure("\(session.root.path) has no checkpoint yet; train it first with `workbench pretrain`")
            }
            throw Failure(
                "\(session.root.path) has no checkpoint of step \(wanted); it has \(present.map(String.init).joined(separator: ", "))")
        }
        let place = session.checkpoint(step: step)
        do { file = try Safetensors(contentsOf: place, isVerified: isVerified) } catch let failure as Failure {
            throw Failure("\(failure.description), or \(Self.wayAround(step, session))")
        }
        guard file.metadata["format"] == "1", let stored = file.metadata["step"].flatMap({ Int($0) }), stored == step,
            let bytes = file.metadata["bankLogBytes"].flatMap({ Int($0) }), let text = file.metadata["rates"],
            let rates = try? JSONDecoder().decode(Rates.self, from: Data(text.utf8))
        else { throw Failure("\(place.path) is not a checkpoint of this program: its metadata are missing or do not fit its name") }
        self.step = step
        bankLogBytes = bytes
        self.rates = rates
        origin = file.metadata["origin"].flatMap { try? JSONDecoder().decode(StepPlan.Origin.self, from: Data($0.utf8)) }
    }

    /// The query network.
    package func query() throws -> PatchEncoder { try PatchEncoder(from: file, prefix: "encoder_q.") }
    /// The key network.
    package func key() throws -> PatchEncoder { try PatchEncoder(from: file, prefix: "encoder_k.") }
    /// Puts the velocities into an optimiser.
    func restore(_ optimiser: SGD) throws {
        try optimiser.velocity.load(from: file, prefix: "velocity.")
        optimiser.restore(steps: step)
    }

    /// Removes the oldest checkpoints beyond `count`, once the newest has been read back.
    /// - Returns: the oldest that is left.
    /// - Throws: where the newest is not as it was written: then nothing is removed.
    package static func retain(_ count: Int, in session: SessionFolder) throws -> Checkpoint? {
        if let newest = session.checkpointSteps.last {
            FileCache.forget(session.checkpoint(step: newest))
            _ = try Checkpoint(session, step: newest)
        }
        for step in session.checkpointSteps.dropLast(count) { unlink(session.checkpoint(step: step).path) }
        return try session.checkpointSteps.first.map { try Checkpoint(session, step: $0, isVerified: false) }
    }
}
