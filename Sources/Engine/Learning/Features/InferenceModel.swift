import Cohorts
import Foundation
import Foundations
import KernelInterface
import Network
import SessionFormat

/// An encoder that is ready for inference: a checkpoint's query network with calibrated batch norm, kept in the session as
/// `encoder.safetensors`.
package struct InferenceModel {
    package let encoder: PatchEncoder
    /// Where it comes from, for example `demo, step 400`.
    package let name: String
    /// SHA-256 of all parameters and statistics.
    package let checksum: String

    /// The encoder of a session's newest checkpoint. It is calibrated on the session's training subjects, once; later calls read it back.
    package static func open(_ session: SessionFolder, parallel: Parallel) throws -> InferenceModel {
        let checkpoint = try Checkpoint(session)
        let source = try Checksum.sha256(of: session.checkpoint(step: checkpoint.step))
        let name = "\(session.name), step \(checkpoint.step)"
        if let file = try? Safetensors(contentsOf: session.encoder), file.metadata["checkpoint"] == source {
            return InferenceModel(encoder: try PatchEncoder(from: file), name: name)
        }
        let description = try SessionDescription.read(session)
        let cohort = try session.cohort()
        let model = try InferenceModel(
            encoder: try checkpoint.query(), cohort: cohort, subjects: description.trainingSubjects, settings: description.settings,
            name: name, parallel: parallel)
        var writer = SafetensorsWriter(metadata: ["checkpoint": source, "name": name])
        model.encoder.add(to: &writer)
        // Kept to save time only: a session that may not be written to can still be used.
        try? writer.write(to: session.encoder)
        return model
    }

    /// The same network from random weights, calibrated alike: the comparison that tells what pre-training is worth.
    package static func random(
        settings: TrainingSettings, cohort: PreparedCohort, subjects: [String], parallel: Parallel
    ) throws -> InferenceModel {
        let encoder = PatchEncoder(architecture: settings.architecture)
        encoder.initialise(seed: settings.seed &+ 1, scheme: settings.initialisation)
        return try InferenceModel(
            encoder: encoder, cohort: cohort, subjects: subjects, settings: settings, name: "random weights", parallel: parallel)
    }

    private init(
        encoder: PatchEncoder, cohort: PreparedCohort, subjects: [String], settings: TrainingSettings, name: String, parallel: Parallel
    ) throws {
        let training = Set(subjects)
        let rows = cohort.subjects.indices.filter { training.contains(cohort.subjects[$0].id) }
        try BatchNormCalibration(encoder: encoder, kernels: KernelSelection.best, parallel: parallel).run(
            settings.bnCalibration, cohort: cohort, rows: rows, seed: settings.seed)
        self.init(encoder: encoder, name: name)
    }

    package init(encoder: PatchEncoder, name: String) {
        self.encoder = encoder
        self.name = name
        var bytes = Data()
        for set in [encoder.parameters, encoder.statistics] {
            bytes.append(UnsafeBufferPointer(start: set.values.pointer, count: set.values.count))
        }
        if let local = encoder.locationStatistics { bytes.append(local.bytes) }
        checksum = Checksum.sha256(bytes)
    }
}
