import Foundation
import Foundations
import KernelInterface
import Network
import TestSupport
import Testing

/// The encoder against the authors' PyTorch code.
@Suite("Encoder equals PyTorch", .enabled(if: SharedData.hasFixtures("encoder_e1.safetensors", "encoder_e8.safetensors")))
struct EncoderReferenceTests {
    /// Four patches, each at a location of its own.
    private struct Case {
        let encoder: PatchEncoder
        let file: Safetensors
        let patches: [Float]
        let locations: [SIMD3<Float>]
        let upstream: [Float]

        init(_ name: String, experts: Int) throws {
            let inputs = try Safetensors(contentsOf: SharedData.fixture("encoder_e8.safetensors"))
            file = try Safetensors(contentsOf: SharedData.fixture(name + ".safetensors"))
            encoder = PatchEncoder(architecture: EncoderArchitecture(experts: experts, headLayers: 1))
            ReferenceValues.fill(encoder, stream: "A/" + name, style: "golden")
            patches = try inputs.floats("x", shape: [4, 1, 32, 32, 32])
            let flat = try inputs.floats("locs", shape: [4, 3])
            locations = (0..<4).map { SIMD3(flat[3 * $0], flat[3 * $0 + 1], flat[3 * $0 + 2]) }
            upstream = try inputs.floats("G", shape: [4, 128])
        }

        func withPatches<Result>(_ body: ([Floats]) throws -> Result) rethrows -> Result {
            try patches.withUnsafeBufferPointer { buffer in try body((0..<4).map { buffer.baseAddress! + $0 * 32768 }) }
        }

        /// One block for each patch, all in one batch-norm group.
        var batch: LaneBatch {
            LaneBatch(
                blocks: (0..<4).map { LaneBatch.Block(group: 0, location: $0, samples: $0..<$0 + 1) }, groups: 1, locations: 4, samples: 4)
        }
    }

    @Test("the initial state is the generated one", arguments: [("encoder_e1", 1), ("encoder_e8", 8)])
    func state(name: String, experts: Int) throws {
        let reference = try Case(name, experts: experts)
        for set in [reference.encoder.parameters, reference.encoder.statistics] {
            for entry in set.layout.entries {
                let values = Array(set[entry])
                #expect(ReferenceValues.sample(values) == (try reference.file.floats("state_sample." + entry.name)), "\(entry.name)")
            }
        }
    }

    @Test("evaluation mode: h and z", arguments: [("encoder_e1", 1), ("encoder_e8", 8)])
    func evaluation(name: String, experts: Int) throws {
        let reference = try Case(name, experts: experts)
        for kernels in KernelSelection.available {
            let mixed = MixedKernels(architecture: reference.encoder.architecture, capacity: 4, trainable: false)
            mixed.mix(reference.encoder, at: reference.locations, foldingNorm: true, kernels: kernels, parallel: Parallel(threads: 2))
            let pass = EvaluationPass(architecture: reference.encoder.architecture, kernels: kernels)
            let h = AlignedFloats(count: 4 * 128)
            reference.withPatches { patches in
                for i in 0..<4 { pass.forward(mixed, location: i, patches: [patches[i]], representations: h.pointer + i * 128) }
            }
            #expect(relativeToLargest(h.array, try reference.file.floats("eval.h")) < 1e-5, "\(kernels.name)")
            // Blocks that are half full or less go another way.
            let block = AlignedFloats(count: LaneLayout.lanes * 128)
            reference.withPatches { patches in
                for count in [LaneLayout.lanes / 2, LaneLayout.lanes / 2 + 1, LaneLayout.lanes] {
                    for i in 0..<4 {
                        let copies = [Floats](repeating: patches[i], count: count)
                        pass.forward(mixed, location: i, patches: copies, representations: block.pointer)
                        for lane in 0..<count {
                            let isSame = (0..<128).allSatisfy { block.pointer[lane * 128 + $0] == h.pointer[i * 128 + $0] }
                            #expect(isSame, "\(kernels.name): patch \(i) differs in lane \(lane) of \(count)")
                        }
                    }
                }
            }
            let hidden = AlignedFloats(count: 4 * 128)
            let z = AlignedFloats(count: 4 * 128)
            ProjectionHead(architecture: reference.encoder.architecture).forward(
                reference.encoder, representations: Floats(h.pointer), locations: [.zero], count: 4, hidden: hidden.pointer,
                embeddings: z.pointer)
            #expect(relativeToLargest(z.array, try reference.file.floats("eval.z")) < 1e-5, "\(kernels.name)")
        }
    }

