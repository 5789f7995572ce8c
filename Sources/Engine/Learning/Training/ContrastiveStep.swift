import Foundations
import KernelInterface
import Network

/// One step of pre-training: key update, keys, query pass, neighbour pass, both losses, gradients, SGD, enqueue.
///
/// The two query passes are independent once the keys are known, so that each goes forward and backward by itself and the memory of one is
/// enough. Source: docs/method.md section 3; the release's `MoCo.forward` and `train`.
package final class ContrastiveStep {
    /// What a step works on. Patches are `[z][y][x]` of 32³ network inputs.
    package struct Input {
        /// The bank's row; 0 where all landmarks share one.
        package var landmark: Int
        /// Normalised locations of the landmark and of its neighbours.
        package var location: SIMD3<Float>
        package var neighbourLocations: [SIMD3<Float>]
        package var subjects: [Int32]
        /// `[subject]`.
        package var queries, keys: [Floats]
        /// `[neighbour][subject]`.
        package var neighbours: [[Floats]]
        /// Order in which the keys go through batch norm's groups: position i holds the key of subject `keyOrder[i]`.
        package var keyOrder: [Int]

        package init(
            landmark: Int, location: SIMD3<Float>, neighbourLocations: [SIMD3<Float>], subjects: [Int32], queries: [Floats],
            keys: [Floats], neighbours: [[Floats]], keyOrder: [Int]
        ) {
            self.landmark = landmark
            self.location = location
            self.neighbourLocations = neighbourLocations
            self.subjects = subjects
            self.queries = queries
            self.keys = keys
            self.neighbours = neighbours
            self.keyOrder = keyOrder
        }
    }

    /// Numbers that may change from step to step.
    package struct Rates {
        package var learningRate: Float
        package var temperature: Float
        /// m of the key encoder.
        package var momentum: Float
        package var beta: Float

        package init(learningRate: Float, temperature: Float, momentum: Float, beta: Float) {
            self.learningRate = learningRate
            self.temperature = temperature
            self.momentum = momentum
            self.beta = beta
        }
    }

    package struct Output {
        package var local = 0.0
        package var neighbour = 0.0
        /// Fractions of queries whose positive is the best of all.
        package var localAccuracy = 0.0
        package var neighbourAccuracy = 0.0
        package var gradientNorm = 0.0
        package var embeddingDeviation = 0.0
    }

    /// Blocks that go through the encoder at once: 128 samples.
    package static let blocksAtOnce = 8

    package let query, key: PatchEncoder
    package let optimiser: SGD
    package let bank: MemoryBank
    package let gradient: ParameterSet
    private let batchNormGroup: Int
    private let maskOwnKeys, includesBatchKeys, startsEmpty: Bool
    private let kernels: any KernelSet
    private let parallel: Parallel
    private var pass: TrainingPass
    private let neighbours: Int
    private let queryKernels, keyKernels: MixedKernels
    private let head: ProjectionHead
    private let width = EncoderArchitecture.embedding
    /// Receives the logits of (local, neighbour), `[count][1 + slots]` each, where a test wants to see them.
    package var observedLogits: (local: MutableFloats, neighbour: MutableFloats)?

    /// - Parameters:
    ///   - batch: subjects in a step at most; neighbours: neighbouring landmarks at most.
    package init(
        query: PatchEncoder, key: PatchEncoder, optimiser: SGD, bank: MemoryBank, batch: Int, neighbours: Int, batchNormGroup: Int,
        maskOwnKeys: Bool, includesBatchKeys: Bool = false, startsEmpty: Bool = false, kernels: any KernelSet, parallel: Parallel
    ) {
        _ = DenseAlgebra.singleThreaded
        self.query = query
        self.key = key
        self.optimiser = optimiser
        self.bank = bank
        self.batchNormGroup = batchNormGroup
        self.maskOwnKeys = maskOwnKeys
        self.includesBatchKeys = includesBatchKeys
        self.startsEmpty = startsEmpty
        self.kernels = kernels
        self.parallel = parallel
        gradient = ParameterSet(query.parameters.layout)
        self.neighbours = neighbours
        let capacity = Self.blocks(batch: batch, neighbours: neighbours, batchNormGroup: batchNormGroup)
        pass = TrainingPass(architecture: query.architecture, capacity: capacity, trainable: true, kernels: kernels, parallel: parallel)
        queryKernels = MixedKernels(architecture: query.architecture, capacity: 1 + neighbours, trainable: true)
        keyKernels = MixedKernels(architecture: query.architecture, capacity: 1, trainable: false)
        head = ProjectionHead(architecture: query.architecture)
    }

    /// Blocks that the passes of a batch hold at once.
    private static func blocks(batch: Int, neighbours: Int, batchNormGroup: Int) -> Int {
        let layouts =
            [LaneBatch(subjects: batch, locations: 1, groupSize: batchNormGroup)]
            + (neighbours > 0 ? [LaneBatch(subjects: batch, locations: neighbours, groupSize: batchNormGroup)] : [])
        return layouts.flatMap { $0.parts(maximumBlocks: blocksAtOnce) }.map(\.count).max() ?? 1
    }

    /// Takes the memory that steps of another batch need.
    package func makeRoom(batch: Int) {
        let capacity = Self.blocks(batch: batch, neighbours: neighbours, batchNormGroup: batchNormGroup)
        guard capacity > pass.capacity else { return }
        pass = TrainingPass(architecture: query.architecture, capacity: capacity, trainable: true, kernels: kernels, parallel: parallel)
    }

    /// Computes one step.
    /// - Throws: `Failure` when the loss, the gradient or the parameters after the step are not finite; the state is then of no use.
    package func run(_ input: Input, rates: Rates) throws -> Output {
        let count = input.subjects.count
        var output = Output()
        clearGradients()
        MomentumEncoder.follow(key: key, query: query, m: rates.momentum, kernels: kernels, parallel: parallel)
        let keys = encodeKeys(input)
        queryKernels.mix(
            query, at: [input.location] + input.neighbourLocations, foldingNorm: false, kernels: kernels, parallel: parallel)
        queryKernels.clearGradients()

        // A subject's own new key is its positive: among the negatives it is always masked.
        let loss = InfoNCE(temperature: rates.temperature, maskOwnKeys: maskOwnKeys || includesBatchKeys, maskEmpty: startsEmpty)
        if includesBatchKeys { bank.enqueue(input.landmark, keys: Floats(keys.pointer), subjects: input.subjects) }
        let slots = bank.slots(input.landmark, owners: maskOwnKeys ? .all : .newest(count))
        let subjects = input.subjects
        let localBatch = LaneBatch(subjects: count, locations: 1, groupSize: batchNormGroup)
        let embeddings = AlignedFloats(count: count * width)
        propagate(localBatch, patches: input.queries, at: [input.location], firstLocation: 0, embeddings: embeddings.pointer) {
            members, gradient in
            let result = loss.evaluate(
                queries: Floats(embeddings.pointer + members.lowerBound * width), keys: Floats(keys.pointer + members.lowerBound * width),
                count: members.count, subjects: Array(subjects[members]), bank: slots, scale: 1 / Float(count),
                queryGradient: gradient + members.lowerBound * width,
                logits: observedLogits.map { $0.local + members.lowerBound * (slots.count + 1) }, parallel: parallel)
            output.local += result.losses.reduce(0) { $0 + Double($1) }
            output.localAccuracy += Double(result.correct.count { $0 })
        }
        output.embeddingDeviation = deviation(embeddings, count: count)
        if !input.neighbours.isEmpty {
            try neighbourPass(input, keys: keys, loss: loss, slots: slots, beta: rates.beta, output: &output)
        }
        output.local /= Double(count)
        output.neighbour /= Double(count)
        output.localAccuracy /= Double(count)
        output.neighbourAccuracy /= Double(count)

        queryKernels.expertGradients(query, into: gradient, kernels: kernels, parallel: parallel)
        output.gradientNorm = norm(gradient)
        guard output.local.isFinite, output.neighbour.isFinite, output.gradientNorm.isFinite else {
            throw Failure(
                "the loss or its gradient is not finite (local \(output.local), neighbour \(output.neighbour), gradient norm \(output.gradientNorm)); "
                    + "the run stops at its last checkpoint: lower the learning rate, or look at the patches named here")
        }
        if !includesBatchKeys { bank.enqueue(input.landmark, keys: Floats(keys.pointer), subjects: input.subjects) }
        optimiser.step(query.parameters, gradient: gradient, rate: rates.learningRate, kernels: kernels, parallel: parallel)
        // Noticed here, so that no checkpoint holds such weights.
        guard norm(query.parameters).isFinite else {
            throw Failure(
                "the weights are not finite after a step of learning rate \(rates.learningRate) along a gradient of norm \(output.gradientNorm); "
                    + "the run stops at its last checkpoint: lower the learning rate")
        }
        lastKeys = keys
        return output
    }

    /// The keys of the last step, `[subject][128]`, for the bank's log.
    package private(set) var lastKeys: AlignedFloats?

    private func encodeKeys(_ input: Input) -> AlignedFloats {
        let count = input.subjects.count
        keyKernels.mix(key, at: [input.location], foldingNorm: false, kernels: kernels, parallel: parallel)
        let batch = LaneBatch(subjects: count, locations: 1, groupSize: batchNormGroup)
        let representations = AlignedFloats(count: count * width)
        let ordered = input.keyOrder.map { input.keys[$0] }
        for part in batch.parts(maximumBlocks: Self.blocksAtOnce) {
            pass.forward(key, mixed: keyKernels, part: part, patches: ordered, representations: representations.pointer)
        }
        pass.updateRunningStatistics(key)
        let hidden = AlignedFloats(count: count * width)
        let shuffled = AlignedFloats(count: count * width)
        head.forward(
            key, representations: Floats(representations.pointer), locations: [input.location], count: count, hidden: hidden.pointer,
            embeddings: shuffled.pointer)
        _ = UnitRows.normalise(shuffled.pointer, count: count, width: width)
        let keys = AlignedFloats(count: count * width)
        for (position, subject) in input.keyOrder.enumerated() {
            (keys.pointer + subject * width).update(from: shuffled.pointer + position * width, count: width)
        }
        return keys
    }

    private func neighbourPass(
        _ input: Input, keys: AlignedFloats, loss: InfoNCE, slots: MemoryBank.Slots, beta: Float, output: inout Output
    ) throws {
        let count = input.subjects.count
        let neighbours = input.neighbours.count
        let batch = LaneBatch(subjects: count, locations: neighbours, groupSize: batchNormGroup)
        let embeddings = AlignedFloats(count: batch.samples * width)
        var total = 0.0
        var correct = 0
        propagate(
            batch, patches: input.neighbours.flatMap { $0 }, at: input.neighbourLocations, firstLocation: 1, embeddings: embeddings.pointer
        ) { members, gradient in
            // The query is Σ_r r; every neighbour receives its gradient.
            let sums = AlignedFloats(count: members.count * width)
            for r in 0..<neighbours {
                let source = embeddings.pointer + (r * count + members.lowerBound) * width
                for i in 0..<members.count * width { sums.pointer[i] += source[i] }
            }
            let shared = AlignedFloats(count: members.count * width)
            let result = loss.evaluate(
                queries: Floats(sums.pointer), keys: Floats(keys.pointer + members.lowerBound * width), count: members.count,
                subjects: Array(input.subjects[members]), bank: slots, scale: beta / Float(count), queryGradient: shared.pointer,
                logits: observedLogits.map { $0.neighbour + members.lowerBound * (slots.count + 1) }, parallel: parallel)
            total += result.losses.reduce(0) { $0 + Double($1) }
            correct += result.correct.count { $0 }
            for r in 0..<neighbours {
                (gradient + (r * count + members.lowerBound) * width).update(from: shared.pointer, count: members.count * width)
            }
        }
        output.neighbour = total
        output.neighbourAccuracy = Double(correct)
    }

    /// One query pass, part by part: forward, head, unit length; `lossGradient` writes ∂loss/∂embedding of the part's subjects; then all the
    /// way back.
    private func propagate(
        _ batch: LaneBatch, patches: [Floats], at locations: [SIMD3<Float>], firstLocation: Int, embeddings: MutableFloats,
        lossGradient: (_ subjects: Range<Int>, _ gradient: MutableFloats) -> Void
    ) {
        let subjects = batch.samples / batch.locations
        let representations = AlignedFloats(count: batch.samples * width)
        let gradients = AlignedFloats(count: batch.samples * width)
        let representationGradients = AlignedFloats(count: batch.samples * width)
        let hidden = AlignedFloats(count: batch.samples * width)
        let shifted = batch.shifted(byLocations: firstLocation)
        for part in shifted.parts(maximumBlocks: Self.blocksAtOnce) {
            pass.forward(query, mixed: queryKernels, part: part, patches: patches, representations: representations.pointer)
            let members =
                part.map { $0.samples.lowerBound % subjects }.min()!..<(part.map { ($0.samples.upperBound - 1) % subjects }.max()! + 1)
            var lengths: [[Float]] = []
            for location in 0..<batch.locations {
                let start = (location * subjects + members.lowerBound) * width
                head.forward(
                    query, representations: Floats(representations.pointer + start), locations: [locations[location]], count: members.count,
                    hidden: hidden.pointer + start,
                    embeddings: embeddings + start)
                lengths.append(UnitRows.normalise(embeddings + start, count: members.count, width: width))
            }
            lossGradient(members, gradients.pointer)
            for location in 0..<batch.locations {
                let start = (location * subjects + members.lowerBound) * width
                UnitRows.backward(
                    unit: Floats(embeddings + start), lengths: lengths[location], gradient: gradients.pointer + start, width: width)
                head.backward(
                    query, representations: Floats(representations.pointer + start), locations: [locations[location]],
                    hidden: Floats(hidden.pointer + start),
                    embeddingGradient: Floats(gradients.pointer + start), count: members.count, gradient: gradient,
                    representationGradient: representationGradients.pointer + start)
            }
            pass.backward(
                query, mixed: queryKernels, representationGradient: Floats(representationGradients.pointer), gradient: gradient)
        }
        pass.updateRunningStatistics(query)
    }

    /// Convolution weights are overwritten later; everything else adds up.
    private func clearGradients() {
        for entry in gradient.layout.entries where entry.shape.count != 6 { gradient[entry].update(repeating: 0) }
    }

    private func norm(_ set: ParameterSet) -> Double {
        let chunk = 1 << 16
        let count = set.values.count
        let squares = parallel.map((count + chunk - 1) / chunk) { i in
            let start = set.values.pointer + i * chunk
            return Double(kernels.dot(Floats(start), Floats(start), count: min(chunk, count - i * chunk)))
        }
        return squares.reduce(0, +).squareRoot()
    }

    /// Standard deviation of each component over the batch, averaged over the components.
    private func deviation(_ rows: AlignedFloats, count: Int) -> Double {
        var total = 0.0
        for i in 0..<width {
            var sum = 0.0
            var squares = 0.0
            for row in 0..<count {
                let value = Double(rows.pointer[row * width + i])
                sum += value
                squares += value * value
            }
            total += max(0, squares / Double(count) - sum * sum / Double(count * count)).squareRoot()
        }
        return total / Double(width)
    }
}
