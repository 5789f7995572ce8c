import Foundation

extension SessionFolder {
    /// The checkpoint of a step.
    package func checkpoint(step: Int) -> URL { checkpoints.appendingPathComponent(String(format: "step-%08d.safetensors", step)) }

    /// Steps that have a checkpoint, rising.
    package var checkpointSteps: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
            return Int(name.dropFirst(5).dropLast(12))
        }.sorted()
    }
}