    @Test("train mode: z, batch-norm statistics, the gradient of every parameter", arguments: [("encoder_e1", 1), ("encoder_e8", 8)])
    func training(name: String, experts: Int) throws {
        for kernels in KernelSelection.available {
            let reference = try Case(name, experts: experts)
            let encoder = reference.encoder
            let parallel = Parallel(threads: 2)
            let mixed = MixedKernels(architecture: encoder.architecture, capacity: 4, trainable: true)
            mixed.mix(encoder, at: reference.locations, foldingNorm: false, kernels: kernels, parallel: parallel)
            let pass = TrainingPass(architecture: encoder.architecture, capacity: 4, trainable: true, kernels: kernels, parallel: parallel)
            let head = ProjectionHead(architecture: encoder.architecture)
            let h = AlignedFloats(count: 512)
            let hidden = AlignedFloats(count: 512)
            let z = AlignedFloats(count: 512)
            let hGradient = AlignedFloats(count: 512)
            let xGradient = AlignedFloats(count: 4 * 32768)
            let gradient = ParameterSet(encoder.parameters.layout)
            reference.withPatches { patches in
                pass.forward(encoder, mixed: mixed, part: reference.batch.blocks[...], patches: patches, representations: h.pointer)
                head.forward(
                    encoder, representations: Floats(h.pointer), locations: [.zero], count: 4, hidden: hidden.pointer, embeddings: z.pointer
                )
                reference.upstream.withUnsafeBufferPointer { upstream in
                    head.backward(
                        encoder, representations: Floats(h.pointer), locations: [.zero], hidden: Floats(hidden.pointer),
                        embeddingGradient: upstream.baseAddress!,
                        count: 4, gradient: gradient, representationGradient: hGradient.pointer)
                }
                pass.backward(
                    encoder, mixed: mixed, representationGradient: Floats(hGradient.pointer), gradient: gradient,
                    inputGradient: xGradient.pointer)
            }
            let locations = mixed.expertGradients(encoder, into: gradient, kernels: kernels, parallel: parallel)
            pass.updateRunningStatistics(encoder)

            #expect(relativeToLargest(h.array, try reference.file.floats("train.h")) < 1e-4, "\(kernels.name)")
            #expect(relativeToLargest(z.array, try reference.file.floats("train.z")) < 1e-4, "\(kernels.name)")
            for entry in encoder.statistics.layout.entries {
                let expected = try reference.file.floats("train.bn." + entry.name)
                #expect(relativeToLargest(Array(encoder.statistics[entry]), expected) < 1e-5, "\(entry.name)")
            }
            for entry in gradient.layout.entries {
                let values = Array(gradient[entry])
                let expected = try reference.file.doubles("train.grad_fp." + entry.name)
                let module = String(entry.name.dropLast(5))
                if entry.name.hasSuffix("conv1.bias") || entry.name.hasSuffix("conv2.bias") || entry.name.hasSuffix("conv3.bias")
                    || entry.name.hasSuffix("conv4.bias")
                {
                    // Zero in exact arithmetic; PyTorch's rounding noise bounds what we may have.
                    let weightNorm = try reference.file.doubles("train.grad_fp." + module + ".weight")[1]
                    #expect(ReferenceValues.fingerprint(values)[1] <= 1e-4 * weightNorm, "\(entry.name)")
                    continue
                }
                let found = ReferenceValues.fingerprint(values)
                #expect(abs(found[1] - expected[1]) < 1e-3 * expected[1], "\(entry.name): norm \(found[1]), expected \(expected[1])")
                let sample = try reference.file.floats("train.grad_sample." + entry.name)
                let difference = zip(ReferenceValues.sample(values), sample).map { abs(Double($0) - Double($1)) }.max() ?? 0
                #expect(difference < 5e-4 * expected[2], "\(entry.name)")
            }
            let flat = locations.flatMap { [$0.x, $0.y, $0.z] }
            #expect(relativeNorm(flat, try reference.file.floats("train.grad_sample.__locs")) < 1e-3)
            let inputNorm = try reference.file.doubles("train.grad_fp.__input")[1]
            #expect(abs(ReferenceValues.fingerprint(xGradient.array)[1] - inputNorm) < 1e-3 * inputNorm)
        }
    }
}
