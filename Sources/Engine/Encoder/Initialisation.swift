/// How fresh convolution weights are drawn.
public enum WeightInitialisation: String, Codable, CaseIterable, Sendable {
    /// As the release: Kaiming-uniform over the 6-D weight, whose fan-in counts out·in·27: U(±1/√(out·in·27)).
    case release
    /// Kaiming-uniform for each expert by itself: U(±1/√(in·27)).
    case perExpert
}

extension PatchEncoder {
    /// Draws fresh parameters. Every tensor has its own stream, named by `seed` and the tensor's name.
    package func initialise(seed: UInt64, scheme: WeightInitialisation) {
        func draw(_ name: String, bound: Double) {
            var generator = SeededGenerator(name: "initialise/\(seed)/\(name)")
            let values = parameters[name]
            for i in values.indices { values[i] = Float((2 * generator.uniform() - 1) * bound) }
        }
        for layer in architecture.layers {
            let g = layer.geometry
            let fan = scheme == .release ? g.outputChannels * g.inputChannels * 27 : g.inputChannels * 27
            draw(layer.convolution + ".weight", bound: 1 / Double(fan).squareRoot())
            // The release draws the bias over the same fan-in as the weight.
            draw(layer.convolution + ".bias", bound: 1 / Double(fan).squareRoot())
            draw(layer.convolution + "._routing_fn.fc.weight", bound: 1 / 3.0.squareRoot())
            draw(layer.convolution + "._routing_fn.fc.bias", bound: 1 / 3.0.squareRoot())
            parameters[layer.norm + ".weight"].update(repeating: 1)
            parameters[layer.norm + ".bias"].update(repeating: 0)
            statistics[layer.norm + ".running_mean"].update(repeating: 0)
            statistics[layer.norm + ".running_var"].update(repeating: 1)
        }
        for name in architecture.headNames {
            draw(name + ".weight", bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
            draw(name + ".bias", bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
        }
        if architecture.conditioning == .concatenation {
            draw(EncoderArchitecture.headLocation, bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
        }
        batchesTracked = 0
    }
}
