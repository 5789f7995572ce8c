import Cohorts
import Foundation
import Foundations
import KernelInterface
import Learning
import Network

/// Trains encoder and readout together on the boxes of a subtype: binary cross-entropy, SGD with momentum, cosine schedule.
///
/// A step takes eight boxes, each a block of its 16 views at the box's location; batch norm's group is the whole step. Afterwards batch norm's
/// running statistics are averaged over one more sweep of the boxes with the final weights: the readout was trained on boxes so normalised, and
/// statistics of the landmarks, chest wall and all, would shift its probabilities. The numbers are ours: docs/method.md section 5.
package struct FullFineTuner {
    /// Ours: docs/method.md section 5.
    package struct Settings: Equatable {
        package var epochs = 10
        package var boxesPerStep = 8
        package var learningRate = 0.01
        var momentum: Float = 0.9
        var weightDecay: Float = 1e-4

        package init(epochs: Int = 10, boxesPerStep: Int = 8, learningRate: Double = 0.01, momentum: Float = 0.9, weightDecay: Float = 1e-4)
        {
            self.epochs = epochs
            self.boxesPerStep = boxesPerStep
            self.learningRate = learningRate
            self.momentum = momentum
            self.weightDecay = weightDecay
        }
    }

    let model: InferenceModel
    let cohort: PreparedCohort
    let settings: Settings
    let parallel: Parallel

    package init(model: InferenceModel, cohort: PreparedCohort, settings: Settings, parallel: Parallel) {
        self.model = model
        self.cohort = cohort
        self.settings = settings
        self.parallel = parallel
    }

    package func fit(
        _ training: TrainingBoxes, subtype: EmphysemaSubtype, seed: UInt64, progress: (Int, Int) -> Void
    ) throws -> Classifier {
        let kernels = KernelSelection.best
        let count = training.boxes.count
        var collected = [BoxFeatures.BoxPatches?](repeating: nil, count: count)
        try collected.withUnsafeMutableBufferPointer { buffer in
            // Each element is written by exactly one thread.
            nonisolated(unsafe) let slots = buffer
            try BoxFeatures.forEachBox(
                cohort: cohort, boxes: training.boxes, parallel: parallel, moves: { BoxFeatures.jittered(index: $0, seed: seed) }
            ) { slots[$0] = $1 }
        }
        let patches = collected.compactMap { $0 }
        let run = Run(
            model.encoder.copy(), boxesPerStep: min(settings.boxesPerStep, count), settings: settings, kernels: kernels, parallel: parallel)
        let stepsPerEpoch = max(1, count / run.boxesPerStep)
        func order(_ epoch: Int) -> [Int] {
            var generator = SeededGenerator(seed, .fineTuning, UInt64(epoch))
            return generator.permutation(count)
        }
        for epoch in 0..<settings.epochs {
            let order = order(epoch)
            let rate = LearningRateSchedule(base: settings.learningRate, epochs: settings.epochs).rate(epoch: epoch)
            for step in 0..<stepsPerEpoch {
                let members = order[step * run.boxesPerStep..<(step + 1) * run.boxesPerStep]
                let loss = run.step(members.map { patches[$0] }, positive: members.map { training.positive[$0] }, rate: Float(rate))
                guard loss.isFinite else {
                    throw Failure(
                        "fine-tuning for \(subtype.rawValue) diverged in epoch \(epoch): the loss is \(loss); nothing was written")
                }
                progress(epoch * stepsPerEpoch + step + 1, settings.epochs * stepsPerEpoch)
            }
        }
        let last = order(settings.epochs)
        for step in 0..<stepsPerEpoch {
            run.calibrate(last[step * run.boxesPerStep..<(step + 1) * run.boxesPerStep].map { patches[$0] }, after: step)
        }
        let positives = training.positive.count { $0 }
        return Classifier(
            subtype: subtype, scheme: .full, weights: Array(run.readout[0..<run.width]), bias: run.readout[run.width],
            encoder: InferenceModel(encoder: run.encoder, name: "\(model.name), fine-tuned for \(subtype.rawValue)"),
            provenance: [
                "positives": String(positives), "negatives": String(count - positives), "epochs": String(settings.epochs),
                "learningRate": String(settings.learningRate), "boxesPerStep": String(run.boxesPerStep), "views": String(BoxFeatures.views),
                "seed": String(seed),
            ])
    }

    /// The networks and buffers of one fine-tuning.
    private final class Run {
        let encoder: PatchEncoder
        let boxesPerStep: Int
        let width = EncoderArchitecture.representation
        /// Weights and, last, the bias of the readout.
        var readout: [Float]
        private var readoutVelocity: [Float]
        private let settings: Settings
        private let kernels: any KernelSet
        private let parallel: Parallel
        private let mixed: MixedKernels
        private let pass: TrainingPass
        private let optimiser: SGD
        private let gradient: ParameterSet
        private let inputs: AlignedFloats

        init(_ encoder: PatchEncoder, boxesPerStep: Int, settings: Settings, kernels: any KernelSet, parallel: Parallel) {
            self.encoder = encoder
            self.boxesPerStep = boxesPerStep
            self.settings = settings
            self.kernels = kernels
            self.parallel = parallel
            readout = Array(repeating: 0, count: width + 1)
            readoutVelocity = readout
            mixed = MixedKernels(architecture: encoder.architecture, capacity: boxesPerStep, trainable: true)
            pass = TrainingPass(
                architecture: encoder.architecture, capacity: boxesPerStep, trainable: true, kernels: kernels, parallel: parallel)
            optimiser = SGD(layout: encoder.parameters.layout, momentum: settings.momentum, weightDecay: settings.weightDecay)
            gradient = ParameterSet(encoder.parameters.layout)
            inputs = AlignedFloats(count: boxesPerStep * BoxFeatures.views * PatchStore.patchVoxels)
            encoder.locationStatistics = nil
        }

        /// Takes boxes into the mean of batch norm's statistics.
        /// - Parameter earlier: steps whose statistics are in the mean already.
        func calibrate(_ boxes: [BoxFeatures.BoxPatches], after earlier: Int) {
            _ = forward(boxes)
            pass.updateRunningStatistics(encoder, momentum: 1 / Float(earlier + 1))
        }

        /// Representations of the boxes' views, `[box][view][128]`.
        private func forward(_ boxes: [BoxFeatures.BoxPatches]) -> AlignedFloats {
            let views = BoxFeatures.views
            let samples = boxes.count * views
            let augmentation = PatchAugmentation(kernels: kernels)
            parallel.forEach(boxes.count) { boxes[$0].scaled(augmentation, into: inputs.pointer + $0 * views * PatchStore.patchVoxels) }
            mixed.mix(encoder, at: boxes.map(\.location), foldingNorm: false, kernels: kernels, parallel: parallel)
            let blocks = boxes.indices.map { LaneBatch.Block(group: 0, location: $0, samples: $0 * views..<($0 + 1) * views) }
            let features = AlignedFloats(count: samples * width)
            pass.forward(
                encoder, mixed: mixed, part: blocks[...],
                patches: (0..<samples).map { Floats(inputs.pointer + $0 * PatchStore.patchVoxels) },
                representations: features.pointer)
            return features
        }

        /// One step; returns the mean loss.
        func step(_ boxes: [BoxFeatures.BoxPatches], positive: [Bool], rate: Float) -> Double {
            let views = BoxFeatures.views
            let samples = boxes.count * views
            let features = forward(boxes)
            mixed.clearGradients()
            for entry in gradient.layout.entries where entry.shape.count != 6 { gradient[entry].update(repeating: 0) }
            let featureGradient = AlignedFloats(count: samples * width)
            var readoutGradient = [Float](repeating: 0, count: width + 1)
            var loss = 0.0
            for sample in 0..<samples {
                let row = features.pointer + sample * width
                var score = readout[width]
                for i in 0..<width { score += readout[i] * row[i] }
                let target: Float = positive[sample / views] ? 1 : 0
                loss += Double(max(score, 0) - score * target + log1p(exp(-abs(score))))
                let residual = (1 / (1 + exp(-score)) - target) / Float(samples)
                for i in 0..<width {
                    readoutGradient[i] += residual * row[i]
                    featureGradient.pointer[sample * width + i] = residual * readout[i]
                }
                readoutGradient[width] += residual
            }
            pass.backward(encoder, mixed: mixed, representationGradient: Floats(featureGradient.pointer), gradient: gradient)
            pass.updateRunningStatistics(encoder)
            mixed.expertGradients(encoder, into: gradient, kernels: kernels, parallel: parallel)
            optimiser.step(encoder.parameters, gradient: gradient, rate: rate, kernels: kernels, parallel: parallel)
            for i in readout.indices {
                readoutVelocity[i] = settings.momentum * readoutVelocity[i] + readoutGradient[i] + settings.weightDecay * readout[i]
                readout[i] -= rate * readoutVelocity[i]
            }
            return loss / Double(samples)
        }
    }
}
