import Foundation
import Foundations
import Learning
import Network
import SessionFormat
import TestSupport

/// The fixtures' six steps of pre-training: 8 subjects, 2 neighbours, 6 landmarks with a bank of 64 keys.
final class Trajectory {
    static let bankSize = 64
    static let batch = 8
    static let steps = 6

    let file: Safetensors
    let step: ContrastiveStep
    /// The landmark of each step.
    let order: [Int]
    private let neighbourIndex: [Int]
    private let locations: [Float]
    private let queries, keys, neighbours: [Float]

    init(style: String, bankPrecision: TrainingSettings.BankPrecision = .single) throws {
        file = try Safetensors(contentsOf: SharedData.fixture("trajectory_\(style).safetensors"))
        let data = try Safetensors(contentsOf: SharedData.fixture("trajectory_data.safetensors"))
        let query = PatchEncoder(architecture: EncoderArchitecture(experts: 8))
        ReferenceValues.fill(query, stream: file.metadata["param_stream"] ?? "", style: style)
        let bank = MemoryBank(landmarks: 6, size: Self.bankSize, seed: 0, precision: bankPrecision)
        let queue = try data.floats("init.queue", shape: [128, Self.bankSize, 6])
        let pointers = try data.integers("init.queue_ptr")
        for landmark in 0..<6 {
            var keys = [Float](repeating: 0, count: Self.bankSize * 128)
            for slot in 0..<Self.bankSize {
                for i in 0..<128 { keys[slot * 128 + i] = queue[(i * Self.bankSize + slot) * 6 + landmark] }
            }
            bank.load(landmark, keys: keys, next: pointers[landmark])
        }
        let optimiser = SGD(layout: query.parameters.layout, momentum: 0.9, weightDecay: 1e-4)
        step = ContrastiveStep(
            query: query, key: query.copy(), optimiser: optimiser, bank: bank, batch: Self.batch, neighbours: 2, batchNormGroup: 32,
            maskOwnKeys: true, kernels: KernelSelection.best, parallel: Parallel(threads: 2))
        func scaled(_ name: String) throws -> [Float] { try data.integers(name).map { Float($0) / 127.5 - 1 } }
        queries = try scaled("q_u8")
        keys = try scaled("k_u8")
        neighbours = try scaled("ngb_u8")
        locations = try data.floats("locs")
        order = try data.integers("patch_idx")
        neighbourIndex = try data.integers("neighbour_index")
    }

    /// Step 0 … 5, in order.
    func run(_ index: Int) throws -> ContrastiveStep.Output {
        func location(_ i: Int) -> SIMD3<Float> { SIMD3(locations[3 * i], locations[3 * i + 1], locations[3 * i + 2]) }
        let landmark = order[index]
        let around = [neighbourIndex[2 * landmark], neighbourIndex[2 * landmark + 1]]
        return try queries.withUnsafeBufferPointer { q in
            try keys.withUnsafeBufferPointer { k in
                try neighbours.withUnsafeBufferPointer { n in
                    let samples = (0..<Self.batch).map { index * Self.batch + $0 }
                    return try step.run(
                        ContrastiveStep.Input(
                            landmark: landmark, location: location(landmark), neighbourLocations: around.map(location),
                            subjects: (0..<Self.batch).map { Int32(1000 * index + $0) },
                            queries: samples.map { q.baseAddress! + $0 * 32768 }, keys: samples.map { k.baseAddress! + $0 * 32768 },
                            neighbours: (0..<2).map { r in samples.map { n.baseAddress! + ($0 * 2 + r) * 32768 } },
                            keyOrder: Array(0..<Self.batch)),
                        rates: ContrastiveStep.Rates(learningRate: 0.01, temperature: 0.2, momentum: 0.9, beta: 1))
                }
            }
        }
    }
}
