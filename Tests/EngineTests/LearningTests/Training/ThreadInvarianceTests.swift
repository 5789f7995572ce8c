import Cohorts
import Foundations
import KernelInterface
import Learning
import Network
import Testing

@Suite("Results do not depend on the number of threads")
struct ThreadInvarianceTests {
    /// Forty subjects in two batch-norm groups: blocks of 16 and of 4; three neighbours: twelve blocks, which pass in two parts.
    private static let subjects = 40
    private static let neighbours = 3

    private struct State: Equatable {
        let query, key, velocity, bank, queryStatistics, keyStatistics: [UInt32]
        let losses: [Double]

        init(_ step: ContrastiveStep, losses: [Double]) {
            func bits(_ floats: AlignedFloats) -> [UInt32] { floats.array.map(\.bitPattern) }
            query = bits(step.query.parameters.values)
            key = bits(step.key.parameters.values)
            velocity = bits(step.optimiser.velocity.values)
            queryStatistics = bits(step.query.statistics.values)
            keyStatistics = bits(step.key.statistics.values)
            let slots = step.bank.slots(0)
            bank = (0..<slots.count * 128).map { slots.keys[$0].bitPattern }
            self.losses = losses
        }
    }

    @Test("two steps leave the same bits in parameters, velocity, statistics and bank for 1, 2, 3 and 8 threads")
    func steps() throws {
        let views = 2 + Self.neighbours
        let patches = AlignedFloats(count: views * Self.subjects * PatchStore.patchVoxels)
        var generator = SeededGenerator(name: "threads")
        for i in 0..<patches.count { patches.pointer[i] = Float(generator.uniform(-1, 1)) }
        let states = try [1, 2, 3, 8].map { try run(threads: $0, patches: patches) }
        #expect(states[0].losses.allSatisfy(\.isFinite) && states[0].losses[0] != states[0].losses[1])
        for state in states.dropFirst() { #expect(state == states[0]) }
    }

    private func run(threads: Int, patches: AlignedFloats) throws -> State {
        let query = PatchEncoder(architecture: EncoderArchitecture(experts: 2))
        query.initialise(seed: 5, scheme: .release)
        let step = ContrastiveStep(
            query: query, key: query.copy(),
            optimiser: SGD(layout: query.parameters.layout, momentum: 0.9, weightDecay: 1e-4),
            bank: MemoryBank(landmarks: 1, size: 96, seed: 1), batch: Self.subjects, neighbours: Self.neighbours, batchNormGroup: 16,
            maskOwnKeys: true, kernels: KernelSelection.best, parallel: Parallel(threads: threads))
        func view(_ view: Int) -> [Floats] {
            (0..<Self.subjects).map { Floats(patches.pointer + (view * Self.subjects + $0) * PatchStore.patchVoxels) }
        }
        let input = ContrastiveStep.Input(
            landmark: 0, location: SIMD3(0.1, -0.4, 0.6),
            neighbourLocations: (0..<Self.neighbours).map { SIMD3(Float($0) * 0.2, 0.3, -0.5) },
            subjects: (0..<Self.subjects).map(Int32.init), queries: view(0), keys: view(1),
            neighbours: (0..<Self.neighbours).map { view(2 + $0) }, keyOrder: (0..<Self.subjects).map { $0 * 7 % Self.subjects })
        let rates = ContrastiveStep.Rates(learningRate: 0.01, temperature: 0.2, momentum: 0.9, beta: 1)
        let losses = try (0..<2).map { _ in
            let output = try step.run(input, rates: rates)
            return output.local + output.neighbour
        }
        return State(step, losses: losses)
    }
}
