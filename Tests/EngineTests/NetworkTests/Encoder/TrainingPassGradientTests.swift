import KernelInterface
import Network
import TestSupport
import Testing

@Suite("Gradients of the encoder are central differences")
struct TrainingPassGradientTests {
    @Test(
        "experts, routing, batch norm, patches, locations; a convolution's bias has none",
        arguments: [Conditioning.locCondConv, .hypernetwork])
    func tinyNetwork(conditioning: Conditioning) {
        for kernels in KernelSelection.available {
            let network = TinyNetwork(kernels: kernels, conditioning: conditioning)
            let gradients = network.gradients()
            let loss = { network.loss() }
            for entry in TinyNetwork.architecture.parameterLayout.entries where !entry.name.hasPrefix("fc") {
                let values = network.encoder.parameters[entry]
                let found = Array(gradients.parameters[entry])
                if entry.name.hasSuffix(".bias"), entry.name.hasPrefix("conv"), !entry.name.contains("routing") {
                    // Batch norm takes the bias away again: the loss must not move, and its gradient is left at 0.
                    let before = loss()
                    values[0] += 0.5
                    #expect(abs(loss() - before) < 1e-4, "\(kernels.name), \(entry.name)")
                    values[0] -= 0.5
                    #expect(found.allSatisfy { $0 == 0 })
                } else {
                    expectGradient("\(kernels.name), \(entry.name)", of: values, is: found, loss: loss)
                }
            }
            func buffer(_ floats: AlignedFloats) -> UnsafeMutableBufferPointer<Float> {
                UnsafeMutableBufferPointer(start: floats.pointer, count: floats.count)
            }
            expectGradient("\(kernels.name), patches", of: buffer(network.patches), is: gradients.patches, loss: loss)
            expectGradient("\(kernels.name), locations", of: buffer(network.locations), is: gradients.locations, loss: loss)
        }
    }
}
