import Foundation
import Foundations
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

/// Six steps of pre-training against the authors' PyTorch code.
@Suite(
    "Training trajectory equals PyTorch",
    .enabled(if: SharedData.hasFixtures("trajectory_golden.safetensors", "trajectory_authors.safetensors", "trajectory_data.safetensors")))
struct TrajectoryTests {
    /// Tolerances of steps 1…6: ten times what float32 PyTorch itself deviates from float64 (fixtures' README).
    private struct Tolerances {
        let logits, losses, gradientNorms: [Double]
        let queue: Float

        static let golden = Tolerances(
            logits: [7e-5, 2e-4, 5e-4, 2e-3, 8e-4, 1e-3], losses: [1e-5, 3e-5, 7e-5, 2e-4, 9e-5, 1e-4],
            gradientNorms: [2e-4, 4e-4, 9e-4, 2e-3, 2e-3, 5e-3], queue: 1e-4)
        static let authors = Tolerances(
            logits: [6e-5, 1e-3, 8e-3, 2e-2, 1e-2, 4e-2], losses: [1e-5, 4e-4, 1e-3, 3e-3, 2e-3, 4e-3],
            gradientNorms: [3e-4, 5e-4, 9e-3, 3e-2, 3e-2, 3e-2], queue: 3e-3)
    }

    @Test("losses, accuracies, gradients, bank, optimiser, weights", arguments: ["golden", "authors"])
    func trajectory(style: String) throws {
        let tolerances = style == "golden" ? Tolerances.golden : Tolerances.authors
        let trajectory = try Trajectory(style: style)
        let file = trajectory.file
        let step = trajectory.step
        let bank = step.bank
        for entry in step.query.parameters.layout.entries {
            #expect(ReferenceValues.sample(Array(step.query.parameters[entry])) == (try file.floats("init_sample.encoder_q." + entry.name)))
        }
        let names = try JSONDecoder().decode([String].self, from: Data(try #require(file.metadata["param_names"]).utf8))
        let norms = try file.doubles("grad_norms_f64")
        let logitCount = Trajectory.batch * (1 + Trajectory.bankSize)
        let localLogits = AlignedFloats(count: logitCount)
        let neighbourLogits = AlignedFloats(count: logitCount)
        step.observedLogits = (localLogits.pointer, neighbourLogits.pointer)

        for index in 0..<Trajectory.steps {
            let landmark = trajectory.order[index]
            let output = try trajectory.run(index)
            for (name, found) in [("pch", localLogits), ("ngb", neighbourLogits)] {
                let expected = try file.doubles("logits_\(name)_f64")[index * logitCount..<(index + 1) * logitCount]
                let worst = zip(found.array, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
                #expect(worst < tolerances.logits[index], "step \(index + 1), logits \(name)")
            }
            #expect(abs(output.local - (try file.doubles("loss_pch_f64")[index])) < tolerances.losses[index], "step \(index + 1)")
            #expect(abs(output.neighbour - (try file.doubles("loss_ngb_f64")[index])) < tolerances.losses[index], "step \(index + 1)")
            if index < 2 {
                #expect(abs(100 * output.localAccuracy - (try file.doubles("acc1_pch")[index])) < 1e-3)
                #expect(abs(100 * output.neighbourAccuracy - (try file.doubles("acc1_ngb")[index])) < 1e-3)
            }
            for (position, name) in names.enumerated() {
                let expected = norms[index * names.count + position]
                guard expected > 1e-6, !Self.isConvolutionBias(name) else { continue }
                let found = ReferenceValues.fingerprint(step.gradient[name])[1]
                #expect(
                    abs(found - expected) < tolerances.gradientNorms[index] * expected,
                    "step \(index + 1), \(name): \(found), expected \(expected)")
            }
            #expect(bank.next(landmark) == (try file.integers("queue_ptr_per_step")[index * 6 + landmark]))
        }
        try checkFinal(step, file: file, queueTolerance: tolerances.queue)
    }

    private static func isConvolutionBias(_ name: String) -> Bool {
        name.hasSuffix(".bias") && name.contains("conv") && !name.contains("_routing_fn")
    }

    private func checkFinal(_ step: ContrastiveStep, file: Safetensors, queueTolerance: Float) throws {
        let queue = try file.floats("final.queue")
        for landmark in 0..<6 {
            let slots = step.bank.slots(landmark)
            var worst: Float = 0
            for slot in 0..<Trajectory.bankSize {
                for i in 0..<128 {
                    worst = max(worst, abs(slots.keys[slot * 128 + i] - queue[(i * Trajectory.bankSize + slot) * 6 + landmark]))
                }
            }
            #expect(worst < queueTolerance, "bank of landmark \(landmark)")
        }
        for (prefix, encoder) in [("encoder_q.", step.query), ("encoder_k.", step.key)] {
            for entry in encoder.parameters.layout.entries {
                let found = ReferenceValues.sample(Array(encoder.parameters[entry]))
                let final = try file.floats("final_sample." + prefix + entry.name)
                if Self.isConvolutionBias(entry.name) {
                    #expect(zip(found, final).allSatisfy { abs($0 - $1) < 2e-5 }, "\(prefix)\(entry.name)")
                    continue
                }
                let start = try file.floats("init_sample.encoder_q." + entry.name)
                let moved = zip(final, start).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }.squareRoot()
                let off = zip(found, final).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }.squareRoot()
                // One rounding of each stored value is the floor where the key encoder has hardly moved.
                let rounding = final.reduce(0.0) { $0 + pow(Double($1.ulp), 2) }.squareRoot()
                #expect(off <= 2e-2 * moved + rounding, "\(prefix)\(entry.name): off by \(off) after moving \(moved)")
            }
            for entry in encoder.statistics.layout.entries {
                let expected = try file.floats("final." + prefix + entry.name)
                #expect(relativeToLargest(Array(encoder.statistics[entry]), expected) < 7e-3, "\(prefix)\(entry.name)")
            }
            #expect(encoder.batchesTracked == (try file.integers("final." + prefix + "bn1.num_batches_tracked")[0]))
        }
        for entry in step.optimiser.velocity.layout.entries where !Self.isConvolutionBias(entry.name) {
            let expected = try file.floats("momentum_sample." + entry.name)
            #expect(
                relativeNorm(ReferenceValues.sample(Array(step.optimiser.velocity[entry])), expected) < 2e-2, "velocity of \(entry.name)")
        }
    }
}
