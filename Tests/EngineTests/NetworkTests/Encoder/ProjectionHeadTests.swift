import Foundations
import KernelInterface
import Network
import TestSupport
import Testing

@Suite("Projection head")
struct ProjectionHeadTests {
    private static let rows = 5

    @Test("its gradients are central differences", arguments: [Conditioning.locCondConv, .concatenation])
    func gradients(conditioning: Conditioning) {
        let architecture = EncoderArchitecture(experts: 3, layers: TinyNetwork.architecture.layers, conditioning: conditioning)
        let locations = (0..<Self.rows).map { SIMD3<Float>(Float($0) / 4, -0.5, 0.3) }
        let encoder = PatchEncoder(architecture: architecture)
        encoder.initialise(seed: 9, scheme: .release)
        let head = ProjectionHead(architecture: architecture)
        let count = Self.rows * 128
        let (h, hidden, z) = (AlignedFloats(count: count), AlignedFloats(count: count), AlignedFloats(count: count))
        let upstream = AlignedFloats(count: count)
        var generator = SeededGenerator(name: "projection head")
        for i in 0..<count {
            h.pointer[i] = Float(generator.uniform(-1, 1))
            upstream.pointer[i] = Float(generator.uniform(-1, 1))
        }
        let loss = {
            head.forward(
                encoder, representations: Floats(h.pointer), locations: locations, count: Self.rows, hidden: hidden.pointer,
                embeddings: z.pointer)
            return (0..<count).reduce(0.0) { $0 + Double(upstream.pointer[$1]) * Double(z.pointer[$1]) }
        }
        _ = loss()
        let gradient = ParameterSet(architecture.parameterLayout)
        let hGradient = AlignedFloats(count: count)
        head.backward(
            encoder, representations: Floats(h.pointer), locations: locations, hidden: Floats(hidden.pointer),
            embeddingGradient: Floats(upstream.pointer),
            count: Self.rows, gradient: gradient, representationGradient: hGradient.pointer)
        // The loss is straight but for the ReLU's corners, which so small a step hardly ever crosses.
        for name in architecture.parameterLayout.entries.map(\.name) where name.hasPrefix("fc") {
            expectGradient(name, of: encoder.parameters[name], is: Array(gradient[name]), step: 5e-4, tolerance: 5e-3, loss: loss)
        }
        expectGradient(
            "representations", of: UnsafeMutableBufferPointer(start: h.pointer, count: count), is: hGradient.array, step: 5e-4,
            tolerance: 5e-3, loss: loss)
    }
}
